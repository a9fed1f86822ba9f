//! The program is ended at any moment, without a warning, and another takes over.

use std::time::Duration;

use serde_json::json;
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, rest_event};

use crate::stack::{CREATED, services, session_of, start_lambda};

/// How many moments of a request's life are tried.
const MOMENTS: u32 = 20;

/// Ends the program at moments that are spread over the life of a request, from its start on.
async fn kill_at_every_moment(is_stored: bool) {
    let (table, stripe) = services().await;
    let base = stripe.base();
    let start = || start_lambda(table.endpoint(), &base, &[("ORDER_INDEX", INDEX)]);
    let mut before_the_write = 0;
    let mut whole = Duration::ZERO;
    for moment in 0..=MOMENTS {
        let order = format!("cs_test_a1crash{moment}");
        let session = session_of("ava", &order);
        stripe.shop(|shop| shop.add(session));
        if is_stored {
            let pending = webhook_row("ava", &order, CREATED + 7).set("status", json!("pending"));
            table.put(&pending).await.unwrap();
        }
        let event = rest_event(&Asker::user("ava"), &order);
        let mut first = start().await;
        if moment == 0 {
            // How long it takes if nobody interferes, the start of the program included.
            whole = first.invoke(&event).await.took;
        }
        tokio::select! {
            _ = first.invoke(&event) => {}
            () = tokio::time::sleep(whole * moment * 5 / 4 / MOMENTS) => {}
        }
        first.program.kill().await;
        let rows = table.orders_of("ava").await.unwrap();
        let row = rows.iter().find(|row| row["orderId"] == order.as_str());
        let is_before = row.is_none_or(|row| row["status"] == "pending");
        before_the_write += u32::from(is_before);

        let second = start().await;
        let answer = second.invoke(&event).await;
        assert_eq!(answer.status, 200, "{moment}: {answer:?}");
        assert_eq!(answer.order()["status"], "completed", "{moment}: {answer:?}");
        let hit = second.invoke(&event).await;
        assert_eq!(hit.header("x-order-source"), "snapshot", "{moment}");
        assert_eq!(hit.body, answer.body, "{moment}");
        let rows = table.orders_of("ava").await.unwrap();
        let of_order = rows.iter().filter(|row| row["orderId"] == order.as_str());
        assert_eq!(of_order.count(), 1, "{moment}: {rows:?}");
    }
    assert!(before_the_write > 0, "every program ended too late to matter");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_is_left_when_the_program_ends_at_any_moment_of_a_fallback() {
    kill_at_every_moment(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_is_left_when_the_program_ends_at_any_moment_of_a_refresh() {
    kill_at_every_moment(true).await;
}
