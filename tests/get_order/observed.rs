//! What is written about a request: one line that says what happened, whoever asked and however
//! it ended.

use std::collections::HashMap;

use serde_json::{Value, json};
use stripe_sim::{Fault, Times};
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, TableFault, TableGate, rest_event};

use crate::stack::{CREATED, Stack, services, session_of, start_lambda};

type IsOfType = fn(&Value) -> bool;

/// Every field of the line, and what type it is of.
const FIELDS: [(&str, IsOfType); 24] = [
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
    ("stripeKeyRefresh", Value::is_string),
    ("coldStart", Value::is_boolean),
    ("budgetLeftMs", Value::is_number),
];

/// Sends an event, and gives the line that is written about it: the one and only.
async fn line_about(stack: &Stack, event: &Value) -> Value {
    let before = stack.lines().await.len();
    stack.send(event).await;
    let mut lines = stack.lines().await.split_off(before);
    // The line that shows that there is no more to come.
    lines.pop();
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = lines.into_iter().filter(|line| line["message"] == "request").collect();
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

    for (event, outcome, deny_reason, level, stripe_fault) in [
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
    ] {
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
        assert_eq!(line["coldStart"], false, "{line}");
        assert_eq!(line["userHash"] == "", outcome == "unauthorized", "{line}");
        for (name, is_of_type) in FIELDS {
            assert!(is_of_type(&line[name]), "{name} of {line}");
        }
        let is_field = |name: &str| FIELDS.iter().any(|(field, _)| *field == name);
        let of_figures = line.as_object().unwrap().keys().filter(|name| !is_field(name));
        let figures: Vec<_> = metrics_of(&line).into_iter().map(|(name, _)| name).collect();
        for name in of_figures {
            let is_known = ["_aws", "FunctionName"].contains(&name.as_str());
            assert!(is_known || figures.contains(name), "{name} of {line}");
        }
        let left = line["budgetLeftMs"].as_f64().unwrap();
        assert!((1.0..10_000.0).contains(&left), "{line}");
    }
    let first: Value = serde_json::from_str(&stack.lines().await[0]).unwrap();
    assert_eq!(first["coldStart"], true, "{first}");
}

