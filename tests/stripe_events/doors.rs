//! The three doors, and that none is taken for another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stripe_sim::{Fault, Times, sign};
use table_sim::INDEX;
use test_support::posted_event;

use crate::stack::{SECRET, Stack, completed, now, session_of};

/// An event as EventBridge hands it on.
pub(crate) fn bridged(event: &Value) -> Value {
    json!({
        "version": "0", "id": "c0c5dd9a-2f7b-4c0e-8f5e-0c4a5e1d6a10", "account": "123456789012",
        "source": "aws.partner/stripe.com/ed_test_61", "detail-type": event["type"],
        "time": "2025-11-26T21:28:24Z", "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1::event-source/aws.partner/stripe.com/ed_test_61"],
        "detail": event,
    })
}

/// A batch as SQS hands it on.
pub(crate) fn batch(bodies: &[String]) -> Value {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            json!({
                "messageId": format!("message-{n}"), "receiptHandle": "handle", "body": body,
                "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
                "eventSource": "aws:sqs", "awsRegion": "eu-central-1",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:stripe-events",
            })
        })
        .collect();
    json!({"Records": records})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_taken_in_every_shape_in_which_a_gateway_hands_it_on() {
    let stack = Stack::start().await;
    for (n, shape) in
        ["rest", "encoded", "http", "function url", "balancer"].into_iter().enumerate()
    {
        let order = format!("cs_test_a1shape{n}");
        stack.given_session(session_of("ava", &order));
        let mut body = completed(&format!("evt_{n}"), &order);
        // Not ASCII, so that a body that was decoded wrongly would not fit its signature.
        body["data"]["object"]["note"] = json!("\u{e9}\u{1f600}");
        let body = body.to_string();
        let signature = sign(body.as_bytes(), SECRET, now());
        let rest = posted_event(&body, Some(&signature));
        let context =
            json!({"requestId": "r", "http": {"method": "POST", "path": "/stripe/webhook"}});
        let event = match shape {
            "rest" => rest,
            "encoded" => {
                let mut event = rest;
                event["body"] = json!(STANDARD.encode(&body));
                event["isBase64Encoded"] = json!(true);
                event
            }
            "http" => json!({
                "version": "2.0", "rawPath": "/stripe/webhook", "requestContext": context,
                "headers": {"stripe-signature": signature}, "body": body, "isBase64Encoded": false,
            }),
            "function url" => json!({
                "version": "2.0", "rawPath": "/", "requestContext": context,
                "headers": {"stripe-signature": signature}, "body": STANDARD.encode(&body),
                "isBase64Encoded": true,
            }),
            _ => json!({
                "httpMethod": "POST", "path": "/stripe/webhook", "body": body,
                "multiValueHeaders": {"STRIPE-SIGNATURE": [signature]},
                "requestContext": {"elb": {"targetGroupArn": "a"}}, "isBase64Encoded": false,
            }),
        };
        let answer = stack.lambda.invoke(&event).await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("stored")), "{shape}");
        assert_eq!(answer.raw["statusDescription"].is_string(), shape == "balancer", "{shape}");
    }
    assert_eq!(stack.rows_of("ava").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn eventbridge_hands_an_event_on_without_a_signature() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1bridge"));
    let event = completed("evt_1", "cs_test_a1bridge");
    let answer = stack.lambda.invoke(&bridged(&event)).await;
    assert_eq!(answer.raw, json!({"outcome": "stored"}));
    assert_eq!(stack.row_of("ava").await["status"], "completed");
    // The same event by another door is the same event.
    assert_eq!(stack.post(&event).await.json()["outcome"], "duplicate");
    // What a rule takes out of the envelope will do.
    let taken_out = completed("evt_2", "cs_test_a1bridge");
    assert_eq!(stack.lambda.invoke(&taken_out).await.raw, json!({"outcome": "unchanged"}));
    assert_eq!(stack.line_of(&taken_out).await["door"], "eventbridge");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_handed_on_and_not_dealt_with_is_an_error_so_that_it_comes_again() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1again"));
    let event = bridged(&completed("evt_1", "cs_test_a1again"));
    stack.stripe.inject(Fault::Status(500), Times::Always);
    let failed = stack.lambda.invoke(&event).await;
    assert_eq!(failed.status, 0, "no answer, but an error: {failed:?}");
    assert!(failed.raw["errorMessage"].as_str().unwrap().contains("unavailable"), "{failed:?}");
    assert_eq!(stack.table.count().await.unwrap(), 0);
    stack.stripe.clear_faults();
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while stack.lambda.invoke(&event).await.raw != json!({"outcome": "stored"}) {}
    })
    .await
    .expect("it is taken once Stripe is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_only_the_records_that_failed_come_again() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "0")]).await;
    for order in ["cs_test_a1q0", "cs_test_a1q1", "cs_test_a1q2"] {
        stack.given_session(session_of("ava", order));
    }
    let raw = completed("evt_1", "cs_test_a1q1").to_string();
    let posted = completed("evt_2", "cs_test_a1q2").to_string();
    let signed = sign(posted.as_bytes(), SECRET, now());
    let bodies = [
        bridged(&completed("evt_0", "cs_test_a1q0")).to_string(),
        raw,
        posted_event(&posted, Some(&signed)).to_string(),
        // None of these can ever be dealt with; in the queue they would stay for ever.
        posted_event(&posted, Some("t=1,v1=00")).to_string(),
        "hello".to_owned(),
        json!({"detail": {"id": "evt_9"}}).to_string(),
        bridged(&crate::stack::event_about("evt_5", "customer.created", json!({}))).to_string(),
    ];
    let done = stack.lambda.invoke(&batch(&bodies)).await;
    assert_eq!(done.raw, json!({"batchItemFailures": []}));
    assert_eq!(stack.rows_of("ava").await.len(), 3);
    let lines = stack.lines().await;
    let outcomes: Vec<_> = (0..7)
        .map(|n| {
            let id = format!("message-{n}");
            let line = lines.iter().find(|line| line["requestId"] == id.as_str()).unwrap();
            assert_eq!(line["door"], "sqs");
            line["outcome"].as_str().unwrap()
        })
        .collect();
    let expected = ["stored", "stored", "stored", "forged", "malformed", "malformed", "ignored"];
    assert_eq!(outcomes, expected);

    // One of them meets a fault of Stripe's.
    stack.given_session(session_of("ben", "cs_test_a1q3"));
    stack.stripe.inject(Fault::Status(500), Times::Next(1));
    let bodies = ["evt_10", "evt_11"].map(|id| completed(id, "cs_test_a1q3").to_string());
    let failed = stack.lambda.invoke(&batch(&bodies[..1])).await;
    let named = json!({"batchItemFailures": [{"itemIdentifier": "message-0"}]});
    assert_eq!(failed.raw, named);
    assert_eq!(stack.rows_of("ben").await, []);
    let done = stack.lambda.invoke(&batch(&bodies)).await;
    assert_eq!(done.raw, json!({"batchItemFailures": []}));
    assert_eq!(stack.row_of("ben").await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_cannot_pretend_to_have_come_by_another_door() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1pretend"));
    let event = completed("evt_1", "cs_test_a1pretend");
    for body in [bridged(&event).to_string(), batch(&[event.to_string()]).to_string()] {
        let answer = stack.post_signed(&body, None).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("missing_signature")));
        // Not even when it is signed: then it is no event.
        let signature = sign(body.as_bytes(), SECRET, now());
        let answer = stack.post_signed(&body, Some(&signature)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed_event")));
    }
    assert_eq!((stack.table.count().await.unwrap(), stack.stripe.calls()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_at_all_is_said_and_done_with() {
    let stack = Stack::start().await;
    for odd in [json!({}), json!([]), json!("hello"), json!(null), json!({"Records": "x"})] {
        let answer = stack.lambda.invoke(&odd).await;
        assert_eq!(answer.raw, json!({"outcome": "malformed"}), "{odd}");
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_nothing_that_is_posted_is_believed_and_the_other_doors_are_open() {
    let stack = Stack::with(&[("STRIPE_WEBHOOK_SECRET", "")]).await;
    stack.given_session(session_of("ava", "cs_test_a1closed"));
    let event = completed("evt_1", "cs_test_a1closed");
    let answer = stack.post(&event).await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("internal_error")));
    let lines = stack.lines().await;
    let line = lines.iter().find(|line| line["outcome"] == "internal").unwrap();
    assert!(line["reason"].as_str().unwrap().contains("STRIPE_WEBHOOK_SECRET"), "{line}");
    assert_eq!(stack.lambda.invoke(&bridged(&event)).await.raw, json!({"outcome": "stored"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waited_in_a_queue_is_as_old_as_it_was_when_it_came_there() {
    const HOUR: i64 = 60 * 60;
    let stack = Stack::with(&[("ORDER_INDEX", INDEX)]).await;
    stack.given_session(session_of("ava", "cs_test_a1waited"));
    let posted = completed("evt_1", "cs_test_a1waited").to_string();
    let request = |signed_at| {
        let signature = sign(posted.as_bytes(), SECRET, signed_at);
        posted_event(&posted, Some(&signature)).to_string()
    };
    let arrived = now() - HOUR;
    for (signed_at, sent_at, rows) in [
        // An old request that somebody kept, and put into the queue now.
        (arrived, now(), 0),
        // The queue's own word counts no further than the present.
        (now() + HOUR, now() + HOUR, 0),
        (arrived - 2, arrived, 1),
    ] {
        let mut batch = batch(&[request(signed_at)]);
        let sent = json!({"SentTimestamp": (sent_at * 1000).to_string()});
        batch["Records"][0]["attributes"] = sent;
        let done = stack.lambda.invoke(&batch).await;
        assert_eq!(done.raw, json!({"batchItemFailures": []}));
        assert_eq!(stack.rows_of("ava").await.len(), rows, "{signed_at} {sent_at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_record_hides_none_of_the_others() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "0")]).await;
    stack.given_session(session_of("ava", "cs_test_a1odd"));
    let bodies = [completed("evt_1", "cs_test_a1odd").to_string(), String::new()];
    let mut batch = batch(&bodies);
    for odd in [json!({"messageId": null, "body": 7}), json!("no record"), json!(null)] {
        batch["Records"][1] = odd;
        stack.stripe.inject(Fault::Status(500), Times::Next(1));
        let failed = stack.lambda.invoke(&batch).await;
        let named = json!({"batchItemFailures": [{"itemIdentifier": "message-0"}]});
        assert_eq!(failed.raw, named, "{batch}");
    }
    let done = stack.lambda.invoke(&batch).await;
    assert_eq!(done.raw, json!({"batchItemFailures": []}));
    assert_eq!(stack.rows_of("ava").await.len(), 1);
}
