//! Rows that are there already, whichever program wrote them.

use serde_json::{Value, json};
use stripe_sim::Act;
use table_sim::{INDEX, Row, old_fallback_row, sync_row, webhook_row};
use test_support::Asker;

use crate::stack::{BOTH_WAYS, CREATED, Stack, completed, event_about, session_of};

const ORDER: &str = "cs_test_a1there";

fn refunded(id: &str) -> Value {
    event_about(id, "charge.refunded", json!({"id": "ch_1", "payment_intent": "pi_test_a1there"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_any_program_is_updated_in_its_place_and_keeps_what_is_not_ours() {
    for settings in BOTH_WAYS {
        for row in [
            webhook_row("ava", ORDER, CREATED + 41),
            sync_row("ava", ORDER, CREATED),
            old_fallback_row("ava", ORDER, CREATED, 10),
            Row::new("ava", &format!("ORDER#2025-11-26T21:28:24Z#{ORDER}"), ORDER),
            // By a clock that was far behind.
            webhook_row("ava", ORDER, CREATED - 500_000),
        ] {
            let row = row.set("giftWrap", json!("red")).set("updatedAt", json!(null));
            let stack = Stack::with(settings).await;
            stack.given_session(session_of("ava", ORDER).refunded(3000));
            stack.given_rows([row.clone()]).await;
            let answer = stack.post(&refunded("evt_1")).await;
            assert_eq!(answer.json()["outcome"], "updated", "{answer:?}");
            let now = stack.row_of("ava").await;
            assert_eq!(now["SK"], row.attributes()["SK"], "in its place");
            assert_eq!(
                (&now["status"], &now["amountRefunded"]),
                (&json!("refunded"), &json!(3000))
            );
            assert_eq!(now["giftWrap"], "red");
            for foreign in ["pricingSummary", "discounts", "quoteSignature", "syncedAt", "source"] {
                assert_eq!(now.get(foreign), row.attributes().get(foreign), "{foreign}");
            }
            if let Some(metadata) = row.attributes().get("metadata") {
                assert_eq!(now["metadata"], *metadata, "with the shop's internal keys");
            }
            assert_eq!(now["itemCount"], 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_session_expired_is_cancelled_and_none_is_made() {
    let stack = Stack::start().await;
    for order in ["cs_test_a1with", "cs_test_a1without"] {
        stack.given_session(session_of("ava", order).open());
        stack.stripe.shop(|shop| shop.expire(order));
    }
    stack.given_rows([webhook_row("ava", "cs_test_a1with", CREATED + 7)]).await;
    for order in ["cs_test_a1with", "cs_test_a1without"] {
        let object = json!({"id": order, "object": "checkout.session"});
        let event = event_about(&format!("evt_{order}"), "checkout.session.expired", object);
        assert_eq!(stack.post(&event).await.status, 200);
        assert_eq!(stack.mark_of(&event).await.unwrap()["status"], "cancelled");
    }
    assert_eq!(stack.row_of("ava").await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rows_of_an_order_the_one_that_is_shown_is_updated() {
    for settings in BOTH_WAYS {
        let stack = Stack::with(settings).await;
        stack.given_session(session_of("ava", ORDER).refunded(3000));
        stack
            .given_rows([
                webhook_row("ava", ORDER, CREATED + 7).set("stripePaymentStatus", json!("unpaid")),
                webhook_row("ava", ORDER, CREATED + 90_000),
            ])
            .await;
        stack.post(&refunded("evt_1")).await;
        assert_eq!(stack.rows_of("ava").await.len(), 2, "none is added");
        let (_, _, seen) = stack.open_order(&Asker::user("ava"), ORDER).await;
        assert_eq!(seen["status"], "refunded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_row_is_mended_and_one_past_its_time_is_replaced() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    let broken = webhook_row("ava", ORDER, CREATED + 7).set("amount", json!("lots"));
    stack.given_rows([broken]).await;
    let answer = stack.post(&completed("evt_1", ORDER)).await;
    assert_eq!(answer.json()["outcome"], "updated");
    assert_eq!(stack.row_of("ava").await["amount"], 3000);

    stack.given_session(session_of("ben", "cs_test_a1late"));
    let gone = sync_row("ben", "cs_test_a1late", CREATED).set("expiresAt", json!(CREATED));
    stack.given_rows([gone]).await;
    let answer = stack.post(&completed("evt_2", "cs_test_a1late")).await;
    assert_eq!(answer.json()["outcome"], "stored");
    let row = stack.row_of("ben").await;
    assert_eq!((&row["source"], row.get("expiresAt")), (&json!("stripe_event"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_not_taken_back_but_by_word_of_a_refund() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    let by_hand = webhook_row("ava", ORDER, CREATED + 7).set("status", json!("refunded"));
    stack.given_rows([by_hand]).await;
    let late = completed("evt_1", ORDER);
    assert_eq!(stack.post(&late).await.json()["outcome"], "kept_newer");
    assert_eq!(stack.row_of("ava").await["status"], "refunded");
    let object = json!({"id": "re_1", "object": "refund", "payment_intent": "pi_test_a1there"});
    let failed = event_about("evt_2", "refund.failed", object);
    assert_eq!(stack.post(&failed).await.json()["outcome"], "updated");
    assert_eq!(stack.row_of("ava").await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_view_is_never_overwritten_by_an_older_one() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    // A process whose clock is ahead of ours has seen the refund; ours sees it, too, and more.
    let ahead = orders::Timestamp::from_epoch(crate::stack::now() + 60).unwrap();
    let row = sync_row("ava", ORDER, CREATED)
        .set("status", json!("completed"))
        .set("normalizerVersion", json!(1))
        .set("fetchedAt", json!(ahead))
        .set("updatedAt", json!(ahead));
    stack.given_rows([row]).await;
    stack.stripe.shop(|shop| shop.refund(ORDER, 3000));
    let before = stack.stripe.calls();
    let answer = stack.post(&refunded("evt_1")).await;
    assert_eq!(answer.json()["outcome"], "updated");
    assert_eq!(stack.stripe.calls() - before, 3, "asked again, after the row was read");
    let row = stack.row_of("ava").await;
    let fetched: orders::Timestamp = row["fetchedAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(row["status"], "refunded");
    assert!(fetched > ahead, "and newer than what it replaced, whatever the clocks say");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_a_member_got_by_her_verified_email_is_kept_true_as_well() {
    let stack = Stack::start().await;
    let guest = session_of("", ORDER).metadata(json!({})).email("Ava@Example.com ");
    stack.given_session(guest.open());
    stack.happens_and_is_told(ORDER, Act::Pay).await;
    // A guest's order lies under the e-mail, in lower case.
    assert_eq!(stack.row_of("ava@example.com").await["status"], "completed");
    let ava = Asker::with_email("auth0|ava", "ava@example.com", true);
    let (_, source, _) = stack.open_order(&ava, ORDER).await;
    assert_eq!(source, "stripe");
    assert_eq!(stack.row_of("auth0|ava").await["status"], "completed");
    let events = stack.happens(ORDER, Act::Refund(None));
    stack.post(&events[1]).await;
    assert_eq!(stack.line_of(&events[1]).await["copies"], 1);
    for user in ["ava@example.com", "auth0|ava"] {
        assert_eq!(stack.row_of(user).await["status"], "refunded", "{user}");
    }
    let (_, source, seen) = stack.open_order(&ava, ORDER).await;
    assert_eq!((source.as_str(), seen["status"].as_str()), ("snapshot", Some("refunded")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_hundreds_of_lines_is_stored_whole_and_one_too_large_is_not_stored() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX)]).await;
    stack.given_session(session_of("ava", "cs_test_a1many").lines(230));
    stack.post(&completed("evt_1", "cs_test_a1many")).await;
    assert_eq!(stack.row_of("ava").await["itemCount"], 231);
    stack.given_session(session_of("ben", "cs_test_a1huge").lines(3000));
    let event = completed("evt_2", "cs_test_a1huge");
    let answer = stack.post(&event).await;
    assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("too_large")));
    assert_eq!(stack.rows_of("ben").await, []);
    assert!(stack.mark_of(&event).await.is_some(), "it would be as large the next time");
}
