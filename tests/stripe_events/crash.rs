//! The program is ended at any moment of an event, without a warning, and Stripe repeats it.

use std::time::Duration;

use serde_json::json;
use stripe_sim::{Act, sign};
use table_sim::INDEX;
use test_support::posted_event;

use crate::stack::{SECRET, Stack, now, session_of, start_lambda};

/// How many moments of an event's life are tried.
const MOMENTS: u32 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_lost_at_no_moment_and_done_at_most_once() {
    let stack = Stack::start().await;
    let (dynamodb, stripe) = (stack.table.endpoint().to_owned(), stack.stripe.base());
    let start = || start_lambda(&dynamodb, &stripe, &[("ORDER_INDEX", INDEX)]);
    let mut whole = Duration::ZERO;
    let (mut undone, mut unmarked) = (0, 0);
    for moment in 0..=MOMENTS {
        let (user, order) = (format!("user_{moment}"), format!("cs_test_a1crash{moment}"));
        stack.given_session(session_of(&user, &order).open());
        let events = stack.happens(&order, Act::Pay);
        let event = events.iter().find(|it| it["type"] == "checkout.session.completed").unwrap();
        let body = event.to_string();
        let post = || posted_event(&body, Some(&sign(body.as_bytes(), SECRET, now())));
        let mut first = start().await;
        if moment == 0 {
            // How long it takes if nobody interferes, the start of the program included.
            whole = first.invoke(&post()).await.took;
        }
        let event_to_be_cut_short = post();
        tokio::select! {
            _ = first.invoke(&event_to_be_cut_short) => {}
            () = tokio::time::sleep(whole * moment * 5 / 4 / MOMENTS) => {}
        }
        first.program.kill().await;
        let is_done = !stack.rows_of(&user).await.is_empty();
        let is_marked = stack.mark_of(event).await.is_some();
        assert!(is_done || !is_marked, "{moment}: marked before it was done");
        undone += u32::from(!is_done);
        unmarked += u32::from(!is_marked);

        let second = start().await;
        let again = second.invoke(&post()).await;
        assert_eq!(again.status, 200, "{moment}: {again:?}");
        assert_eq!(again.json()["outcome"] == "duplicate", is_marked, "{moment}: {again:?}");
        let row = stack.row_of(&user).await;
        assert_eq!(row["status"], "completed", "{moment}");
        let third = second.invoke(&post()).await;
        assert_eq!(third.json()["outcome"], json!("duplicate"), "{moment}");
        assert_eq!(stack.row_of(&user).await, row, "{moment}");
    }
    assert!(undone > 0 && unmarked > 0, "every program ended too late to matter");
}
