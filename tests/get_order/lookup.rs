//! Finding a stored order, and falling back to Stripe.

use serde_json::json;
use stripe_sim::{Line, SessionBuilder};
use test_support::webhook_row;

use crate::stack::{CREATED, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_only_in_stripe_is_fetched_once_and_then_comes_from_the_table() {
    let stack = Stack::start().await;
    let session = SessionBuilder::new("cs_test_a1firstorder", CREATED)
        .metadata(json!({"userId": "ava", "gift": "yes"}))
        .email("ava@example.com")
        .line(
            Line::new("Tote bag", 1500, 2).metadata(json!({"sku": "TOTE", "collection": "summer"})),
        );
    stack.stripe.shop(|shop| shop.add(session));

    let first = stack.open_order("ava", "cs_test_a1firstorder").await;
    assert_eq!(first.status, 200, "{first:?} {:#?}", stack.lambda.program.output());
    assert_eq!(first.header("x-order-source"), "stripe");
    assert_eq!(first.order()["amount"], 3000);

    let second = stack.open_order("ava", "cs_test_a1firstorder").await;
    assert_eq!(second.header("x-order-source"), "snapshot");
    assert_eq!(second.body, first.body);
    assert_eq!(stack.stripe.calls(), 1);
    assert_eq!(stack.table.orders_of("ava").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_order_is_answered_without_asking_stripe() {
    let stack = Stack::start().await;
    stack.table.put(&webhook_row("ava", "cs_test_a1stored", CREATED + 30)).await;
    let answer = stack.open_order("ava", "cs_test_a1stored").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("x-order-source"), "snapshot");
    assert_eq!(stack.stripe.calls(), 0);
}
