//! Traces: the spans that a collector gets, and what those who are called are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stripe_sim::{Fault, Times};
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, CollectedSpan, Collector, rest_event};

use crate::stack::{CREATED, Stack, services, session_of, start_lambda};

/// A request and a span in a trace that a page began, as `traceparent` says it.
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn stack(collector: &Collector, more: &[(&str, &str)]) -> Stack {
    let mut settings = vec![
        ("ORDER_INDEX", INDEX),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    settings.extend_from_slice(more);
    Stack::with(&settings).await
}

fn with_parent(order: &str, parent: &str) -> Value {
    let mut event = rest_event(&Asker::user("ava"), order);
    event["headers"]["Traceparent"] = json!(parent);
    event
}

/// The spans of the invocations so far, without those of the one that shows that they have ended:
/// Lambda gives the program no other before it asks for one.
async fn spans_of(stack: &Stack, collector: &Collector) -> Vec<CollectedSpan> {
    stack.send(&json!({"httpMethod": "OPTIONS"})).await;
    let spans = collector.spans().into_iter();
    spans.filter(|span| !span.name.starts_with("OPTIONS")).collect()
}

fn named<'a>(spans: &'a [CollectedSpan], name: &str) -> &'a CollectedSpan {
    let found = spans.iter().find(|span| span.name == name);
    found.ok_or(format!("no {name} in {spans:#?}")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_tree_of_spans_that_is_out_before_the_invocation_ends() {
    let collector = Collector::start(Duration::ZERO).await;
    let stack = stack(&collector, &[]).await;
    stack.given_session(session_of("ava", "cs_test_a1traced"));
    stack.stripe.inject(Fault::Status(500), Times::Next(1));
    assert_eq!(stack.open_order("ava", "cs_test_a1traced").await.status, 200);

    let spans = spans_of(&stack, &collector).await;
    let request = named(&spans, "GET /dashboard/orders/{orderId}");
    assert_eq!(request.kind, 2);
    // Of the stand-in for the Lambda Runtime API.
    assert_eq!(request.trace, "5bef4de7ad49b0e87f6ef6c87fc2e700");
    for (attribute, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/dashboard/orders/{orderId}"),
        ("http.response.status_code", "200"),
        ("outcome", "stripe_fallback"),
        ("order.id", "cs_test_a1traced"),
        ("faas.coldstart", "true"),
        ("request_id", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
        ("service.name", "get-order"),
        ("deployment.environment.name", "test"),
    ] {
        assert_eq!(request.attribute(attribute), value, "{attribute} of {request:#?}");
    }
    let below: Vec<_> = spans.iter().filter(|span| span.id != request.id).collect();
    assert!(below.iter().all(|span| span.parent == request.id && span.kind == 3), "{spans:#?}");
    assert!(below.iter().all(|span| span.trace == request.trace), "{spans:#?}");
    let names: Vec<_> = below.iter().map(|span| span.name.as_str()).collect();
    let stripe = "GET /v1/checkout/sessions/{id}";
    assert_eq!(names, ["Query commerce", stripe, stripe, "PutItem commerce"]);
    let told = |span: &CollectedSpan| {
        let of = |name| span.attribute(name).to_owned();
        let (attempt, id) = (of("stripe.attempt"), of("stripe.request_id"));
        (attempt, id, of("http.response.status_code"), span.is_error)
    };
    let attempt = |number: &str, id: &str, status: &str, is_error| {
        (number.to_owned(), id.to_owned(), status.to_owned(), is_error)
    };
    assert_eq!(told(below[1]), attempt("1", "req_sim00000001", "500", true));
    assert_eq!(told(below[2]), attempt("2", "req_sim00000002", "200", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_continued_and_passed_on() {
    let collector = Collector::start(Duration::ZERO).await;
    let stack = stack(&collector, &[]).await;
    stack.given_session(session_of("ava", "cs_test_a1passed"));
    assert_eq!(stack.send(&with_parent("cs_test_a1passed", PARENT)).await.status, 200);

    let spans = spans_of(&stack, &collector).await;
    assert!(spans.iter().all(|span| span.trace == "0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(named(&spans, "GET /dashboard/orders/{orderId}").parent, "b7ad6b7169203331");
    let attempt = named(&spans, "GET /v1/checkout/sessions/{id}");
    let passed_on = stack.stripe.requests()[0].trace.clone();
    assert_eq!(passed_on, Some(format!("00-{}-{}-01", attempt.trace, attempt.id)));
    let line = stack.lambda.program.line_with("cs_test_a1passed").await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["traceId"], attempt.trace);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_its_beginner_does_not_keep_is_passed_on_and_not_kept() {
    let collector = Collector::start(Duration::ZERO).await;
    let stack = stack(&collector, &[]).await;
    let unkept = PARENT.replace("-01", "-00");
    stack.send(&with_parent("cs_test_a1unkept", &unkept)).await;
    assert_eq!(spans_of(&stack, &collector).await.len(), 0);
    let passed_on = stack.stripe.requests()[0].trace.clone().unwrap();
    assert!(passed_on.starts_with(&unkept[..35]) && passed_on.ends_with("-00"), "{passed_on}");
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_are_passed_on_where_nobody_collects_them() {
    let stack = Stack::start().await;
    stack.send(&with_parent("cs_test_a1w3c", PARENT)).await;
    stack.open_order("ava", "cs_test_a1amazon").await;
    let passed_on: Vec<_> = stack.stripe.requests().into_iter().map(|it| it.trace).collect();
    let of_lambda = "00-5bef4de7ad49b0e87f6ef6c87fc2e700-ad49b0e87f6ef6c8-01".to_owned();
    assert_eq!(passed_on, [Some(PARENT.to_owned()), Some(of_lambda)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_is_waited_for_once_and_after_the_answer() {
    let collector = Collector::start(Duration::from_mins(1)).await;
    let stack = stack(&collector, &[]).await;
    stack.given_rows([webhook_row("ava", "cs_test_a1hung", CREATED)]).await;
    for n in 0..3 {
        let answer = stack.open_order("ava", "cs_test_a1hung").await;
        assert_eq!(answer.status, 200);
        // The second has to wait until the first invocation has ended.
        let longest = if n == 1 { 2000 } else { 400 };
        assert!(answer.took < Duration::from_millis(longest), "{n}: {:?}", answer.took);
    }
    assert_eq!(collector.exports(), 1);
    let line = stack.lambda.program.line_with("collector").await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["requestId"], "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_nothing_but_a_line() {
    let stack = Stack::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    stack.given_rows([webhook_row("ava", "cs_test_a1alone", CREATED)]).await;
    for _ in 0..3 {
        assert_eq!(stack.open_order("ava", "cs_test_a1alone").await.status, 200);
    }
    let lines = stack.lambda.program.output();
    assert_eq!(lines.iter().filter(|line| line.contains("collector")).count(), 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_told_lambdas_trace() {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let table = format!("http://{}", listener.local_addr().unwrap());
    let hears = Arc::clone(&told);
    let router = axum::Router::new().fallback(move |headers: axum::http::HeaderMap| {
        let trace = headers["x-amzn-trace-id"].to_str().unwrap().to_owned();
        hears.lock().unwrap().push(trace);
        std::future::ready(r#"{"Count": 0, "ScannedCount": 0, "Items": []}"#)
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (_, stripe) = services().await;
    let lambda = start_lambda(&table, &stripe.base(), &[]).await;
    lambda.invoke(&rest_event(&Asker::user("ava"), "cs_test_a1told")).await;
    assert_eq!(*told.lock().unwrap(), ["Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"]);
}
