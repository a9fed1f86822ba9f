//! The checks of a request, in their order.

use serde_json::{Value, json};
use table_sim::webhook_row;
use test_support::{Asker, rest_event};

use crate::stack::{CREATED, Stack};

const ORDER: &str = "cs_test_a1request";

async fn stack() -> Stack {
    let stack = Stack::start().await;
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    stack
}

/// The event of Ava's request, with a change.
fn event(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = rest_event(&Asker::user("ava"), ORDER);
    change(&mut event);
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_check_that_fails_answers() {
    let stack = stack().await;
    let nobody = json!({"principalId": "eyJhbGciOiJub25lIn0.e30."});
    for (name, event, status, error, code) in [
        (
            "another method, although nobody is known and no order is named",
            event(|e| {
                e["httpMethod"] = json!("DELETE");
                e["requestContext"]["authorizer"] = nobody.clone();
                e["pathParameters"] = json!({"orderId": ""});
            }),
            405,
            "Method not allowed",
            "method_not_allowed",
        ),
        (
            "nobody, although no order is named",
            event(|e| {
                e["requestContext"]["authorizer"] = nobody.clone();
                e["pathParameters"] = json!({"orderId": ""});
            }),
            401,
            "Unauthorized",
            "unauthorized",
        ),
        (
            "no authorizer",
            event(|e| e["requestContext"]["authorizer"] = Value::Null),
            401,
            "Unauthorized",
            "unauthorized",
        ),
        (
            "an identity in a header and a query parameter only",
            event(|e| {
                e["requestContext"]["authorizer"] = json!({});
                e["headers"]["userId"] = json!("ava");
                e["queryStringParameters"] = json!({"userId": "ava"});
            }),
            401,
            "Unauthorized",
            "unauthorized",
        ),
        (
            "an empty order id",
            event(|e| e["pathParameters"] = json!({"orderId": ""})),
            400,
            "Missing orderId",
            "missing_order_id",
        ),
        (
            "no order id at all",
            event(|e| {
                e["pathParameters"] = Value::Null;
                e["path"] = json!("/dashboard/orders/");
            }),
            400,
            "Missing orderId",
            "missing_order_id",
        ),
        (
            "an order id with a blank",
            event(|e| e["pathParameters"] = json!({"orderId": "cs test"})),
            400,
            "Invalid orderId",
            "invalid_order_id",
        ),
        (
            "an order id of 256 characters",
            event(|e| e["pathParameters"] = json!({"orderId": "a".repeat(256)})),
            400,
            "Invalid orderId",
            "invalid_order_id",
        ),
        (
            "an order that nobody has",
            event(|e| e["pathParameters"] = json!({"orderId": "cs_test_nowhere"})),
            404,
            "Order not found",
            "order_not_found",
        ),
    ] {
        let answer = stack.send(&event).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        let body = answer.json();
        assert_eq!(body["error"], error, "{name}");
        assert_eq!(body["code"], code, "{name}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}");
        assert_eq!(body["requestId"], "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "{name}");
        assert_eq!(answer.header("x-request-id"), body["requestId"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_allowed_is_told_which_are() {
    let stack = stack().await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE"] {
        let answer = stack.send(&event(|e| e["httpMethod"] = json!(method))).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET, HEAD, OPTIONS"),
            "{method}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_needs_no_identity_and_is_told_what_a_page_may_do() {
    let stack = stack().await;
    let answer = stack
        .send(&event(|e| {
            e["httpMethod"] = json!("OPTIONS");
            e["requestContext"]["authorizer"] = Value::Null;
        }))
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    let headers = answer.header("access-control-allow-headers");
    for name in
        ["Content-Type", "Authorization", "If-None-Match", "X-Amz-Date", "X-Amz-Security-Token"]
    {
        assert!(headers.contains(name), "{name} in {headers}");
    }
    assert!(answer.header("access-control-max-age").parse::<u32>().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let stack = stack().await;
    let get = stack.send(&event(|_| {})).await;
    let head = stack.send(&event(|e| e["httpMethod"] = json!("HEAD"))).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("etag"), get.header("etag"));
    let missing = stack
        .send(&event(|e| {
            e["httpMethod"] = json!("HEAD");
            e["pathParameters"] = json!({"orderId": "cs_test_nowhere"});
        }))
        .await;
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_path_parameter_the_path_names_the_order() {
    let stack = stack().await;
    for (path, status) in [
        (format!("/dashboard/orders/{ORDER}"), 200),
        (format!("/dashboard/orders/{ORDER}/"), 200),
        (format!("/prod/v1/dashboard/orders/{ORDER}"), 200),
        ("/dashboard/orders/cs%5Ftest%5Fa1request".to_owned(), 200),
        // Decoded once, not twice.
        ("/dashboard/orders/cs%255Ftest%255Fa1request".to_owned(), 400),
        ("/dashboard/orders/%ff".to_owned(), 400),
        (format!("/dashboard/orders/{ORDER}/lines"), 400),
        (format!("/elsewhere/{ORDER}"), 400),
    ] {
        let answer = stack
            .send(&event(|e| {
                e["pathParameters"] = Value::Null;
                e["path"] = json!(path);
            }))
            .await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}
