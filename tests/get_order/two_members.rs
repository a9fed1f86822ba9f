//! Two members against each other: whatever the session, the rows and the claims, what Ben is
//! answered holds nothing of Ava's order.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use stripe_sim::{Line, SessionBuilder};
use table_sim::{INDEX, Row, webhook_row};
use test_support::Asker;

use crate::stack::{CREATED, Stack};

/// Stands in every part of Ava's order that a member could see.
const MARK: &str = "AVASECRET";

/// How Ava's order is tied to her, and what noise there is around it.
#[derive(Clone, Debug)]
struct Case {
    evidence: u8,
    state: u8,
    row: u8,
    ben_claims: u8,
    ben_profile: bool,
    blank_ids: bool,
    lines: usize,
}

fn case() -> impl Strategy<Value = Case> {
    (0..5_u8, 0..4_u8, 0..5_u8, 0..6_u8, any::<bool>(), any::<bool>(), 0..13_usize).prop_map(
        |(evidence, state, row, ben_claims, ben_profile, blank_ids, lines)| Case {
            evidence,
            state,
            row,
            ben_claims,
            ben_profile,
            blank_ids,
            lines,
        },
    )
}

impl Case {
    fn session(&self, order: &str) -> SessionBuilder {
        let mut session = SessionBuilder::new(order, CREATED)
            .email("ava@example.com")
            .set("client_reference_id", json!("ben"))
            .set("shipping_details", json!({"name": MARK, "address": {"line1": MARK}}));
        let mut metadata = json!({"note": MARK});
        if self.blank_ids {
            metadata["userId"] = json!(" ");
        }
        match self.evidence {
            0 => metadata["userId"] = json!("ava"),
            1 => metadata["user_id"] = json!("ava"),
            2 => session = session.customer("cus_ava", json!({"userId": "ava"})),
            3 => session = session.customer("cus_ava", json!({})),
            _ => {}
        }
        session = session.metadata(metadata);
        for _ in 0..self.lines {
            session = session.line(Line::new(MARK, 100, 1).metadata(json!({"sku": MARK})));
        }
        match self.state {
            0 => session.open(),
            1 => session.processing(),
            2 => session.refunded(100),
            _ => session,
        }
    }

    /// Rows of Ava's order: her own, and one that lies where it should not.
    fn rows(&self, order: &str) -> Vec<Row> {
        let marked = |user: &str| {
            webhook_row(user, order, CREATED)
                .set("customerName", json!(MARK))
                .set("userId", json!("ava"))
        };
        match self.row {
            0 => vec![marked("ava")],
            1 => vec![marked("ava").set("stripePaymentStatus", json!("unpaid"))],
            2 => vec![marked("ben")],
            3 => vec![marked("ben").set("amount", json!(0.5)), marked("ava")],
            _ => vec![],
        }
    }

    fn ben(&self) -> Asker {
        match self.ben_claims {
            0 => Asker::with_email("ben", "ava@example.com", false),
            1 => Asker::with_email("ben", "ben@example.com", true),
            2 => Asker::context(json!({"userId": "ben", "principalId": "ava", "role": "ava"})),
            3 => Asker::context(
                json!({"sub": "ben", "lambda": {"sub": "ava"}, "claims": {"sub": "ava"}}),
            ),
            4 => Asker::user("AVA"),
            _ => Asker::user("ben"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ben_never_sees_a_byte_of_avas_order_and_ava_always_sees_hers() {
    let settings = [("ORDER_INDEX", INDEX), ("STRIPE_RATE_PER_SECOND", "1000")];
    let stack = Stack::with(&settings).await;
    stack.given_rows([Row::profile("ava", "cus_ava")]).await;
    let absent = stack.open_order("ben", "cs_test_absent").await;
    let mut runner = TestRunner::deterministic();
    for n in 0..400 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let order = format!("cs_test_pair{n}");
        stack.given_session(case.session(&order));
        stack.given_rows(case.rows(&order)).await;
        if case.ben_profile {
            stack.given_rows([Row::profile("ben", "cus_ben")]).await;
        }
        let ben = stack.ask(&case.ben(), &order).await;
        let seen = ben.raw.to_string();
        assert!(!seen.contains(MARK) && !seen.contains("ava@"), "{case:?}: {seen}");
        assert_eq!(ben.status, 404, "{case:?}");
        assert_eq!(ben.body, absent.body, "{case:?}");

        let ava = stack.ask(&Asker::with_email("ava", "ava@example.com", true), &order).await;
        assert_eq!(ava.status, 200, "{case:?}: {ava:?}");
    }
    let log = stack.lines().await.join("\n");
    assert!(!log.contains(MARK) && !log.contains("ava@example.com"), "{log}");
    assert_eq!(stack.rows_of("ben").await.iter().filter(|row| row["userId"] == "ben").count(), 0);
}
