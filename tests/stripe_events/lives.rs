//! What happens to orders, from the first event to the last, and what the member then sees.

use serde_json::{Value, json};
use stripe_sim::Act;
use test_support::Asker;

use crate::stack::{BOTH_WAYS, CREATED, Stack, session_of};

/// What happens, and how the order is then: its status, what was refunded, and whether it is
/// disputed; `None` where there is no row.
type Step = (Act, Option<(&'static str, i64, bool)>);

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_always_as_stripe_has_it() {
    let lives: [(&str, &[Step]); 7] = [
        (
            "card",
            &[
                (Act::Pay, Some(("completed", 0, false))),
                (Act::Refund(Some(1000)), Some(("completed", 1000, false))),
                (Act::Refund(None), Some(("refunded", 3000, false))),
            ],
        ),
        (
            "late",
            &[
                (Act::Complete, Some(("pending", 0, false))),
                (Act::Pay, Some(("completed", 0, false))),
                (Act::Refund(None), Some(("refunded", 3000, false))),
            ],
        ),
        (
            "failed",
            &[
                (Act::Complete, Some(("pending", 0, false))),
                (Act::Fail, Some(("cancelled", 0, false))),
            ],
        ),
        ("declined", &[(Act::Fail, None), (Act::Pay, Some(("completed", 0, false)))]),
        ("expired", &[(Act::Expire, None)]),
        (
            "won",
            &[
                (Act::Pay, Some(("completed", 0, false))),
                (Act::Dispute, Some(("completed", 0, true))),
                (Act::WinDispute, Some(("completed", 0, true))),
            ],
        ),
        (
            "lost",
            &[
                (Act::Pay, Some(("completed", 0, false))),
                (Act::Dispute, Some(("completed", 0, true))),
                (Act::LoseDispute, Some(("completed", 0, true))),
            ],
        ),
    ];
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        for (name, life) in lives {
            let (user, order) = (format!("user_{name}"), format!("cs_test_a1{name}"));
            stack.given_session(session_of(&user, &order).open());
            for (act, expected) in life {
                stack.happens_and_is_told(&order, *act).await;
                let rows = stack.rows_of(&user).await;
                let Some((status, refunded, disputed)) = *expected else {
                    assert_eq!(rows, [], "{name} {act}");
                    continue;
                };
                assert_eq!(rows.len(), 1, "{name} {act}: {rows:?}");
                assert_eq!(rows[0]["SK"], format!("ORDER#{CREATED}#{order}"));
                // On the next read the member sees it, and Stripe need not be asked.
                let (code, source, seen) = stack.open_order(&Asker::user(&user), &order).await;
                assert_eq!((code, seen["status"].as_str()), (200, Some(status)), "{name} {act}");
                if status != "pending" {
                    assert_eq!(source, "snapshot", "{name} {act}");
                }
                let said = |field: &str| seen.get(field).cloned().unwrap_or(Value::Null);
                assert_eq!(said("amountRefunded").as_i64().unwrap_or(0), refunded, "{name} {act}");
                assert_eq!(said("disputed").as_bool().unwrap_or(false), disputed, "{name} {act}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_all_that_the_answer_needs_and_the_mark_that_the_event_is_done() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1row").open().email("ava@example.com"));
    let events = stack.happens("cs_test_a1row", Act::Pay);
    let completed = events.iter().find(|it| it["type"] == "checkout.session.completed").unwrap();
    let answer = stack.post(completed).await;
    assert_eq!(answer.json(), json!({"received": true, "outcome": "stored"}));
    let row = stack.row_of("ava").await;
    for (name, value) in [
        ("userId", json!("ava")),
        ("status", json!("completed")),
        ("amount", json!(3000)),
        ("currency", json!("usd")),
        ("itemCount", json!(1)),
        ("source", json!("stripe_event")),
        ("final", json!(true)),
        ("stripeSessionId", json!("cs_test_a1row")),
        ("stripePaymentIntentId", json!("pi_test_a1row")),
        // The shop's internal keys are none of the member's business.
        ("metadata", json!({"gift": "yes"})),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let mark = stack.mark_of(completed).await.unwrap();
    assert_eq!(mark["eventType"], "checkout.session.completed");
    assert_eq!(
        (&mark["sessionId"], &mark["status"]),
        (&json!("cs_test_a1row"), &json!("completed"))
    );
    let (processed, expires) = (mark["processedAt"].as_str().unwrap(), &mark["expiresAt"]);
    let processed: orders::Timestamp = processed.parse().unwrap();
    assert_eq!(expires.as_i64().unwrap(), processed.seconds() + 90 * 24 * 60 * 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_dealt_with_once_and_asks_stripe_no_more_than_it_must() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1once").open());
    for (act, event_type, calls) in
        [(Act::Pay, "checkout.session.completed", 1), (Act::Refund(None), "charge.refunded", 2)]
    {
        let events = stack.happens("cs_test_a1once", act);
        let event = events.iter().find(|event| event["type"] == event_type).unwrap();
        let before = stack.stripe.calls();
        stack.post(event).await;
        assert_eq!(stack.stripe.calls() - before, calls, "{event_type}");
        let row = stack.row_of("ava").await;
        for _ in 0..2 {
            let again = stack.post(event).await;
            assert_eq!(again.json()["outcome"], "duplicate");
        }
        assert_eq!(stack.stripe.calls() - before, calls, "{event_type}");
        assert_eq!(stack.row_of("ava").await, row);
    }
}
