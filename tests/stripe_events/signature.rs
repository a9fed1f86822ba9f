//! Who may post: Stripe, and nobody else. Whatever is refused leaves nothing behind.

use serde_json::{Value, json};
use stripe_sim::{sign, sign_with_each};
use test_support::posted_event;

use crate::stack::{SECRET, Stack, completed, now, session_of};

const ORDER: &str = "cs_test_a1signed";

async fn stack_with_an_order() -> (Stack, String) {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    let body = completed("evt_1", ORDER).to_string();
    (stack, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_stripes_is_refused_and_leaves_nothing_behind() {
    let (stack, body) = stack_with_an_order().await;
    let own = |time| sign(body.as_bytes(), SECRET, time);
    let signature = own(now());
    let large = format!("{body}{}", " ".repeat(300_000));
    let other = completed("evt_1", "cs_test_a1other").to_string();
    for (sent, signature, code) in [
        (&body, None, "missing_signature"),
        (&body, Some(String::new()), "missing_signature"),
        (&body, Some("nonsense".to_owned()), "invalid_signature"),
        (&body, Some(format!("t={}", now())), "invalid_signature"),
        (&body, Some(sign(body.as_bytes(), "whsec_somebodyElses", now())), "invalid_signature"),
        (&body, Some(signature.replace("v1=", "v0=")), "invalid_signature"),
        (&other, Some(signature.clone()), "invalid_signature"),
        (&body[..body.len() - 1].to_owned(), Some(signature.clone()), "invalid_signature"),
        (&String::new(), Some(signature.clone()), "invalid_signature"),
        (&format!("{body}\n"), Some(signature.clone()), "invalid_signature"),
        // Signed anew by whoever does not know the secret, with a time of today.
        (
            &body,
            Some(own(now() - 900).replace(&(now() - 900).to_string(), &now().to_string())),
            "invalid_signature",
        ),
        (&body, Some(own(now() - 310)), "signature_outside_tolerance"),
        (&body, Some(own(now() + 310)), "signature_outside_tolerance"),
        (&large, Some(sign(large.as_bytes(), SECRET, now())), "event_too_large"),
    ] {
        let answer = stack.post_signed(sent, signature.as_deref()).await;
        let said = answer.json();
        assert_eq!((answer.status, said["code"].as_str()), (400, Some(code)), "{signature:?}");
        for field in ["error", "detail", "requestId"] {
            assert!(said[field].is_string(), "{code}: {field}");
        }
        assert_eq!(said["requestId"], answer.header("X-Request-Id"));
    }
    assert_eq!((stack.table.count().await.unwrap(), stack.stripe.calls()), (0, 0));
    // The very same message, signed as it should be, is taken.
    assert_eq!(stack.post_signed(&body, Some(&signature)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_but_no_event_is_refused_by_its_field() {
    let (stack, _) = stack_with_an_order().await;
    for (body, field) in [
        ("}{", "body"),
        ("[]", "body"),
        (r#"{"type": "charge.refunded"}"#, "id"),
        (r#"{"id": "evt_1"}"#, "type"),
        (r#"{"id": "evt_1", "type": "checkout.session.completed"}"#, "data"),
        (
            r#"{"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {}}}"#,
            "data.object.id",
        ),
    ] {
        let signature = sign(body.as_bytes(), SECRET, now());
        let answer = stack.post_signed(body, Some(&signature)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed_event")));
        let lines = stack.lines().await;
        let line = lines.iter().rev().find(|line| line["outcome"] == "malformed").unwrap();
        let reason = line["reason"].as_str().unwrap();
        assert!(reason.contains(field), "{field}: {reason}");
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_counts_while_one_is_rolled() {
    let settings = [("STRIPE_WEBHOOK_SECRET", "whsec_theNewOne, whsec_theOldOne")];
    let stack = Stack::with(&settings).await;
    for (n, secrets) in
        [vec!["whsec_theOldOne"], vec!["whsec_theNewOne"], vec!["whsec_x", "whsec_theOldOne"]]
            .into_iter()
            .enumerate()
    {
        let order = format!("cs_test_a1roll{n}");
        stack.given_session(session_of("ava", &order));
        let body = completed(&format!("evt_{n}"), &order).to_string();
        let signature = sign_with_each(body.as_bytes(), secrets, now());
        assert_eq!(stack.post_signed(&body, Some(&signature)).await.status, 200);
    }
    let body = completed("evt_9", "cs_test_a1roll0").to_string();
    let signature = sign(body.as_bytes(), SECRET, now());
    assert_eq!(stack.post_signed(&body, Some(&signature)).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tolerance_can_be_set() {
    let stack = Stack::with(&[("STRIPE_WEBHOOK_TOLERANCE", "20")]).await;
    stack.given_session(session_of("ava", ORDER));
    let body = completed("evt_1", ORDER).to_string();
    for (age, status) in [(30, 400), (-30, 400), (10, 200)] {
        let signature = sign(body.as_bytes(), SECRET, now() - age);
        assert_eq!(stack.post_signed(&body, Some(&signature)).await.status, status, "{age}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_post_is_answered() {
    let (stack, body) = stack_with_an_order().await;
    let signature = sign(body.as_bytes(), SECRET, now());
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let mut event = posted_event(&body, Some(&signature));
        event["httpMethod"] = json!(method);
        let answer = stack.lambda.invoke(&event).await;
        assert_eq!((answer.status, answer.header("Allow")), (405, "POST"), "{method}");
        assert_eq!(answer.json()["code"], "method_not_allowed");
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_nobody_asks_about_is_taken_and_leaves_nothing_behind() {
    let stack = Stack::start().await;
    for event_type in ["customer.created", "charge.succeeded", "checkout.session.reopened", "x"] {
        let object = json!({"id": "x_1", "payment_intent": "pi_test_a1signed"});
        let event = crate::stack::event_about("evt_1", event_type, object);
        let answer = stack.post(&event).await;
        assert_eq!(answer.json(), json!({"received": true, "outcome": "ignored"}));
    }
    assert_eq!((stack.table.count().await.unwrap(), stack.stripe.calls()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_mode_or_account_is_taken_and_leaves_nothing_behind() {
    let (stack, _) = stack_with_an_order().await;
    for (field, value) in [("livemode", json!(true)), ("account", json!("acct_1Connected"))] {
        let mut event = completed("evt_1", ORDER);
        event[field] = value;
        let answer = stack.post(&event).await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("not_ours")));
    }
    let nobodys: Value = completed("evt_2", "cs_live_a1signed");
    assert_eq!(stack.post(&nobodys).await.json()["outcome"], "no_order");
    assert_eq!((stack.table.count().await.unwrap(), stack.stripe.calls()), (0, 0));
}
