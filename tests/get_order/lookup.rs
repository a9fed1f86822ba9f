//! Finding a stored order.

use serde_json::{Value, json};
use stripe_sim::Line;
use table_sim::{Row, old_fallback_row, sync_row, webhook_row};

use crate::stack::{BOTH_WAYS, CREATED, Stack, session_of};

fn order(n: usize) -> String {
    format!("cs_test_a1stored{n:04}")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_members_thirty_orders_is_found_without_asking_stripe() {
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        for n in 0..30 {
            let at = CREATED + i64::try_from(n).unwrap() * 60;
            stack.given_rows([webhook_row("ava", &order(n), at)]).await;
        }
        for n in 0..30 {
            let answer = stack.open_order("ava", &order(n)).await;
            assert_eq!(answer.status, 200, "{n} {settings:?}: {answer:?}");
            assert_eq!(answer.header("x-order-source"), "snapshot");
            assert_eq!(answer.order()["orderId"], order(n).as_str());
        }
        assert_eq!(stack.stripe.calls(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_of_many_pages_is_read_to_its_end() {
    let stack = Stack::with(&[]).await;
    // DynamoDB ends a page at 1 MB; these are some 3 MB.
    let ballast = "x".repeat(100_000);
    for n in 0..30 {
        let at = CREATED + i64::try_from(n).unwrap() * 60;
        let row = webhook_row("ava", &order(n), at).set("ballast", json!(ballast));
        stack.given_rows([row]).await;
    }
    for n in [0, 15, 29] {
        assert_eq!(stack.open_order("ava", &order(n)).await.status, 200, "{n}");
    }
    assert_eq!(stack.open_order("ava", "cs_live_notHers").await.status, 404);
    assert_eq!(stack.stripe.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_every_writer_read_well() {
    let iso = Row::new("ava", "ORDER#2025-11-26T21:28:24Z#cs_test_a1iso", "cs_test_a1iso")
        .set("status", json!("complete"))
        .set("amount", json!(1200))
        .set("createdAt", json!(CREATED))
        .set("items", json!([{"name": "Pin", "quantity": 3}]));
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        stack
            .given_rows([
                webhook_row("ava", "cs_test_a1webhook", CREATED + 30),
                sync_row("ava", "cs_test_a1sync", CREATED),
                old_fallback_row("ava", "cs_test_a1old", CREATED, 9),
                iso.clone(),
            ])
            .await;
        for (id, created) in [
            ("cs_test_a1webhook", "2025-11-26T21:28:24.990Z"),
            ("cs_test_a1sync", "2025-11-26T21:28:24.000Z"),
            ("cs_test_a1old", "2025-11-26T21:28:24.000Z"),
            ("cs_test_a1iso", "2025-11-26T21:28:24.000Z"),
        ] {
            let answer = stack.open_order("ava", id).await;
            assert_eq!(answer.status, 200, "{id}: {answer:?}");
            let order = answer.order();
            assert_eq!(order["status"], "completed", "{id}");
            assert_eq!(order["createdAt"], created, "{id}");
        }
        assert_eq!(stack.stripe.calls(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_webhook_keeps_beside_the_order_is_passed_on_without_the_shops_secrets() {
    let stack = Stack::start().await;
    let row = webhook_row("ava", &order(1), CREATED).set("totalDiscountCents", json!(250));
    stack.given_rows([row]).await;
    let answer = stack.open_order("ava", &order(1)).await;
    let shown = answer.order();
    assert_eq!(shown["amountDiscount"], 250);
    assert_eq!(shown["pricingSummary"], json!({"subtotal": 3000, "tiers": ["member"]}));
    assert_eq!(shown["discounts"], json!([{"amountCents": 0, "code": "WELCOME"}]));
    assert_eq!(shown["metadata"], json!({"gift": "yes"}));
    assert!(!answer.body.contains("quoteSignature") && !answer.body.contains("sig\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nine_fixed_fields_come_first_even_from_a_row_that_has_none_of_them() {
    let stack = Stack::start().await;
    stack.given_rows([Row::new("ava", &format!("ORDER#1#{}", order(1)), &order(1))]).await;
    let answer = stack.open_order("ava", &order(1)).await;
    let start = r#"{"order":{"orderId":"cs_test_a1stored0001","orderNumber":"BC-ORED0001","status":null,"amount":null,"currency":null,"createdAt":null,"itemCount":0,"items":[],"customerEmail":null"#;
    assert!(answer.body.starts_with(start), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_past_its_time_to_live_is_gone() {
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        stack
            .given_rows([
                webhook_row("ava", &order(1), CREATED).set("expiresAt", json!(1_700_000_000)),
                webhook_row("ava", &order(2), CREATED).set("expiresAt", json!(4_000_000_000_i64)),
            ])
            .await;
        assert_eq!(stack.open_order("ava", &order(1)).await.status, 404);
        assert_eq!(stack.open_order("ava", &order(2)).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_rows_of_one_order_are_one() {
    let stack = Stack::start().await;
    let completion = webhook_row("ava", &order(1), CREATED)
        .set("stripePaymentStatus", json!("unpaid"))
        .set("customerPhone", json!("+15555550100"));
    let success = webhook_row("ava", &order(1), CREATED + 90_000)
        .set("stripePaymentStatus", json!("paid"))
        .set("amount", json!(3100))
        .set("items", json!([]))
        .set("customerEmail", Value::Null);
    // By `updatedAt` the row with the older key is the newer one.
    let updated = webhook_row("ava", &order(2), CREATED)
        .set("updatedAt", json!("2026-01-01T00:00:00Z"))
        .set("amount", json!(1));
    let newer_key = webhook_row("ava", &order(2), CREATED + 10).set("amount", json!(2));
    stack.given_rows([completion, success, updated, newer_key]).await;

    let first = stack.open_order("ava", &order(1)).await.order();
    assert_eq!(first["status"], "completed");
    assert_eq!(first["amount"], 3100);
    assert_eq!(first["itemCount"], 1, "the lines of the other row");
    assert_eq!(first["customerEmail"], "ava@example.com");
    assert_eq!(first["customerPhone"], "+15555550100");
    assert_eq!(stack.open_order("ava", &order(2)).await.order()["amount"], 1);
    assert_eq!(stack.stripe.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_other_programs_become_the_dashboards_four() {
    let stack = Stack::start().await;
    for (n, (word, payment, expected)) in [
        ("complete", "paid", "completed"),
        ("fulfilled", "paid", "completed"),
        ("expired", "unpaid", "cancelled"),
        ("canceled", "unpaid", "cancelled"),
        ("failed", "unpaid", "cancelled"),
        ("refunded", "paid", "refunded"),
        ("on_hold", "paid", "on_hold"),
    ]
    .into_iter()
    .enumerate()
    {
        let row = webhook_row("ava", &order(n), CREATED)
            .set("status", json!(word))
            .set("stripePaymentStatus", json!(payment));
        stack.given_rows([row]).await;
        let answer = stack.open_order("ava", &order(n)).await;
        assert_eq!(answer.order()["status"], expected, "{word}");
        assert_eq!(answer.header("x-order-source"), "snapshot", "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_only_in_stripe_is_fetched_once_and_then_comes_from_the_table() {
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        let tote =
            Line::new("Tote bag", 1500, 2).metadata(json!({"sku": "TOTE", "collection": "summer"}));
        let session = session_of("ava", &order(1)).line(tote).email("ava@example.com");
        stack.given_session(session);
        let first = stack.open_order("ava", &order(1)).await;
        assert_eq!(first.status, 200, "{first:?}");
        assert_eq!(first.header("x-order-source"), "stripe");
        assert_eq!(stack.stripe.calls(), 1);
        let second = stack.open_order("ava", &order(1)).await;
        assert_eq!(second.header("x-order-source"), "snapshot");
        assert_eq!(second.body, first.body);
        assert_eq!(stack.stripe.calls(), 1);
        assert_eq!(stack.rows_of("ava").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_order_is_neither_answered_nor_touched_nor_evidence() {
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        let ticket = Row::new("ava", "TICKET#77", &order(1)).set("status", json!("open"));
        let note = Row::new("ava", "NOTE#1", &order(2)).set("userId", json!("agent"));
        let stray = Row::new("ava", "RETURN#5", &order(3));
        stack.given_rows([ticket, note, stray, webhook_row("ava", &order(2), CREATED)]).await;
        stack.given_session(session_of("ava", &order(1)));
        for (n, status, source) in [(1, 200, "stripe"), (2, 200, "snapshot"), (3, 404, "")] {
            let answer = stack.open_order("ava", &order(n)).await;
            assert_eq!((answer.status, answer.header("x-order-source")), (status, source), "{n}");
        }
        let orders = stack.rows_of("ava").await;
        assert_eq!(orders.len(), 2, "one was written, as an order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_order_does_not_hang_on_may_be_of_any_type() {
    let stack = Stack::start().await;
    let row = webhook_row("ava", &order(1), CREATED)
        .set("source", json!(5))
        .set("metadata", json!("{}"))
        .set("customerPhone", json!(4_915_550))
        .set("totalDiscountCents", json!("0"))
        .set("createdAt", json!("2025-11-26T21:28:24+1\u{e9}2"))
        .set("updatedAt", json!("-9223372036854775808"));
    stack.given_rows([row]).await;
    let answer = stack.open_order("ava", &order(1)).await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "snapshot"), "{answer:?}");
    assert_eq!(answer.order()["customerPhone"], "4915550");
}
