//! The other side over HTTP.

use serde_json::{Value, json};
use stripe_sim::{Act, Fault, StripeSim, Times};
use test_support::http_client;

use crate::looking::kinds;
use crate::receiver::Receiver;
use crate::{ORDER, order, sim_with};

async fn ask(sim: &StripeSim, method: &str, path: &str, body: &str) -> (u16, Value) {
    let method = method.parse().unwrap();
    let request = http_client().request(method, format!("{}{path}", sim.base()));
    let answer = request.body(body.to_owned()).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json", "{path}");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_can_happen_has_a_path() {
    let after = |n: u8| format!("cs_test_{n}");
    let sim = sim_with((1..=6).map(|n| order(&after(n)).open())).await;
    for (n, path, last) in [
        (1, "pay", "checkout.session.completed"),
        (2, "complete", "checkout.session.completed"),
        (2, "pay", "checkout.session.async_payment_succeeded"),
        (2, "dispute", "charge.dispute.funds_withdrawn"),
        (2, "dispute/win", "charge.dispute.closed"),
        (3, "complete", "checkout.session.completed"),
        (3, "fail", "checkout.session.async_payment_failed"),
        (4, "expire", "checkout.session.expired"),
        (5, "pay", "checkout.session.completed"),
        (5, "dispute", "charge.dispute.funds_withdrawn"),
        (5, "dispute/lose", "charge.dispute.closed"),
        (6, "fail", "payment_intent.payment_failed"),
    ] {
        let path = format!("/sim/sessions/{}/{path}", after(n));
        let (status, answer) = ask(&sim, "POST", &path, "").await;
        assert_eq!(status, 200, "{path}: {answer}");
        let events = answer["events"].as_array().unwrap();
        assert_eq!(events.last().unwrap()["type"], last, "{path}");
        assert_eq!(kinds(&sim).last().unwrap(), last, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_takes_its_amount_from_a_form_json_or_the_query_and_else_returns_the_rest() {
    let sim = sim_with([order(ORDER)]).await;
    let path = format!("/sim/sessions/{ORDER}/refund");
    for (query, body, refunded) in [
        ("", "amount=500", 500),
        ("", "{\"amount\": 300}", 800),
        ("", "{\"amount\": \"100\"}", 900),
        ("?amount=100", "", 1000),
        ("", "", 3000),
    ] {
        let (status, answer) = ask(&sim, "POST", &format!("{path}{query}"), body).await;
        assert_eq!((status, &answer["amount_refunded"]), (200, &json!(refunded)), "{answer}");
    }
    let (_, answer) = ask(&sim, "POST", &path, "").await;
    let said = "session: cannot refund, for cs_test_1 is refunded in full";
    assert!(answer["error"]["message"].as_str().unwrap().starts_with(said), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_refused_by_its_field_and_changes_nothing() {
    let sim = sim_with([order(ORDER), order("cs_test_2").open()]).await;
    let refund = format!("/sim/sessions/{ORDER}/refund");
    for (method, path, body, status, code, field, said) in [
        ("POST", refund.as_str(), "amount=3001", 400, "bad_amount", "amount", "from 1 to 3000"),
        ("POST", &refund, "amount=0", 400, "bad_amount", "amount", "from 1 to 3000"),
        (
            "POST",
            &refund,
            "amount=5.00",
            400,
            "bad_amount",
            "amount",
            "\"5.00\" is no whole number",
        ),
        ("POST", &refund, "amount=", 400, "bad_amount", "amount", "\"\" is no whole number"),
        ("POST", &refund, "amount=1&amount=2", 400, "bad_amount", "amount", "give it once"),
        ("POST", &refund, "{\"amount\": 5.5}", 400, "bad_amount", "amount", "\"5.5\" is no whole"),
        ("POST", &refund, "{amount}", 400, "bad_body", "body", "send amount=500 or"),
        ("POST", &refund, "reason=none", 400, "unknown_parameter", "reason", "no such parameter"),
        ("POST", "/sim/sessions/cs_test_2/refund", "", 409, "wrong_state", "session", "to be paid"),
        (
            "POST",
            "/sim/sessions/cs_test_2/pay",
            "amount=1",
            400,
            "unknown_parameter",
            "amount",
            "/refund",
        ),
        ("POST", "/sim/sessions/cs_test_3/pay", "", 404, "no_such_session", "session", "cs_test_3"),
        (
            "POST",
            "/sim/sessions/cs_test_1/dispute/win",
            "",
            409,
            "wrong_state",
            "session",
            "not disputed",
        ),
        ("POST", "/sim/events/evt_1/resend", "", 404, "no_such_event", "event", "evt_1"),
    ] {
        let (got, answer) = ask(&sim, method, path, body).await;
        let error = &answer["error"];
        assert_eq!(
            (got, &error["code"], &error["param"]),
            (status, &json!(code), &json!(field)),
            "{path} {body}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(field) && message.contains(said), "{path} {body}: {message}");
    }
    let too_long = "x".repeat(5000);
    assert_eq!(ask(&sim, "POST", &refund, &too_long).await.1["error"]["code"], "bad_body");
    for (method, path) in [
        ("GET", refund.as_str()),
        ("POST", "/sim/sessions/cs_test_1/return"),
        ("POST", "/sim/sessions/cs_test_1"),
        ("POST", "/sim/events"),
        ("GET", "/sim/elsewhere"),
        ("GET", "/sim"),
    ] {
        let (status, answer) = ask(&sim, method, path, "").await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!("unknown_url")), "{path}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("GET /sim/events") && message.contains(path), "{message}");
    }
    assert_eq!(kinds(&sim), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_shows_events_with_their_deliveries_and_one_can_be_resent() {
    let sim = sim_with([order(ORDER).open()]).await;
    let receiver = Receiver::start().await;
    receiver.will_answer([500]);
    sim.register(receiver.endpoint());
    sim.use_clock(|| 1_790_000_000);
    sim.act(ORDER, Act::Expire).unwrap();
    assert!(sim.settled().await.is_empty());
    let (status, log) = ask(&sim, "GET", "/sim/events", "").await;
    assert_eq!((status, &log["object"], &log["has_more"]), (200, &json!("list"), &json!(false)));
    let entries = log["data"].as_array().unwrap();
    let events: Vec<_> = entries.iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, sim.events().into_iter().map(|it| it.event).collect::<Vec<_>>());
    let refused: Vec<_> =
        entries.iter().flat_map(|it| it["deliveries"].as_array().unwrap()).collect();
    let url = receiver.endpoint().url().to_owned();
    let failed =
        json!({"endpoint": url, "delivery": 1, "attempt": 1, "at": 1_790_000_000, "status": 500});
    assert!(refused.contains(&&failed), "{log}");
    assert_eq!(refused.len(), 3);

    let id = events[1]["id"].as_str().unwrap();
    let (status, answer) = ask(&sim, "POST", &format!("/sim/events/{id}/resend"), "").await;
    assert_eq!((status, &answer["id"]), (200, &json!(id)));
    assert!(sim.settled().await.is_empty());
    assert_eq!(receiver.ids().last().unwrap(), id);
    assert_eq!(sim.events()[1].attempts.last().unwrap().delivery, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_call_is_answered_before_anybody_has_taken_its_events() {
    let sim = sim_with([order(ORDER).open()]).await;
    let receiver = Receiver::start().await;
    receiver.keep_silent();
    sim.register(receiver.endpoint());
    let (status, _) = ask(&sim, "POST", &format!("/sim/sessions/{ORDER}/pay"), "").await;
    assert_eq!(status, 200);
    receiver.has_received(3).await;
    assert!(sim.events().iter().all(|logged| logged.attempts.is_empty()));
    receiver.speak();
    assert!(sim.settled().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn control_calls_are_none_of_stripes_requests_and_no_fault_strikes_them() {
    let sim = sim_with([order(ORDER).open()]).await;
    sim.inject(Fault::Status(500), Times::Always);
    let (status, _) = ask(&sim, "POST", &format!("/sim/sessions/{ORDER}/pay"), "").await;
    assert_eq!((status, sim.calls()), (200, 0));
}
