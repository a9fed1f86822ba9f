//! Two members against each other, and whose an order is that nobody asked for.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use stripe_sim::{Line, SessionBuilder};
use table_sim::webhook_row;
use test_support::Asker;

use crate::stack::{CREATED, Stack, completed, event_about, session_of};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_filed_with_whom_its_session_names() {
    let stack = Stack::start().await;
    for (n, (metadata, customer, email, owner)) in [
        (json!({"userId": "ava", "user_id": "ben"}), json!({"userId": "ben"}), "b@c.de", "ava"),
        (json!({"user_id": " ava2 "}), json!({}), "", "ava2"),
        (json!({"userId": " "}), json!({"user_id": "ava3"}), "b@c.de", "ava3"),
        (json!({}), json!({}), " Ava.4@Example.COM ", "ava.4@example.com"),
        // Other programs strip such characters: these two are two people.
        (json!({"userId": "auth0|5"}), json!({}), "", "auth0|5"),
        (json!({"userId": "auth05"}), json!({}), "", "auth05"),
        (json!({"userId": "a#b/c d"}), json!({}), "", "a#b/c d"),
    ]
    .into_iter()
    .enumerate()
    {
        let order = format!("cs_test_a1owner{n}");
        let session = session_of("", &order).metadata(metadata).email(email);
        stack.given_session(session.customer(&format!("cus_{n}"), customer));
        let answer = stack.post(&completed(&format!("evt_{n}"), &order)).await;
        assert_eq!(answer.json()["outcome"], "stored", "{owner}");
        let row = stack.row_of(owner).await;
        assert_eq!((&row["userId"], &row["orderId"]), (&json!(owner), &json!(order)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_nobody_is_counted_and_not_filed() {
    let stack = Stack::start().await;
    let nobody = |order: &str| SessionBuilder::new(order, CREATED).line(Line::new("Pin", 100, 1));
    stack.given_session(nobody("cs_test_a1none").set("client_reference_id", json!("ava")));
    let long = "a".repeat(257);
    let impossible = nobody("cs_test_a1bad").metadata(json!({"userId": long}));
    stack.given_session(impossible.email("ava@example.com"));
    for (id, order) in [("evt_1", "cs_test_a1none"), ("evt_2", "cs_test_a1bad")] {
        let event = completed(id, order);
        let answer = stack.post(&event).await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("not_ours")));
        assert_eq!(stack.line_of(&event).await["not_ours_events_total"], 1);
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_no_order_is_taken_and_leaves_nothing_behind() {
    let stack = Stack::start().await;
    for (n, object) in [
        json!({"id": "ch_1", "payment_intent": "pi_ofNoSession"}),
        json!({"id": "ch_1", "payment_intent": null}),
        json!({"id": "ch_1", "payment_intent": {"id": "pi_expanded", "object": "payment_intent"}}),
    ]
    .into_iter()
    .enumerate()
    {
        let event = event_about(&format!("evt_{n}"), "charge.refunded", object);
        let answer = stack.post(&event).await;
        assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("no_order")));
    }
    assert_eq!(stack.table.count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_order_that_carries_another_user_is_left_alone_and_told_of() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1mis"));
    let misfiled = webhook_row("ava", "cs_test_a1mis", CREATED + 7).set("userId", json!("ben"));
    stack.given_rows([misfiled]).await;
    let before = stack.row_of("ava").await;
    let event = completed("evt_1", "cs_test_a1mis");
    assert_eq!(stack.post(&event).await.json()["outcome"], "misfiled");
    assert_eq!(stack.row_of("ava").await, before);
}

/// How an order is tied to Ava, and what Ben has already.
#[derive(Clone, Debug)]
struct Case {
    evidence: u8,
    of_ben: u8,
    event: u8,
}

fn case() -> impl Strategy<Value = Case> {
    (0..4_u8, 0..4_u8, 0..4_u8).prop_map(|(evidence, of_ben, event)| Case {
        evidence,
        of_ben,
        event,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_ever_gives_ben_a_byte_of_avas_order() {
    const MARK: &str = "AVASECRET";
    let stack = Stack::start().await;
    let mut runner = TestRunner::deterministic();
    for n in 0..120 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let order = format!("cs_test_pair{n}");
        let session = SessionBuilder::new(&order, CREATED)
            .line(Line::new(MARK, 100, 1))
            .set("client_reference_id", json!("ben"));
        let (session, owner) = match case.evidence {
            0 => (session.metadata(json!({"userId": "ava", "note": MARK})), "ava"),
            1 => (session.metadata(json!({"user_id": "ava"})), "ava"),
            2 => (session.customer("cus_ava", json!({"userId": "ava"})), "ava"),
            _ => (session.email("Ava@Example.com"), "ava@example.com"),
        };
        stack.given_session(session);
        let filed = |user: &str| webhook_row(user, &order, CREATED + 7);
        match case.of_ben {
            0 => stack.given_rows([filed("ben")]).await,
            // Even where the row says that our own program wrote it.
            1 => stack.given_rows([filed("ben").set("normalizerVersion", json!(1))]).await,
            2 => stack.given_rows([filed("ben").set("userId", json!("ava"))]).await,
            _ => {}
        }
        let before = stack.rows_of("ben").await;
        let payment = json!({"id": "x_1", "payment_intent": order.replace("cs_", "pi_")});
        let event = match case.event {
            0 => event_about(&format!("evt_{n}"), "charge.refunded", payment),
            1 => event_about(&format!("evt_{n}"), "charge.dispute.created", payment),
            _ => completed(&format!("evt_{n}"), &order),
        };
        let answer = stack.post(&event).await;
        assert_eq!(answer.status, 200, "{case:?}: {answer:?}");
        assert!(!answer.body.contains(MARK), "{case:?}");
        let after = stack.rows_of("ben").await;
        let is_owned_by_name = case.evidence < 3;
        if is_owned_by_name || case.of_ben != 1 {
            assert_eq!(after, before, "{case:?}: a row of Ben's changed");
        }
        let (_, _, seen) = stack.open_order(&Asker::user(owner), &order).await;
        assert_eq!(seen["status"], "completed", "{case:?}");
    }
    let log = stack.lambda.program.output().join("\n");
    assert!(!log.contains(MARK) && !log.to_lowercase().contains("ava@example.com"));
}
