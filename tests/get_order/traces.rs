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
    // A number, not its digits.
    assert!(request.whole.contains("IntValue(200)"), "{}", request.whole);
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
async fn a_collector_that_fails_is_asked_once_and_holds_nobody_up() {
    for (collector, exports) in [
        (Collector::start(Duration::from_mins(1)).await, 1),
        (Collector::busy().await, 1),
        (Collector::nowhere(), 0),
    ] {
        let stack = stack(&collector, &[]).await;
        stack.given_rows([webhook_row("ava", "cs_test_a1alone", CREATED)]).await;
        for _ in 0..3 {
            let answer = stack.open_order("ava", "cs_test_a1alone").await;
            assert_eq!(answer.status, 200);
            // Half a second at most, and not the five that the busy one would like.
            assert!(answer.took < Duration::from_secs(4), "{:?}", answer.took);
        }
        let lines = stack.lines().await;
        let of_collector: Vec<_> = lines.iter().filter(|line| line.contains("collector")).collect();
        assert_eq!(of_collector.len(), 1, "{lines:#?}");
        let line: Value = serde_json::from_str(of_collector[0]).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("degraded")));
        assert_eq!(line["requestId"], "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        assert_eq!(collector.exports(), exports);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_share_a_call_keep_their_spans_and_lines_apart() {
    let collector = Collector::start(Duration::ZERO).await;
    let stack = stack(&collector, &[("AWS_LAMBDA_MAX_CONCURRENCY", "8")]).await;
    stack.given_session(session_of("ava", "cs_test_a1shared"));
    stack.stripe.inject(Fault::Status(500), Times::Next(1));
    stack.stripe.inject(Fault::Delay(Duration::from_millis(200)), Times::Next(1));
    let members = ["ava", "ben", "ava", "ben", "ava"];
    let asked = members.map(|user| stack.open_order(user, "cs_test_a1shared"));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status)));
    // With several at a time, none tells that another has ended; the last that is said of one is
    // its span.
    let has_ended = |span: &CollectedSpan| span.attribute("order.id") == "cs_test_a1shared";
    let mut spans = Vec::new();
    while spans.iter().filter(|span| has_ended(span)).count() < members.len() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        spans = collector.spans();
    }
    let lines = stack.lines().await;
    let lines = lines.iter().filter(|line| line.contains("cs_test_a1shared"));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), members.len());
    let calls: u64 = lines.iter().map(|line| line["stripeCalls"].as_u64().unwrap()).sum();
    assert_eq!(calls, u64::try_from(stack.stripe.calls()).unwrap());

    let attempts: Vec<_> = spans.iter().filter(|it| it.name.contains("/v1/checkout")).collect();
    assert_eq!(attempts.len(), stack.stripe.calls());
    // The attempts of a call stand below the one request whose line counts them.
    for line in lines.iter().filter(|line| line["stripeCalls"] != 0) {
        let id = &line["lambdaRequestId"];
        let request = spans.iter().find(|span| span.attribute("faas.invocation_id") == id).unwrap();
        let below = attempts.iter().filter(|span| span.parent == request.id).count();
        assert_eq!(line["stripeCalls"], below, "{spans:#?}");
    }
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
