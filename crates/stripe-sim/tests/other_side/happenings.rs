//! What can happen to an order, what it changes, and which events tell of it.

use serde_json::{Value, json};
use stripe_sim::{Act, CannotAct, SessionBuilder};

use crate::looking::{kinds, pairs, standing, told};
use crate::{ORDER, order, sim_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_by_card_completes_the_session() {
    let sim = sim_with([order(ORDER).open()]).await;
    sim.use_clock(|| 1_790_000_000);
    let ids = sim.act(ORDER, Act::Pay).unwrap();
    let expected = json!(["complete", "paid", "succeeded", "succeeded", 0, false, false]);
    assert_eq!(standing(&sim).await, expected);
    let kinds_told = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"];
    assert_eq!(kinds(&sim), kinds_told);
    let events = sim.events();
    assert_eq!(ids, events.iter().map(|it| it.id().to_owned()).collect::<Vec<_>>());
    let event = &events[2].event;
    assert!(ids[2].starts_with("evt_"), "{event}");
    assert_eq!((&event["object"], &event["created"]), (&json!("event"), &json!(1_790_000_000)));
    assert_eq!((&event["livemode"], &event["pending_webhooks"]), (&json!(false), &json!(0)));
    let session = &event["data"]["object"];
    assert_eq!((&session["id"], &session["payment_status"]), (&json!(ORDER), &json!("paid")));
    assert_eq!(session["metadata"]["userId"], "ava");
    assert_eq!(events[0].event["data"]["object"]["created"], 1_790_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_payment_completes_the_session_and_arrives_or_fails_later() {
    for (act, last, expected) in [
        (
            Act::Pay,
            [
                "charge.succeeded",
                "payment_intent.succeeded",
                "checkout.session.async_payment_succeeded",
            ],
            json!(["complete", "paid", "succeeded", "succeeded", 0, false, false]),
        ),
        (
            Act::Fail,
            [
                "charge.failed",
                "payment_intent.payment_failed",
                "checkout.session.async_payment_failed",
            ],
            json!(["complete", "unpaid", "requires_payment_method", "failed", 0, false, false]),
        ),
    ] {
        let sim = sim_with([order(ORDER).open()]).await;
        sim.act(ORDER, Act::Complete).unwrap();
        assert_eq!(
            standing(&sim).await,
            json!(["complete", "unpaid", "processing", "pending", 0, false, false])
        );
        let first = ["charge.pending", "payment_intent.processing", "checkout.session.completed"];
        assert_eq!(kinds(&sim), first);
        sim.act(ORDER, act).unwrap();
        assert_eq!(standing(&sim).await, expected);
        assert_eq!(kinds(&sim)[3..], last);
        // It is the same charge that was pending.
        let charge = |n: usize| sim.events()[n].event["data"]["object"]["id"].clone();
        assert_eq!(charge(0), charge(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_leaves_the_session_open_for_another_try() {
    let sim = sim_with([order(ORDER).open().set("payment_intent", Value::Null)]).await;
    sim.act(ORDER, Act::Fail).unwrap();
    assert_eq!(
        standing(&sim).await,
        json!(["open", "unpaid", "requires_payment_method", "failed", 0, false, false])
    );
    sim.act(ORDER, Act::Pay).unwrap();
    assert_eq!(
        standing(&sim).await,
        json!(["complete", "paid", "succeeded", "succeeded", 0, false, false])
    );
    assert_eq!(
        told(&sim, 0, "id"),
        pairs([
            ("charge.failed", json!("ch_test_1")),
            ("payment_intent.payment_failed", json!("pi_test_1")),
            ("charge.succeeded", json!("ch_test_1n2")),
            ("payment_intent.succeeded", json!("pi_test_1")),
            ("checkout.session.completed", json!(ORDER)),
        ])
    );
    let errors = told(&sim, 0, "last_payment_error");
    assert_eq!((&errors[1].1["code"], &errors[3].1), (&json!("card_declined"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_session_expires_with_its_payment_intent_if_there_is_one() {
    let sim = sim_with([order(ORDER).open()]).await;
    sim.act(ORDER, Act::Expire).unwrap();
    assert_eq!(
        standing(&sim).await,
        json!(["expired", "unpaid", "canceled", null, null, null, null])
    );
    assert_eq!(kinds(&sim), ["payment_intent.canceled", "checkout.session.expired"]);

    let sim = sim_with([order(ORDER).open().set("payment_intent", Value::Null)]).await;
    sim.act(ORDER, Act::Expire).unwrap();
    assert_eq!(kinds(&sim), ["checkout.session.expired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_order_is_paid_without_a_payment() {
    let free = SessionBuilder::new(ORDER, 1_764_192_504).open().set("payment_intent", Value::Null);
    let sim = sim_with([free]).await;
    for act in [Act::Complete, Act::Fail] {
        let error = CannotAct::NoPayment { act, session: ORDER.to_owned() };
        assert_eq!(sim.act(ORDER, act), Err(error));
    }
    sim.act(ORDER, Act::Pay).unwrap();
    assert_eq!(standing(&sim).await, json!(["complete", "paid", null, null, null, null, null]));
    assert_eq!(kinds(&sim), ["checkout.session.completed"]);
    let error = CannotAct::NoPayment { act: Act::Refund(None), session: ORDER.to_owned() };
    assert_eq!(sim.act(ORDER, Act::Refund(None)), Err(error));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_would_not_let_happen_is_refused_and_changes_nothing() {
    let refund = Act::Refund(None);
    let late = "open, or complete with its payment under way";
    for (before, act, is, wanted) in [
        (&[Act::Complete][..], refund, "complete with its payment under way", "paid"),
        (&[], refund, "open", "paid"),
        (&[], Act::Dispute, "open", "paid"),
        (&[Act::Pay], Act::Pay, "paid", late),
        (&[Act::Pay], Act::Fail, "paid", late),
        (&[Act::Pay], Act::Complete, "paid", "open"),
        (&[Act::Pay], Act::Expire, "paid", "open"),
        (&[Act::Complete], Act::Expire, "complete with its payment under way", "open"),
        (&[Act::Complete, Act::Fail], Act::Pay, "complete with its payment failed", late),
        (&[Act::Expire], Act::Pay, "expired", late),
        (&[Act::Pay, refund], refund, "refunded in full", "paid with something left to return"),
        (
            &[Act::Pay, refund],
            Act::Dispute,
            "refunded in full",
            "paid with something left to return",
        ),
        (
            &[Act::Pay, Act::Dispute],
            refund,
            "disputed",
            "paid without a dispute, or with one that was won",
        ),
        (
            &[Act::Pay, Act::Dispute],
            Act::Dispute,
            "disputed already",
            "paid and not disputed before",
        ),
        (&[Act::Pay], Act::WinDispute, "not disputed", "disputed, with the dispute open"),
        (
            &[Act::Pay, Act::Dispute, Act::WinDispute],
            Act::LoseDispute,
            "disputed with the dispute closed",
            "disputed, with the dispute open",
        ),
    ] {
        let sim = sim_with([order(ORDER).open()]).await;
        for act in before {
            sim.act(ORDER, *act).unwrap();
        }
        let (events, stood) = (kinds(&sim), standing(&sim).await);
        let error = CannotAct::State { act, session: ORDER.to_owned(), is, wanted };
        assert_eq!(sim.act(ORDER, act), Err(error), "{before:?}");
        assert_eq!((kinds(&sim), standing(&sim).await), (events, stood), "{before:?}, {act}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_known_well_enough_is_refused() {
    let sim = sim_with([order(ORDER)]).await;
    let unknown = CannotAct::NoSession("cs_test_2".to_owned());
    assert_eq!(sim.act("cs_test_2", Act::Pay), Err(unknown));
    let recorded = json!({"status": "open", "payment_status": "unpaid", "payment_intent": "pi_2"});
    sim.shop(|shop| shop.add_recorded("cs_test_2", recorded));
    let error = CannotAct::NoPayment { act: Act::Pay, session: "cs_test_2".to_owned() };
    assert_eq!(sim.act("cs_test_2", Act::Pay), Err(error));
    for given in [0, -1, 3001, i64::MAX] {
        let error = CannotAct::Amount { given, left: 3000 };
        assert_eq!(sim.act(ORDER, Act::Refund(Some(given))), Err(error));
    }
    assert_eq!(kinds(&sim), Vec::<String>::new());
}

/// Beside a recorded event, ours has the same envelope and no property that Stripe's has not.
#[tokio::test(flavor = "multi_thread")]
async fn events_have_the_properties_of_recorded_ones() {
    let Some(recorded) = test_support::recorded_payloads("events") else { return };
    let sim = sim_with([order(ORDER).open()]).await;
    for act in [Act::Pay, Act::Refund(Some(500)), Act::Dispute] {
        sim.act(ORDER, act).unwrap();
    }
    let names = |value: &Value| {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    for (file, kind) in [
        ("nessebarlens_charge_dispute_created_2026.json", "charge.dispute.created"),
        ("planetclaire_charge_refunded_partial_2026.json", "charge.refunded"),
        ("lago_payment_intent_succeeded_2020-08-27.json", "payment_intent.succeeded"),
    ] {
        let theirs = recorded.iter().find(|it| it.0 == file).unwrap();
        let theirs: Value = serde_json::from_slice(&theirs.1).unwrap();
        let ours = sim.events().into_iter().find(|it| it.kind() == kind).unwrap().event;
        assert_eq!(names(&ours), names(&theirs), "{kind}");
        assert_eq!(names(&ours["data"]), names(&theirs["data"]), "{kind}");
        let known = names(&theirs["data"]["object"]);
        for name in names(&ours["data"]["object"]) {
            assert!(known.contains(&name), "{kind}: {name}");
        }
    }
}
