//! When Stripe or DynamoDB is away: nothing is marked as done, and nothing is lost.

use std::time::Duration;

use serde_json::json;
use stripe_sim::{Act, Fault, Times};
use table_sim::INDEX;
use test_support::{TableFault, TableGate};

use crate::stack::{Stack, completed, services, session_of};

const SETTINGS: &[(&str, &str)] = &[
    ("ORDER_INDEX", INDEX),
    ("STRIPE_MAX_RETRIES", "0"),
    ("STRIPE_TIMEOUT_MS", "300"),
    ("REQUEST_BUDGET_MS", "2000"),
];

#[tokio::test(flavor = "multi_thread")]
async fn with_stripe_away_every_answer_has_stripe_repeat_the_event_and_nothing_is_marked() {
    let stack = Stack::with(SETTINGS).await;
    stack.given_session(session_of("ava", "cs_test_a1away").open());
    let events = stack.happens("cs_test_a1away", Act::Pay);
    for (fault, status, code) in [
        (Fault::Status(401), 500, "internal_error"),
        (Fault::MissingPermission, 500, "internal_error"),
        (Fault::Status(500), 503, "service_unavailable"),
        (Fault::Status(429), 503, "service_unavailable"),
        (Fault::Garbage, 503, "service_unavailable"),
        (Fault::Html(404), 503, "service_unavailable"),
        (Fault::Reset, 503, "service_unavailable"),
        (Fault::CutBody, 503, "service_unavailable"),
        (Fault::Hang, 503, "service_unavailable"),
    ] {
        stack.stripe.clear_faults();
        stack.stripe.inject(fault.clone(), Times::Always);
        // A charge has Stripe asked for its session first, a completion at once.
        for event in events.iter().filter(|event| event["type"] != "charge.succeeded") {
            let answer = stack.post(event).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (status, Some(code)),
                "{fault:?}"
            );
            assert_eq!(answer.header("Retry-After").is_empty(), status == 500);
        }
        assert_eq!(stack.table.count().await.unwrap(), 0, "{fault:?}");
    }
    stack.stripe.clear_faults();
    let until_it_is_taken = async {
        for event in &events {
            while stack.post(event).await.status != 200 {}
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until_it_is_taken).await.expect("it is taken");
    assert_eq!(stack.row_of("ava").await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_table_away_the_event_comes_again_and_with_a_refusal_somebody_is_told() {
    let (table, stripe) = services().await;
    let gate = TableGate::open(table.endpoint(), TableFault::None).await;
    let stack = Stack::over(table, stripe, &gate.address(), SETTINGS).await;
    stack.given_session(session_of("ava", "cs_test_a1table"));
    let event = completed("evt_1", "cs_test_a1table");
    for (fault, status) in [
        (TableFault::Throttle, 503),
        (TableFault::ThrottleWrites, 503),
        (TableFault::Status500, 503),
        (TableFault::Garbage, 503),
        (TableFault::Hang, 503),
        (TableFault::NoTable, 500),
        (TableFault::ReadOnly, 500),
    ] {
        gate.set(fault);
        let answer = stack.post(&event).await;
        assert_eq!(answer.status, status, "{fault:?}: {answer:?}");
        assert_eq!(stack.table.count().await.unwrap(), 0, "{fault:?}");
    }
    gate.set(TableFault::None);
    assert_eq!(stack.post(&event).await.json()["outcome"], "stored");
    assert_eq!(stack.row_of("ava").await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_done_but_not_marked_is_a_success_that_is_done_again() {
    let (table, stripe) = services().await;
    let gate = TableGate::open(table.endpoint(), TableFault::None).await;
    let stack = Stack::over(table, stripe, &gate.address(), SETTINGS).await;
    stack.given_session(session_of("ava", "cs_test_a1mark"));
    stack.post(&completed("evt_1", "cs_test_a1mark")).await;
    // There is nothing left to write but the mark.
    let event = completed("evt_2", "cs_test_a1mark");
    gate.set(TableFault::ThrottleWrites);
    let answer = stack.post(&event).await;
    assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("unchanged")));
    gate.set(TableFault::None);
    assert!(stack.mark_of(&event).await.is_none());
    let lines = stack.lines().await;
    let degraded = lines.iter().find(|line| line["message"] == "degraded").unwrap();
    assert!(degraded["cause"].as_str().unwrap().starts_with("the event was not marked as done"));
    assert_eq!(stack.post(&event).await.json()["outcome"], "unchanged");
    assert_eq!(stack.post(&event).await.json()["outcome"], "duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_before_the_invocation_ends() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("REQUEST_BUDGET_MS", "60000")]).await;
    stack.given_session(session_of("ava", "cs_test_a1late"));
    stack.stripe.inject(Fault::Hang, Times::Always);
    let body = completed("evt_1", "cs_test_a1late").to_string();
    let signature = stripe_sim::sign(body.as_bytes(), crate::stack::SECRET, crate::stack::now());
    let event = test_support::posted_event(&body, Some(&signature)).to_string();
    let deadline = Duration::from_millis(1500);
    let answer = stack.lambda.invoke_within(event, deadline).await;
    assert_eq!(answer.status, 503);
    assert!(answer.took < deadline, "{:?}", answer.took);
}
