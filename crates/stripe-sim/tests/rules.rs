//! The stand-in refuses what Stripe refuses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::time::Duration;

use serde_json::{Value, json};
use stripe_sim::{Fault, SessionBuilder, Shop, StripeSim, Times};
use test_support::http_client;

const KEY: &str = "sk_test_rules";

async fn sim() -> StripeSim {
    let mut shop = Shop::default();
    let session = SessionBuilder::new("cs_test_1", 1_764_192_504);
    shop.add(session.customer("cus_1", json!({"userId": "ava"})).lines(12));
    shop.add(SessionBuilder::new("cs_live_1", 1_764_192_504));
    StripeSim::start(&[KEY, "sk_live_rules"], shop).await.unwrap()
}

async fn get(sim: &StripeSim, key: &str, path: &str) -> (u16, Value) {
    let request = http_client().get(format!("{}{path}", sim.base())).bearer_auth(key);
    let answer = request.send().await.unwrap();
    assert!(answer.headers().contains_key("request-id"), "{path}");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_refuses_is_refused_in_its_words() {
    let sim = sim().await;
    let lines = "/v1/checkout/sessions/cs_test_1/line_items";
    let session = "/v1/checkout/sessions/cs_test_1";
    let sessions = "/v1/checkout/sessions";
    for (key, path, status, said) in [
        ("sk_test_other", session.to_owned(), 401, "Invalid API Key provided"),
        (
            KEY,
            "/v1/checkout/sessions/cs_test_2".to_owned(),
            404,
            "No such checkout.session: 'cs_test_2'",
        ),
        (
            KEY,
            "/v1/checkout/sessions/cs_live_1".to_owned(),
            404,
            "a similar object exists in live mode",
        ),
        ("sk_live_rules", session.to_owned(), 404, "a similar object exists in test mode"),
        (KEY, "/v1/elsewhere".to_owned(), 404, "Unrecognized request URL"),
        (
            KEY,
            format!("{session}?expand[]=shipping_details"),
            400,
            "This property cannot be expanded (shipping_details)",
        ),
        (KEY, format!("{session}?expand[]=customer_details"), 400, "cannot be expanded"),
        (KEY, format!("{session}?expand[]=line_items.data"), 400, "cannot be expanded"),
        (
            KEY,
            format!("{session}?expand[]=line_items.data.price.product.default_price"),
            400,
            "more than 4 levels",
        ),
        (KEY, format!("{session}?limit=1"), 400, "Received unknown parameter: limit"),
        (KEY, format!("{lines}?limit=0"), 400, "greater than or equal to 1"),
        (KEY, format!("{lines}?limit=101"), 400, "less than or equal to 100"),
        (KEY, format!("{lines}?limit=ten"), 400, "Invalid integer: ten"),
        (KEY, format!("{lines}?starting_after=li_none"), 400, "No such item: 'li_none'"),
        (KEY, format!("{sessions}?limit=0"), 400, "greater than or equal to 1"),
        (KEY, format!("{sessions}?payment_intent="), 400, "empty string for 'payment_intent'"),
        (KEY, format!("{sessions}?paid_by=pi_1"), 400, "Received unknown parameter: paid_by"),
        (
            KEY,
            format!("{sessions}?starting_after=cs_live_1"),
            400,
            "No such checkout.session: 'cs_live_1'",
        ),
        (KEY, format!("{sessions}?expand[]=line_items"), 400, "cannot be expanded (line_items)"),
        (KEY, format!("{sessions}?expand[]=data"), 400, "cannot be expanded (data)"),
        (
            KEY,
            format!("{sessions}?payment_intent=pi_none&expand[]=data.shipping_details"),
            400,
            "cannot be expanded (data.shipping_details)",
        ),
        (
            KEY,
            format!("{sessions}?expand[]=data.line_items.data.price.product"),
            400,
            "more than 4 levels",
        ),
    ] {
        let (got, body) = get(&sim, key, &path).await;
        assert_eq!(got, status, "{path}: {body}");
        assert_eq!(body["error"]["type"], "invalid_request_error", "{path}");
        assert!(body["error"]["message"].as_str().unwrap().contains(said), "{path}: {body}");
    }
    let without = http_client().get(format!("{}{session}", sim.base())).send().await.unwrap();
    assert_eq!(without.status().as_u16(), 401);
    let version = http_client().get(format!("{}{session}", sim.base())).bearer_auth(KEY);
    let version = version.header("Stripe-Version", "newest").send().await.unwrap();
    assert_eq!(version.status().as_u16(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_become_objects_only_where_they_are_expanded() {
    let sim = sim().await;
    let session = "/v1/checkout/sessions/cs_test_1";
    let (_, plain) = get(&sim, KEY, session).await;
    assert_eq!(plain["customer"], "cus_1");
    assert!(plain["payment_intent"].is_string());
    assert!(plain.get("line_items").is_none());
    let query = "expand[]=customer&expand[]=line_items.data.price.product&expand[]=payment_intent.latest_charge";
    let (_, expanded) = get(&sim, KEY, &format!("{session}?{query}")).await;
    assert_eq!(expanded["customer"]["metadata"]["userId"], "ava");
    assert_eq!(expanded["payment_intent"]["latest_charge"]["refunded"], false);
    assert_eq!(expanded["line_items"]["has_more"], true);
    assert_eq!(expanded["line_items"]["data"].as_array().unwrap().len(), 10);
    assert_eq!(expanded["line_items"]["data"][0]["price"]["product"]["object"], "product");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_listed_by_pages() {
    let sim = sim().await;
    let lines = "/v1/checkout/sessions/cs_test_1/line_items";
    let (_, first) = get(&sim, KEY, &format!("{lines}?limit=7")).await;
    assert_eq!((first["data"].as_array().unwrap().len(), &first["has_more"]), (7, &json!(true)));
    let last = first["data"][6]["id"].as_str().unwrap();
    let (_, rest) = get(&sim, KEY, &format!("{lines}?limit=7&starting_after={last}")).await;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (5, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_by_payment_intent_within_the_mode_of_the_key() {
    let sim = sim().await;
    let list = "/v1/checkout/sessions?payment_intent";
    let (status, found) = get(&sim, KEY, &format!("{list}=pi_test_1")).await;
    assert_eq!(
        (status, &found["object"], &found["has_more"]),
        (200, &json!("list"), &json!(false))
    );
    assert_eq!(found["url"], "/v1/checkout/sessions");
    let (_, alone) = get(&sim, KEY, "/v1/checkout/sessions/cs_test_1").await;
    assert_eq!(found["data"], json!([alone]));
    for (key, intent) in [(KEY, "pi_unknown"), (KEY, "pi_live_1"), ("sk_live_rules", "pi_test_1")] {
        let (status, none) = get(&sim, key, &format!("{list}={intent}")).await;
        assert_eq!((status, &none["data"], &none["has_more"]), (200, &json!([]), &json!(false)));
    }
    let query = "expand[]=data.payment_intent.latest_charge&expand[]=data.line_items&expand[]=data.customer";
    let (_, expanded) = get(&sim, KEY, &format!("{list}=pi_test_1&{query}")).await;
    let session = &expanded["data"][0];
    assert_eq!(session["payment_intent"]["latest_charge"]["amount"], 1200);
    assert_eq!(session["line_items"]["data"].as_array().unwrap().len(), 10);
    assert_eq!(session["customer"]["metadata"]["userId"], "ava");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_by_pages_newest_first() {
    let sim = sim().await;
    sim.shop(|shop| {
        for n in 2..=5 {
            let created = 1_764_192_504 + n;
            let shared = json!("pi_test_1");
            let session = SessionBuilder::new(&format!("cs_test_{n}"), created);
            shop.add(if n == 4 { session } else { session.set("payment_intent", shared) });
        }
    });
    let page = |query: String| {
        let sim = &sim;
        async move {
            let (_, page) = get(sim, KEY, &format!("/v1/checkout/sessions?{query}")).await;
            let ids = page["data"].as_array().unwrap().iter();
            let ids: Vec<_> = ids.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
            (ids.join(" "), page["has_more"].as_bool().unwrap())
        }
    };
    let all = "cs_test_5 cs_test_4 cs_test_3 cs_test_2 cs_test_1";
    assert_eq!(page(String::new()).await, (all.to_owned(), false));
    let by_intent = "payment_intent=pi_test_1&limit=2";
    let (first, more) = page(by_intent.to_owned()).await;
    assert_eq!((first.as_str(), more), ("cs_test_5 cs_test_3", true));
    let (rest, more) = page(format!("{by_intent}&starting_after=cs_test_3")).await;
    assert_eq!((rest.as_str(), more), ("cs_test_2 cs_test_1", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_passes_in_the_shop() {
    let sim = sim().await;
    let paid = || async {
        let path = "/v1/checkout/sessions/cs_test_1?expand[]=payment_intent.latest_charge";
        let (_, session) = get(&sim, KEY, path).await;
        let charge = &session["payment_intent"]["latest_charge"];
        (
            session["payment_status"].clone(),
            charge["amount_refunded"].clone(),
            charge["refunded"].clone(),
        )
    };
    sim.shop(|shop| shop.fail_payment("cs_test_1"));
    assert_eq!(paid().await.0, "unpaid");
    sim.shop(|shop| shop.pay("cs_test_1"));
    sim.shop(|shop| shop.refund("cs_test_1", 500));
    assert_eq!(paid().await, (json!("paid"), json!(500), json!(false)));
    sim.shop(|shop| shop.refund("cs_test_1", 700));
    assert_eq!(paid().await, (json!("paid"), json!(1200), json!(true)));
    sim.shop(|shop| shop.expire("cs_test_1"));
    let (_, session) = get(&sim, KEY, "/v1/checkout/sessions/cs_test_1").await;
    assert_eq!(session["status"], "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_strike_in_turn_and_stop_when_they_are_cleared() {
    let sim = sim().await;
    let ask = || async {
        let request = http_client().get(format!("{}/v1/checkout/sessions/cs_test_1", sim.base()));
        let answer = request.bearer_auth(KEY).timeout(Duration::from_millis(300)).send().await;
        match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let whole = answer.bytes().await.ok();
                let json =
                    whole.as_ref().is_some_and(|b| serde_json::from_slice::<Value>(b).is_ok());
                format!(
                    "{status} {}",
                    if whole.is_none() {
                        "cut"
                    } else if json {
                        "json"
                    } else {
                        "other"
                    }
                )
            }
            Err(error) if error.is_timeout() => "timeout".to_owned(),
            Err(_) => "broken".to_owned(),
        }
    };
    sim.inject(Fault::Status(500), Times::Next(2));
    sim.inject(Fault::Garbage, Times::Next(1));
    sim.inject(Fault::Html(200), Times::Next(1));
    sim.inject(Fault::Reset, Times::Next(1));
    sim.inject(Fault::CutBody, Times::Next(1));
    sim.inject(Fault::Hang, Times::Always);
    for expected in [
        "500 json",
        "500 json",
        "200 other",
        "200 other",
        "broken",
        "200 cut",
        "timeout",
        "timeout",
    ] {
        assert_eq!(ask().await, expected);
    }
    sim.clear_faults();
    assert_eq!(ask().await, "200 json");
    assert_eq!(sim.calls(), 9);
}
