//! Recorded payloads of third parties: each is dealt with, or refused with a reason that has a type.

use serde_json::{Value, json};
use stripe_sim::sign;
use test_support::recorded_payloads;

use crate::doors::{batch, bridged};
use crate::stack::{SECRET, Stack, now};

const OUTCOMES: [&str; 8] = [
    "ignored",
    "no_order",
    "not_ours",
    "malformed",
    "stored",
    "updated",
    "not_placed",
    "duplicate",
];

/// What became of an event at each door, in the words of the log.
async fn outcomes(stack: &Stack, payload: &Value) -> Vec<String> {
    let body = payload.to_string();
    let signature = sign(body.as_bytes(), SECRET, now());
    let posted = stack.post_signed(&body, Some(&signature)).await;
    let by_post = match posted.status {
        200 => posted.json()["outcome"].as_str().unwrap().to_owned(),
        400 => {
            assert_eq!(posted.json()["code"], "malformed_event", "{posted:?}");
            "malformed".to_owned()
        }
        status => panic!("{status}: {posted:?}"),
    };
    let bridged = stack.lambda.invoke(&bridged(payload)).await;
    let by_bridge = bridged.raw["outcome"].as_str().unwrap().to_owned();
    let queued = stack.lambda.invoke(&batch(&[body])).await;
    assert_eq!(queued.raw, json!({"batchItemFailures": []}));
    vec![by_post, by_bridge]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_event_is_dealt_with_or_refused_by_its_field() {
    let Some(files) = recorded_payloads("events") else { return };
    let stack = Stack::start().await;
    let mut malformed = Vec::new();
    for (name, bytes) in files {
        let payload: Value = serde_json::from_slice(&bytes).unwrap();
        let event = if payload["detail"].is_object() { &payload["detail"] } else { &payload };
        for outcome in outcomes(&stack, event).await {
            assert!(OUTCOMES.contains(&outcome.as_str()), "{name}: {outcome}");
            if outcome == "malformed" {
                malformed.push(name.clone());
            }
        }
        // As it lies there, which for one is in EventBridge's own envelope.
        let as_it_is = stack.lambda.invoke(&payload).await;
        assert!(as_it_is.raw["outcome"].is_string(), "{name}: {as_it_is:?}");
    }
    malformed.dedup();
    // These are an event's `data` alone, without an id and a type.
    let without_an_envelope = [
        "alimehndi_completed_data_2024.json",
        "pay_rails_charge_refunded_data.json",
        "pay_rails_checkout_session_completed_data.json",
    ];
    assert_eq!(malformed, without_an_envelope);
    let lines = stack.lines().await;
    for line in lines.iter().filter(|line| line["outcome"] == "malformed") {
        let reason = line["reason"].as_str().unwrap();
        let typed = ["the event makes no sense at `id`", "there is no event in it"];
        assert!(typed.contains(&reason), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_charge_refund_and_dispute_is_about_a_payment_or_none() {
    let Some(files) = recorded_payloads("related") else { return };
    let stack = Stack::start().await;
    for (name, bytes) in files {
        let object: Value = serde_json::from_slice(&bytes).unwrap();
        let event_type = match object["object"].as_str() {
            Some("charge") => "charge.refunded",
            Some("refund") => "refund.updated",
            Some("dispute") => "charge.dispute.created",
            Some("payment_intent") => "payment_intent.succeeded",
            other => panic!("{name}: {other:?}"),
        };
        let event = crate::stack::event_about("evt_related", event_type, object);
        for outcome in outcomes(&stack, &event).await {
            assert_eq!(outcome, "no_order", "{name}");
        }
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_session_that_stripe_knows_becomes_an_order_or_none() {
    let Some(files) = recorded_payloads("sessions") else { return };
    let stack = Stack::start().await;
    for (n, (name, bytes)) in files.into_iter().enumerate() {
        let mut session: Value = serde_json::from_slice(&bytes).unwrap();
        let order = format!("cs_test_a1recorded{n}");
        session["id"] = json!(order);
        session["livemode"] = json!(false);
        if !session["metadata"].is_object() {
            session["metadata"] = json!({});
        }
        session["metadata"]["userId"] = json!(format!("user_{n}"));
        stack.stripe.shop(|shop| shop.add_recorded(&order, session));
        let answer = stack.post(&crate::stack::completed(&format!("evt_{n}"), &order)).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let outcome = answer.json()["outcome"].as_str().unwrap().to_owned();
        assert!(["stored", "not_placed"].contains(&outcome.as_str()), "{name}: {outcome}");
        let rows = stack.rows_of(&format!("user_{n}")).await.len();
        assert_eq!(rows, usize::from(outcome == "stored"), "{name}");
    }
}
