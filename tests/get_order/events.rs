//! Every kind of event that can reach the function.

use std::time::Duration;

use serde_json::{Value, json};
use table_sim::webhook_row;
use test_support::{Asker, recorded_payloads, rest_event};

use crate::stack::{CREATED, Stack};
use crate::subject::HANDS_ON_ANY_DEPTH;

const ORDER: &str = "cs_test_a1events";

fn http_api() -> Value {
    json!({
        "version": "2.0", "routeKey": "GET /dashboard/orders/{orderId}",
        "rawPath": format!("/prod/dashboard/orders/{ORDER}"), "rawQueryString": "",
        "headers": {"origin": "https://club.example"},
        "pathParameters": {"orderId": ORDER},
        "requestContext": {
            "http": {"method": "GET", "path": format!("/prod/dashboard/orders/{ORDER}")},
            "requestId": "http-api-request", "stage": "prod",
            "authorizer": {"jwt": {"claims": {"sub": "ava"}, "scopes": null}},
        },
        "isBase64Encoded": false,
    })
}

fn function_url() -> Value {
    let mut event = http_api();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(format!("/dashboard/orders/{ORDER}"));
    event["pathParameters"] = Value::Null;
    event["requestContext"]["authorizer"] = json!({"lambda": {"userId": "ava"}});
    event
}

fn load_balancer(multiple: bool) -> Value {
    let mut event = json!({
        "requestContext": {
            "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/t/1"},
            "authorizer": {"userId": "ava"},
        },
        "httpMethod": "GET", "path": format!("/dashboard/orders/{ORDER}"), "body": "",
        "isBase64Encoded": false,
    });
    if multiple {
        event["multiValueHeaders"] = json!({"accept": ["*/*"]});
    } else {
        event["headers"] = json!({"accept": "*/*"});
    }
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_is_answered_through_every_door() {
    let stack = Stack::start().await;
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    let rest = stack.open_order("ava", ORDER).await;
    for (door, event) in [
        ("HTTP API", http_api()),
        ("function URL", function_url()),
        ("load balancer", load_balancer(false)),
        ("load balancer with multi-value headers", load_balancer(true)),
        ("REST without a path parameter", {
            let mut event = rest_event(&Asker::user("ava"), ORDER);
            event["pathParameters"] = Value::Null;
            event
        }),
        ("a test event of the console, without a method", {
            json!({"pathParameters": {"orderId": ORDER}, "requestContext": {"authorizer": {"userId": "ava"}}})
        }),
    ] {
        let answer = stack.send(&event).await;
        assert_eq!(answer.status, 200, "{door}: {answer:?}");
        assert_eq!(answer.body, rest.body, "{door}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancer_gets_headers_in_the_style_that_it_sent() {
    let stack = Stack::start().await;
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    let single = stack.send(&load_balancer(false)).await.raw;
    assert!(single["headers"].is_object() && single["multiValueHeaders"].is_null());
    assert_eq!(single["statusDescription"], "200 OK");
    let multiple = stack.send(&load_balancer(true)).await.raw;
    assert!(multiple["headers"].is_null());
    assert!(multiple["multiValueHeaders"]["ETag"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_goes_unanswered_or_ends_the_program() {
    answers_any_event(&Stack::start().await).await;
    // At the finest level libraries may look at an event that nobody else would.
    answers_any_event(&Stack::with(&[("LOG_LEVEL", "trace")]).await).await;
}

async fn answers_any_event(stack: &Stack) {
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let strange = [
        "null",
        "true",
        "0",
        "\"text\"",
        "[]",
        "{}",
        r#"{"httpMethod":7,"path":[],"headers":"x"}"#,
        r#"{"httpMethod":"GET","requestContext":null}"#,
        r#"{"requestContext":{"authorizer":{"userId":{"sub":["ava"]}},"http":[]}}"#,
        r#"{"httpMethod":"GET","httpMethod":"POST"}"#,
        r#"{"pathParameters":{"orderId":{"a":1}},"multiValueHeaders":{"origin":[1,null]}}"#,
    ];
    let deep = HANDS_ON_ANY_DEPTH.then_some(deep.as_str());
    for event in strange.into_iter().chain(deep) {
        let shown: String = event.chars().take(60).collect();
        let answer = stack.lambda.invoke_within(event.to_owned(), Duration::from_secs(5)).await;
        assert!((400..500).contains(&answer.status), "{shown}: {answer:?}");
    }
    // What is no JSON at all never reaches the handler; it is refused, and the program goes on.
    for bytes in [&b"{"[..], b"\xff\xfe", b"", b"{\"a\":}"] {
        let refused = stack.lambda.invoke_within(bytes.to_vec(), Duration::from_secs(5)).await;
        assert_eq!(refused.status, 0, "{refused:?}");
    }
    assert_eq!(stack.open_order("ava", ORDER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_event_is_answered_with_some_status() {
    let Some(events) = recorded_payloads("apigw") else { return };
    let stack = Stack::start().await;
    let count = events.len();
    for (name, event) in events {
        let answer = stack.lambda.invoke_within(event, Duration::from_secs(10)).await;
        assert!((200..500).contains(&answer.status), "{name}: {answer:?}");
    }
    assert!(count > 30, "only {count} recorded events");
    assert_eq!(stack.open_order("ava", "cs_test_none").await.status, 404);
}
