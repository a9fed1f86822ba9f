//! What is said of events: a line each, figures, and nothing that tells who somebody is.

use serde_json::{Value, json};
use stripe_sim::{Act, Fault, Times};
use table_sim::{INDEX, webhook_row};

use crate::doors::bridged;
use crate::stack::{CREATED, Stack, completed, event_about, session_of};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_one_line_that_says_all_there_is_to_say() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1seen").open());
    let events = stack.happens("cs_test_a1seen", Act::Pay);
    let event = events.iter().find(|it| it["type"] == "checkout.session.completed").unwrap();
    stack.post(event).await;
    let line = stack.line_of(event).await;
    for (name, value) in [
        ("level", json!("INFO")),
        ("message", json!("event")),
        ("door", json!("webhook")),
        ("eventType", json!("checkout.session.completed")),
        ("kind", json!("checkout.session.completed")),
        ("orderId", json!("cs_test_a1seen")),
        ("orderStatus", json!("completed")),
        ("outcome", json!("stored")),
        ("reason", json!("")),
        ("status", json!(200)),
        ("stripeCalls", json!(1)),
        // The mark, the rows of the owner and of others, the row, the mark again.
        ("storeCalls", json!(5)),
        ("retries", json!(0)),
        ("coldStart", json!(true)),
        ("requestId", json!("9bb1f5a0-5c2c-4cf0-b2f0-1d6e1c9d0d5a")),
        ("traceId", json!("1-5bef4de7-ad49b0e87f6ef6c87fc2e700")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line["userHash"].as_str().unwrap().len(), 16);
    let lag = line["lagMs"].as_f64().unwrap();
    assert!((0.0..60_000.0).contains(&lag), "{lag}");
    assert!(line["stripeRequestId"].as_str().unwrap().starts_with("req_"));
}

/// The figures in a line, by name.
fn figure(line: &Value, name: &str) -> Option<f64> {
    let value = &line[name];
    value.as_f64().or_else(|| value["Values"][0].as_f64())
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_count_events_by_kind_and_outcome() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "0")]).await;
    stack.given_session(session_of("ava", "cs_test_a1count"));
    let first = completed("evt_1", "cs_test_a1count");
    stack.post(&first).await;
    stack.post(&first).await;
    stack.post(&event_about("evt_2", "customer.created", json!({}))).await;
    stack.post_signed("{}", Some("t=1,v1=0")).await;
    stack.stripe.inject(Fault::Status(500), Times::Next(1));
    stack.lambda.invoke(&bridged(&completed("evt_3", "cs_test_a1count"))).await;
    let lines = stack.lines().await;
    let lines: Vec<_> = lines.iter().filter(|line| line["message"] == "event").collect();
    let counted: Vec<_> = lines
        .iter()
        .map(|line| {
            assert_eq!(figure(line, "events_total"), Some(1.0), "{line}");
            assert!(figure(line, "event_duration_ms").is_some(), "{line}");
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let by_outcome = directives
                .iter()
                .find(|it| {
                    it["Metrics"].as_array().unwrap().iter().any(|m| m["Name"] == "events_total")
                })
                .unwrap();
            assert_eq!(by_outcome["Dimensions"], json!([["FunctionName", "kind", "outcome"]]));
            (line["kind"].as_str().unwrap(), line["outcome"].as_str().unwrap())
        })
        .collect();
    let completion = "checkout.session.completed";
    let expected = [
        (completion, "stored"),
        (completion, "duplicate"),
        ("other", "ignored"),
        ("none", "forged"),
        (completion, "unavailable"),
    ];
    assert_eq!(counted[..5], expected);
    let only = |name: &str| {
        let with = lines.iter().enumerate().filter(|(_, line)| figure(line, name).is_some());
        with.map(|(n, _)| n).collect::<Vec<_>>()
    };
    assert_eq!(only("event_lag_ms"), [0]);
    assert_eq!(only("duplicate_events_total"), [1]);
    assert_eq!(only("forged_events_total"), [3]);
    assert_eq!(only("requests_total"), Vec::<usize>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_tells_who_somebody_is_or_what_is_secret_comes_out() {
    let settings = [("ORDER_INDEX", INDEX), ("LOG_LEVEL", "trace"), ("STRIPE_MAX_RETRIES", "0")];
    let stack = Stack::with(&settings).await;
    let marked = |order: &str| {
        session_of("user_Marked", order)
            .email("marked@example.com")
            .set("customer_email", json!("marked@example.com"))
    };
    stack.given_session(marked("cs_test_a1red"));
    stack.given_session(marked("cs_test_a1corrupt"));
    let broken = webhook_row("user_Marked", "cs_test_a1corrupt", CREATED + 7);
    stack.given_rows([broken.set("amount", json!("Marked"))]).await;
    let mut event = completed("evt_1", "cs_test_a1red");
    event["data"]["object"]["customer_details"] = json!({"email": "marked@example.com"});
    stack.post(&event).await;
    stack.post(&event).await;
    stack.post(&completed("evt_2", "cs_test_a1corrupt")).await;
    stack.lambda.invoke(&bridged(&event)).await;
    let secretive = r#"{"id": "evt Marked", "type": "Marked", "data": {"object": "Marked"}}"#;
    stack.post_signed(secretive, Some("t=1,v1=Marked")).await;
    let signature =
        stripe_sim::sign(secretive.as_bytes(), crate::stack::SECRET, crate::stack::now());
    stack.post_signed(secretive, Some(&signature)).await;
    stack.lambda.invoke(&json!({"detail": {"id": "Marked!", "type": "Marked"}})).await;
    stack.lambda.invoke(&json!("Marked")).await;
    stack.stripe.inject(Fault::Status(401), Times::Next(1));
    stack.post(&completed("evt_3", "cs_test_a1red")).await;
    stack.lines().await;
    let log = stack.lambda.program.output().join("\n").to_lowercase();
    for secret in ["marked", "whsec_", "sk_test_", "secretofthesetests", "v1="] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
