//! When a stored order is fetched again, and when it is not.

use serde_json::{Value, json};
use table_sim::{INDEX, old_fallback_row, webhook_row};

use crate::stack::{CREATED, Stack, session_of};

fn order(n: usize) -> String {
    format!("cs_test_a1fresh{n:04}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_pending_without_lines_or_cut_is_fetched_again() {
    let stack = Stack::start().await;
    stack
        .given_rows([
            webhook_row("ava", &order(1), CREATED).set("stripePaymentStatus", json!("unpaid")),
            webhook_row("ava", &order(2), CREATED).set("items", json!([])),
            old_fallback_row("ava", &order(3), CREATED, 10),
        ])
        .await;
    stack.given_session(session_of("ava", &order(1)));
    stack.given_session(session_of("ava", &order(2)));
    stack.given_session(session_of("ava", &order(3)).lines(24));
    for (n, lines) in [(1, 1), (2, 1), (3, 25)] {
        let renewed = stack.open_order("ava", &order(n)).await;
        assert_eq!(renewed.header("x-order-source"), "stripe", "{n}");
        assert_eq!(renewed.order()["itemCount"], lines, "{n}");
        let again = stack.open_order("ava", &order(n)).await;
        assert_eq!(again.header("x-order-source"), "snapshot", "{n}");
        assert_eq!(again.body, renewed.body, "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_snapshot_is_served_stale_when_stripe_cannot_tell() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "0")]).await;
    let pending = |n| webhook_row("ava", &order(n), CREATED).set("status", json!("open"));
    stack.given_rows([pending(1), pending(2)]).await;
    stack.stripe.inject(stripe_sim::Fault::Status(500), stripe_sim::Times::Always);
    let answer = stack.open_order("ava", &order(1)).await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "stale"));
    assert_eq!(answer.order()["status"], "pending");
    stack.stripe.clear_faults();
    // Stripe answers again, but has never heard of the order.
    let answer = stack.open_order("ava", &order(2)).await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "stale"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_the_old_fallback_cut_are_completed_whichever_row_they_are_in() {
    let stack = Stack::start().await;
    let newer = webhook_row("ava", &order(1), CREATED + 90).set("items", json!([]));
    stack.given_rows([old_fallback_row("ava", &order(1), CREATED, 10), newer]).await;
    stack.given_session(session_of("ava", &order(1)).lines(24));
    for source in ["stripe", "snapshot"] {
        let answer = stack.open_order("ava", &order(1)).await;
        assert_eq!(
            (&answer.order()["itemCount"], answer.header("x-order-source")),
            (&json!(25), source)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_mark_of_change_is_null_is_renewed_once() {
    let stack = Stack::start().await;
    let row = webhook_row("ava", &order(1), CREATED).set("items", json!([]));
    stack.given_rows([row.set("updatedAt", Value::Null)]).await;
    stack.given_session(session_of("ava", &order(1)));
    for source in ["stripe", "snapshot", "snapshot"] {
        let answer = stack.open_order("ava", &order(1)).await;
        assert_eq!(
            (&answer.order()["itemCount"], answer.header("x-order-source")),
            (&json!(1), source)
        );
    }
    assert_eq!(stack.stripe.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_the_row_knows_is_not_replaced_by_a_guess() {
    let stack = Stack::start().await;
    let euros = webhook_row("ava", &order(1), CREATED).set("currency", json!("eur"));
    stack.given_rows([euros.set("items", json!([]))]).await;
    let session = session_of("ava", &order(1)).set("currency", Value::Null);
    stack.given_session(session.set("amount_total", Value::Null));
    let answer = stack.open_order("ava", &order(1)).await.order();
    assert_eq!((&answer["currency"], &answer["amount"]), (&json!("eur"), &json!(3000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_an_id_of_its_own_kind_is_answered_from_the_table_alone() {
    let stack = Stack::start().await;
    let mut row = webhook_row("ava", "legacy-0007", CREATED).set("status", json!("open"));
    stack.given_rows([row.clone()]).await;
    let answer = stack.open_order("ava", "legacy-0007").await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "snapshot"));
    row = row.set("SK", json!("ORDER#1#cs_live_a1")).set("orderId", json!("cs_live_a1"));
    stack.given_rows([row]).await;
    assert_eq!(stack.open_order("ava", "cs_live_a1").await.status, 200);
    assert_eq!(stack.open_order("ava", "legacy-0008").await.status, 404);
    assert_eq!(stack.stripe.calls(), 0);
}
