//! What is written about a request: one line that says what happened, whoever asked and however
//! it ended.

use serde_json::{Value, json};
use stripe_sim::{Fault, Times};
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, rest_event};

use crate::stack::{CREATED, Stack, session_of};

type IsOfType = fn(&Value) -> bool;

/// Every field of the line, and what type it is of.
const FIELDS: [(&str, IsOfType); 23] = [
    ("timestamp", Value::is_string),
    ("level", Value::is_string),
    ("message", Value::is_string),
    ("requestId", Value::is_string),
    ("lambdaRequestId", Value::is_string),
    ("traceId", Value::is_string),
    ("orderId", Value::is_string),
    ("userHash", Value::is_string),
    ("outcome", Value::is_string),
    ("denyReason", Value::is_string),
    ("reason", Value::is_string),
    ("status", Value::is_u64),
    ("durationMs", Value::is_number),
    ("storeMs", Value::is_number),
    ("storeCalls", Value::is_u64),
    ("rowsRead", Value::is_u64),
    ("consumedReadUnits", Value::is_number),
    ("stripeMs", Value::is_number),
    ("stripeCalls", Value::is_u64),
    ("retries", Value::is_u64),
    ("stripeRequestId", Value::is_string),
    ("coldStart", Value::is_boolean),
    ("budgetLeftMs", Value::is_number),
];

/// Sends an event, and gives the line that is written about it: the one and only.
async fn line_about(stack: &Stack, event: &Value) -> Value {
    let before = stack.lambda.program.output().len();
    stack.send(event).await;
    stack.lambda.program.line_after(before).await;
    // What is written about the next request ends what is written about this one.
    let end = json!({"httpMethod": "OPTIONS", "requestContext": {"requestId": "the-end"}});
    stack.send(&end).await;
    stack.lambda.program.line_with("the-end").await;
    let lines: Vec<Value> = stack.lambda.program.output()[before..]
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["message"] == "request" && line["requestId"] != "the-end")
        .collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_one_line_with_what_happened_and_what_it_took() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "1")]).await;
    let order = |n: usize| format!("cs_test_a1seen{n}");
    let pending = webhook_row("ava", &order(2), CREATED).set("status", json!("pending"));
    stack.given_rows([webhook_row("ava", &order(0), CREATED), pending]).await;
    stack.given_rows([webhook_row("ava", &order(5), CREATED).set("amount", json!(0.5))]).await;
    stack.given_session(session_of("ava", &order(1)));
    let get = |user: &str, order: &str| rest_event(&Asker::user(user), order);
    let nobody = rest_event(&Asker::context(json!({})), &order(0));
    let mut post = get("ava", &order(0));
    post["httpMethod"] = json!("POST");

    for (n, (event, outcome, deny_reason, level, stripe_fault)) in [
        (get("ava", &order(0)), "snapshot_hit", "", "INFO", None),
        (get("ava", &order(1)), "stripe_fallback", "", "INFO", None),
        (get("ava", &order(2)), "served_stale", "", "INFO", Some(Fault::Status(500))),
        (get("ava", &order(3)), "not_found", "", "INFO", None),
        (get("ben", &order(1)), "denied", "session_metadata", "INFO", None),
        (get("ben", &order(1)), "denied", "remembered", "INFO", None),
        (get("ava", &order(4)), "unavailable", "", "WARN", Some(Fault::Status(500))),
        (get("ava", &order(5)), "internal", "", "ERROR", None),
        (nobody, "unauthorized", "", "INFO", None),
        (get("ava", "no id"), "invalid", "", "INFO", None),
        (post, "method_not_allowed", "", "INFO", None),
    ]
    .into_iter()
    .enumerate()
    {
        stack.stripe.clear_faults();
        if let Some(fault) = stripe_fault {
            stack.stripe.inject(fault, Times::Always);
        }
        let calls_before = stack.stripe.calls();
        let line = line_about(&stack, &event).await;
        let calls = stack.stripe.calls() - calls_before;
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["denyReason"], deny_reason, "{line}");
        assert_eq!(line["level"], level, "{line}");
        assert_eq!(line["stripeCalls"], calls, "{outcome}: {line}");
        assert_eq!(line["retries"], calls.saturating_sub(1), "{outcome}: {line}");
        assert_eq!(line["stripeRequestId"] != "", calls > 0, "{outcome}: {line}");
        assert_eq!(line["coldStart"], n == 0, "{line}");
        assert_eq!(line["userHash"] == "", outcome == "unauthorized", "{line}");
        let fields = line.as_object().unwrap();
        assert_eq!(fields.len(), FIELDS.len(), "{line}");
        for (name, is_of_type) in FIELDS {
            assert!(is_of_type(&line[name]), "{name} of {line}");
        }
        let left = line["budgetLeftMs"].as_f64().unwrap();
        assert!((1.0..10_000.0).contains(&left), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_a_name_in_the_log_that_does_not_tell_who_she_is() {
    let names = async |settings: &[(&str, &str)]| {
        let stack = Stack::with(settings).await;
        let ava = line_about(&stack, &rest_event(&Asker::user("ava"), "cs_test_a1")).await;
        let again = line_about(&stack, &rest_event(&Asker::user("ava"), "cs_test_a2")).await;
        let ben = line_about(&stack, &rest_event(&Asker::user("ben"), "cs_test_a1")).await;
        assert_eq!(ava["userHash"], again["userHash"]);
        assert_ne!(ava["userHash"], ben["userHash"]);
        ava["userHash"].as_str().unwrap().to_owned()
    };
    let (one, same) = (names(&[]).await, names(&[]).await);
    assert_eq!(one, same, "each process of a deployment names her alike");
    let other = names(&[("STRIPE_SECRET", "sk_test_51AnotherDeployment")]).await;
    assert_ne!(one, other, "and no other deployment does");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_is_lambdas_else_the_requests() {
    let stack = Stack::start().await;
    let line = line_about(&stack, &rest_event(&Asker::user("ava"), "cs_test_a1")).await;
    // Of the stand-in for the Lambda Runtime API.
    assert_eq!(line["traceId"], "1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    assert!(line["lambdaRequestId"].as_str().unwrap().starts_with("invocation-"));
}
