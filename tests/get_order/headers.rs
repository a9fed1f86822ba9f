//! The headers of answers: caching, CORS, timing.

use serde_json::{Value, json};
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, rest_event};

use crate::stack::{CREATED, Stack, session_of};

const ORDER: &str = "cs_test_a1headers";

fn with_header(name: &str, value: &str) -> Value {
    let mut event = rest_event(&Asker::user("ava"), ORDER);
    event["headers"][name] = json!(value);
    event["multiValueHeaders"][name] = json!([value]);
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_it_is_and_who_may_read_it() {
    let stack = Stack::start().await;
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    let plain = || rest_event(&Asker::user("ava"), ORDER);
    let changed = |pointer: &str, value: Value| {
        let mut event = plain();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    for (event, status) in [
        (plain(), 200),
        (with_header("If-None-Match", "*"), 304),
        (changed("/httpMethod", json!("OPTIONS")), 204),
        (changed("/httpMethod", json!("POST")), 405),
        (changed("/requestContext/authorizer", json!({})), 401),
        (changed("/pathParameters/orderId", json!("a b")), 400),
        (changed("/pathParameters/orderId", json!("cs_test_none")), 404),
    ] {
        let answer = stack.send(&event).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{status}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{status}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{status}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{status}");
        let exposed = answer.header("access-control-expose-headers");
        for name in ["ETag", "X-Order-Source", "Server-Timing", "X-Request-Id", "Retry-After"] {
            assert!(exposed.contains(name), "{status}: {name} in {exposed}");
        }
        assert_eq!(answer.header("x-request-id"), "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        let vary = if matches!(status, 200 | 304) { "Origin, Authorization" } else { "Origin" };
        assert_eq!(answer.header("vary"), vary, "{status}");
        assert_eq!(answer.raw["isBase64Encoded"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_may_be_kept_but_is_always_checked() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    let first = stack.open_order("ava", ORDER).await;
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "a strong tag: {tag}");

    let unchanged = stack.send(&with_header("if-none-match", &format!("\"other\", {tag}"))).await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(unchanged.header("etag"), tag);
    let changed = stack.send(&with_header("If-None-Match", "\"other\"")).await;
    assert_eq!(changed.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_says_where_it_came_from_and_what_it_took() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    for (source, stripe_was_asked) in [("stripe", true), ("snapshot", false)] {
        let answer = stack.open_order("ava", ORDER).await;
        assert_eq!(answer.header("x-order-source"), source);
        let timing = answer.header("server-timing");
        let milliseconds = |name: &str| -> f64 {
            let (_, rest) = timing.split_once(&format!("{name};dur=")).unwrap();
            rest.split(',').next().unwrap().parse().unwrap()
        };
        assert!(milliseconds("store") > 0.0, "{timing}");
        assert_eq!(milliseconds("stripe") > 0.0, stripe_was_asked, "{timing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_listed_origin_gets_its_name_back_on_answers_and_errors_alike() {
    let origins = "https://club.example, http://localhost:3000";
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("CORS_ALLOW_ORIGIN", origins)]).await;
    stack.given_rows([webhook_row("ava", ORDER, CREATED)]).await;
    for order in [ORDER, "cs_test_none"] {
        for (origin, allowed, credentials) in [
            ("https://club.example", "https://club.example", "true"),
            ("http://localhost:3000", "http://localhost:3000", "true"),
            ("https://evil.example", "https://club.example", ""),
        ] {
            let mut event = with_header("Origin", origin);
            event["pathParameters"]["orderId"] = json!(order);
            let answer = stack.send(&event).await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), credentials, "{origin}");
        }
    }
}