/// A line in CloudWatch's embedded metric format, checked to be one as its schema has it. Gives each
/// metric's values.
fn metrics_of(line: &Value) -> Vec<(String, Vec<f64>)> {
    assert!(line["_aws"]["Timestamp"].is_u64(), "{line}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let mut metrics = Vec::new();
    for directive in directives {
        assert!(directive["Namespace"].as_str().is_some_and(|name| !name.is_empty()), "{line}");
        assert!(!directive["Dimensions"].as_array().unwrap().is_empty(), "{line}");
        for set in directive["Dimensions"].as_array().unwrap() {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30, "{line}");
            assert!(set.iter().all(|name| line[name.as_str().unwrap()].is_string()), "{line}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            let unit = metric["Unit"].as_str().unwrap();
            assert!(["Count", "Milliseconds"].contains(&unit), "{line}");
            let values = match &line[name] {
                Value::Array(list) => list.iter().map(|value| value.as_f64().unwrap()).collect(),
                value => vec![value.as_f64().unwrap()],
            };
            assert!((1..=100).contains(&values.len()), "{line}");
            assert!(!metrics.iter().any(|(other, _)| other == name), "{name} twice in {line}");
            metrics.push((name.to_owned(), values));
        }
    }
    metrics
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_lines_in_the_embedded_metric_format_that_count_what_happened() {
    let stack = Stack::with(&[
        ("ORDER_INDEX", INDEX),
        ("METRICS_NAMESPACE", "Shop/Orders"),
        ("METRICS_DIMENSIONS", "stage=test, service=orders"),
    ])
    .await;
    stack.given_rows([webhook_row("ava", "cs_test_a1hit", CREATED)]).await;
    let corrupt = webhook_row("ava", "cs_test_a1bad", CREATED).set("amount", json!(0.5));
    stack.given_rows([corrupt]).await;
    stack.given_session(session_of("ava", "cs_test_a1new"));
    for (user, order) in [
        ("ava", "cs_test_a1hit"),
        ("ava", "cs_test_a1hit"),
        ("ava", "cs_test_a1new"),
        ("ben", "cs_test_a1new"),
        ("ben", "cs_test_a1new"),
        ("ava", "cs_test_a1bad"),
    ] {
        stack.open_order(user, order).await;
    }
    stack.open_order("ava", "cs_test_a1hit").await;

    let (mut counts, mut outcomes) = (HashMap::new(), HashMap::new());
    for line in stack.lines().await {
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["_aws"].is_null() {
            continue;
        }
        assert_eq!((&line["stage"], &line["service"]), (&json!("test"), &json!("orders")));
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Shop/Orders");
        for (name, values) in metrics_of(&line) {
            let duration = name.ends_with("_ms");
            let more: f64 = if duration { 1.0 } else { values.iter().sum() };
            if name == "requests_total" {
                *outcomes.entry(line["outcome"].as_str().unwrap().to_owned()).or_insert(0.0) +=
                    more;
            }
            *counts.entry(name).or_insert(0.0) += more;
        }
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or(0.0).round();
    for (outcome, expected) in
        [("snapshot_hit", 3.0), ("stripe_fallback", 1.0), ("denied", 2.0), ("internal", 1.0)]
    {
        assert!((outcomes[outcome] - expected).abs() < 0.1, "{outcome}: {outcomes:?}");
    }
    let calls = f64::from(u32::try_from(stack.stripe.calls()).unwrap());
    for (name, expected) in [
        ("stripe_calls_total", calls),
        ("denied_total", 2.0),
        ("corrupt_snapshots_total", 1.0),
        ("cold_starts_total", 1.0),
        ("stripe_duration_ms", calls),
        ("snapshot_write_failures_total", 0.0),
    ] {
        assert!((count(name) - expected).abs() < 0.1, "{name}: {counts:?}");
    }
    // One of the requests is the last, of another kind, that ends the lines.
    assert!(count("request_duration_ms") >= 7.0, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_do_not_hang_on_the_level_or_the_form_of_the_log() {
    for settings in [[("LOG_LEVEL", "error"); 2], [("AWS_LAMBDA_LOG_FORMAT", "Text"); 2]] {
        let stack = Stack::with(&settings).await;
        stack.given_rows([webhook_row("ava", "cs_test_a1quiet", CREATED)]).await;
        stack.open_order("ava", "cs_test_a1quiet").await;
        let line = stack.lambda.program.line_with("_aws").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(metrics_of(&line).len(), 4, "{line}");
        assert_eq!(line["outcome"], "snapshot_hit");
        assert_eq!(line["requestId"], Value::Null);
        let text = stack.lambda.program.output().into_iter().find(|line| !line.contains("_aws"));
        let is_text = settings[0].0 == "AWS_LAMBDA_LOG_FORMAT";
        if is_text {
            let text = stack.lambda.program.line_with(" INFO request ").await;
            assert!(text.contains(" outcome=\"snapshot_hit\""), "{text}");
        } else {
            assert_eq!(text, None);
        }
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
async fn the_trace_is_lambdas() {
    let stack = Stack::start().await;
    let line = line_about(&stack, &rest_event(&Asker::user("ava"), "cs_test_a1")).await;
    // Of the stand-in for the Lambda Runtime API.
    assert_eq!(line["traceId"], "1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    assert!(line["lambdaRequestId"].as_str().unwrap().starts_with("invocation-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_the_sdk_repeats_are_counted_as_often_as_the_table_sees_them() {
    let (table, stripe) = services().await;
    for fault in [TableFault::None, TableFault::Throttle, TableFault::Status500] {
        let gate = TableGate::open(table.endpoint(), fault).await;
        let lambda = start_lambda(&gate.address(), &stripe.base(), &[]).await;
        // Once this is answered, the program has started, and what that took is done.
        lambda.invoke(&json!({"httpMethod": "OPTIONS"})).await;
        let before = gate.calls();
        lambda.invoke(&rest_event(&Asker::user("ava"), "cs_test_a1counted")).await;
        let line = lambda.program.line_with("cs_test_a1counted").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["storeCalls"], gate.calls() - before, "{fault:?}: {line}");
        assert_eq!(gate.calls() - before > 1, fault != TableFault::None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_row_is_told_of_though_another_serves() {
    let stack = Stack::start().await;
    let row = |at: i64| webhook_row("ava", "cs_test_a1both", at);
    stack.given_rows([row(CREATED), row(CREATED + 60).set("amount", json!("many"))]).await;
    let event = rest_event(&Asker::user("ava"), "cs_test_a1both");
    let line = line_about(&stack, &event).await;
    assert_eq!(
        (&line["outcome"], &line["corrupt_snapshots_total"]),
        (&json!("snapshot_hit"), &json!(1))
    );
    let degraded = stack.lambda.program.line_with("degraded").await;
    assert!(degraded.contains("corrupt at the attribute amount"), "{degraded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_id_in_its_line_its_header_and_its_body() {
    let stack = Stack::start().await;
    for id in ["c6af9ac6-7b61", "odd \u{e9}\n{\"message\":\"request\"}", &"long".repeat(1000)] {
        let mut event = rest_event(&Asker::user("ava"), "no id");
        event["requestContext"]["requestId"] = json!(id);
        let line = line_about(&stack, &event).await;
        let answer = stack.send(&event).await;
        assert_eq!(answer.header("x-request-id"), line["requestId"], "{line}");
        assert_eq!(answer.json()["requestId"], line["requestId"], "{line}");
    }
}
