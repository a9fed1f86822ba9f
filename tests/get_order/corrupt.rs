//! Rows that cannot be read as an order.

use serde_json::{Value, json};
use table_sim::webhook_row;

use crate::stack::{BOTH_WAYS, CREATED, Stack, session_of};

fn order(n: usize) -> String {
    format!("cs_test_a1corrupt{n:04}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_row_is_passed_over_replaced_or_owned_up_to() {
    let stack = Stack::start().await;
    let corrupt = |n: usize, at: i64| webhook_row("ava", &order(n), at).set("amount", json!(30.5));
    stack
        .given_rows([
            corrupt(1, CREATED + 9),
            webhook_row("ava", &order(1), CREATED),
            corrupt(2, CREATED + 9),
            corrupt(3, CREATED + 9),
        ])
        .await;
    stack.given_session(session_of("ava", &order(2)));

    let other_row = stack.open_order("ava", &order(1)).await;
    assert_eq!((other_row.status, other_row.header("x-order-source")), (200, "snapshot"));

    let replaced = stack.open_order("ava", &order(2)).await;
    assert_eq!((replaced.status, replaced.header("x-order-source")), (200, "stripe"));
    let healed = stack.open_order("ava", &order(2)).await;
    assert_eq!((healed.status, healed.header("x-order-source")), (200, "snapshot"));
    assert_eq!(healed.body, replaced.body);
    let rows = stack.rows_of("ava").await;
    assert_eq!(rows.iter().filter(|row| row["orderId"] == order(2).as_str()).count(), 1);

    let owned_up = stack.open_order("ava", &order(3)).await;
    assert_eq!((owned_up.status, owned_up.json()["error"].as_str()), (500, Some("Internal error")));
    assert!(!owned_up.body.contains("amount"), "the attribute is for the log only");
    stack.lambda.program.line_with("corrupt at the attribute amount").await;
}

/// Lists within lists, as deep as DynamoDB keeps them.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_row_stripe_mends_it_or_its_attribute_stands_in_the_log_alone() {
    let line = json!({"name": "Tote bag", "quantity": 1, "unitPrice": 100, "amountTotal": 100});
    let mut heavy = vec![json!({"name": "long ".repeat(50), "quantity": 1}); 1300];
    heavy.push(json!({"name": "Tote bag", "quantity": "many"}));
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        let on_index = settings.iter().any(|(name, _)| *name == "ORDER_INDEX");
        for (n, (attribute, value, named)) in [
            ("amount", json!(30.5), "amount"),
            ("amount", json!("thirty"), "amount"),
            ("amount", json!({"cents": 3000}), "amount"),
            ("amount", json!(1e100), "amount"),
            ("status", json!(["completed"]), "status"),
            ("currency", json!(false), "currency"),
            ("items", json!("Tote bag"), "items"),
            ("items", json!([line, 7]), "items[1]"),
            ("items", json!([line, {"quantity": 1.5}]), "items[1].quantity"),
            ("items", nested(25), "items[0]"),
            ("items", json!(heavy), "items[1300].quantity"),
            ("shippingAddress", json!("Main Street"), "shippingAddress"),
            ("orderId", Value::Null, "orderId"),
        ]
        .into_iter()
        .enumerate()
        {
            // A row without the index's own key is not on the index.
            if on_index && attribute == "orderId" {
                continue;
            }
            let row = |n| {
                let row = webhook_row("ava", &order(n), CREATED).without(attribute);
                if value.is_null() { row } else { row.set(attribute, value.clone()) }
            };
            let (unknown, known) = (order(n), order(100 + n));
            stack.given_rows([row(n), row(100 + n)]).await;
            stack.given_session(session_of("ava", &known));

            let owned_up = stack.open_order("ava", &unknown).await;
            assert_eq!(owned_up.status, 500, "{attribute} {n}: {owned_up:?}");
            assert!(!owned_up.body.contains(attribute), "{n}: {owned_up:?}");
            let log = stack.lambda.program.line_with(&format!("attribute {named}\"")).await;
            assert!(!log.contains("Tote"), "{log}");

            let mended = stack.open_order("ava", &known).await;
            let hit = stack.open_order("ava", &known).await;
            assert_eq!(mended.header("x-order-source"), "stripe", "{attribute} {n}: {mended:?}");
            assert_eq!(hit.header("x-order-source"), "snapshot", "{attribute} {n}");
            assert_eq!(hit.body, mended.body, "{attribute} {n}");
        }
        let rows = stack.rows_of("ava").await;
        assert_eq!(rows.len(), if on_index { 24 } else { 26 }, "each was mended in its place");
    }
}
