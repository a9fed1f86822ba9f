//! Whose order it is.

use serde_json::{Value, json};
use stripe_sim::{Line, SessionBuilder};
use table_sim::{INDEX, Row, webhook_row};
use test_support::{Asker, Invoked};

use crate::stack::{CREATED, Stack};

const ORDER: &str = "cs_test_a1owned";

fn session(metadata: Value) -> SessionBuilder {
    SessionBuilder::new(ORDER, CREATED).metadata(metadata).line(Line::new("Tote bag", 1500, 2))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_evidence_that_speaks_decides() {
    let guest = || session(json!({})).email("Ben@Example.com");
    let plain = || Asker::user("ben");
    let verified = |flag| Asker::with_email("ben", "ben@example.com", flag);
    for (name, session, asker, profile, status) in [
        ("the session names her", session(json!({"userId": "ben"})), plain(), None, 200),
        (
            "the session names her, spelled otherwise",
            session(json!({"user_id": "ben"})),
            plain(),
            None,
            200,
        ),
        (
            "the session names her, with blanks",
            session(json!({"userId": " ben "})),
            plain(),
            None,
            200,
        ),
        ("the session names somebody else", session(json!({"userId": "ava"})), plain(), None, 404),
        (
            "the session names somebody else, whatever else speaks for her",
            session(json!({"userId": "ava"}))
                .customer("cus_b", json!({"userId": "ben"}))
                .email("ben@example.com"),
            verified(true),
            Some("cus_b"),
            404,
        ),
        (
            "the session names both, her first",
            session(json!({"userId": "ben", "user_id": "ava"})),
            plain(),
            None,
            200,
        ),
        (
            "the session names both, her last",
            session(json!({"userId": "ava", "user_id": "ben"})),
            plain(),
            None,
            404,
        ),
        ("a number for an id", session(json!({"userId": 7})), Asker::user("7"), None, 200),
        (
            "the customer names her",
            session(json!({})).customer("cus_x", json!({"userId": "ben"})),
            plain(),
            None,
            200,
        ),
        (
            "the customer names somebody else, although the profile knows the customer",
            session(json!({})).customer("cus_b", json!({"user_id": "ava"})),
            plain(),
            Some("cus_b"),
            404,
        ),
        (
            "her profile knows the customer",
            session(json!({})).customer("cus_b", json!({})),
            plain(),
            Some("cus_b"),
            200,
        ),
        (
            "her profile knows another",
            session(json!({})).customer("cus_a", json!({})),
            plain(),
            Some("cus_b"),
            404,
        ),
        ("she has no profile", session(json!({})).customer("cus_a", json!({})), plain(), None, 404),
        (
            "her profile knows another customer, but the e-mail is hers",
            guest().customer("cus_a", json!({})),
            verified(true),
            Some("cus_b"),
            200,
        ),
        ("her verified e-mail", guest(), verified(true), None, 200),
        ("her unverified e-mail", guest(), verified(false), None, 404),
        ("her e-mail is her user id", guest(), Asker::user("ben@example.com"), None, 200),
        (
            "the e-mail she typed",
            session(json!({})).set("customer_email", json!("ben@example.com")),
            verified(true),
            None,
            200,
        ),
        ("a guest's order", guest(), plain(), None, 404),
        ("nothing speaks", session(json!({})), plain(), None, 404),
        (
            "a quote signature is no evidence",
            session(json!({})).set("client_reference_id", json!("ben")),
            plain(),
            None,
            404,
        ),
    ] {
        let stack = Stack::start().await;
        stack.given_rows(profile.map(|customer| Row::profile("ben", customer))).await;
        stack.given_session(session);
        let answer = stack.ask(&asker, ORDER).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        if status == 404 {
            assert!(stack.rows_of("ben").await.is_empty(), "{name}: nothing is kept");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_counts_only_in_the_callers_partition_and_under_her_own_id() {
    for settings in [&[("ORDER_INDEX", INDEX)][..], &[]] {
        let stack = Stack::with(settings).await;
        stack
            .given_rows([
                webhook_row("ava", ORDER, CREATED),
                webhook_row("ben", "cs_test_a1planted", CREATED).set("userId", json!("ava")),
                webhook_row("ben", "cs_test_a1unnamed", CREATED).without("userId"),
            ])
            .await;
        for (user, order, status) in [
            ("ava", ORDER, 200),
            ("ben", ORDER, 404),
            ("ben", "cs_test_a1planted", 404),
            ("ava", "cs_test_a1planted", 404),
            ("ben", "cs_test_a1unnamed", 200),
        ] {
            let answer = stack.open_order(user, order).await;
            assert_eq!(answer.status, status, "{user} {order}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_session_that_names_somebody_else_nothing_is_answered_to_the_owner_of_a_row() {
    let stack = Stack::start().await;
    // The webhook strips characters, so `auth0|7` and `auth07` share a partition.
    let row = webhook_row("auth07", ORDER, CREATED).set("status", json!("open"));
    stack.given_rows([row.set("items", json!([]))]).await;
    stack.given_session(session(json!({"userId": "auth0|7"})).email("theirs@example.com"));
    // Asked twice: what is remembered must not change the answer.
    for _ in 0..2 {
        let answer = stack.open_order("auth07", ORDER).await;
        assert_eq!((answer.status, answer.header("x-order-source")), (200, "stale"));
        assert_eq!(answer.order()["items"], json!([]), "only what the row holds");
        assert!(!answer.body.contains("theirs@example.com"));
    }
    assert_eq!(stack.rows_of("auth07").await[0]["status"], "open", "nothing is written");
    stack.lambda.program.line_with("only the row was answered").await;
    assert_eq!(stack.open_order("auth0|7", ORDER).await.status, 200);
}

/// An answer without what differs from request to request.
fn comparable(answer: &Invoked) -> (u16, Value, String) {
    let mut raw = answer.raw.clone();
    raw["headers"]["X-Request-Id"] = Value::Null;
    (answer.status, raw, answer.body.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_somebody_else_and_one_that_does_not_exist_look_the_same() {
    let stack = Stack::start().await;
    stack.given_rows([webhook_row("ava", "cs_test_a1stored", CREATED)]).await;
    stack.given_session(session(json!({"userId": "ava"})));
    let absent = comparable(&stack.open_order("ben", "cs_test_a1absent").await);
    assert_eq!(absent.0, 404);
    for foreign in ["cs_test_a1stored", ORDER, "not-a-session-id", "cs_live_otherMode"] {
        // Asked twice: a remembered miss must not look different either.
        for _ in 0..2 {
            let answer = comparable(&stack.open_order("ben", foreign).await);
            assert_eq!(answer, absent, "{foreign}");
        }
    }
}
