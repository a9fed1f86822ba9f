//! Everything around the program, and verbs for what a caller does.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim};
use table_sim::{EmbeddedTable, INDEX, Row, Storage, TABLE};
use test_support::{Asker, Invoked, Lambda, rest_event};

use crate::subject;

/// The key that the program is given.
pub(crate) const KEY: &str = "sk_test_51ExampleKeyForTests";

/// When the sessions of these tests were made, in epoch seconds.
pub(crate) const CREATED: i64 = 1_764_192_504;

/// The settings with the index and without it.
pub(crate) const BOTH_WAYS: [&[(&str, &str)]; 2] = [&[("ORDER_INDEX", INDEX)], &[]];

/// A shop with one function in front of it.
pub(crate) struct Stack {
    pub(crate) table: EmbeddedTable,
    pub(crate) stripe: StripeSim,
    pub(crate) lambda: Lambda,
}

impl Stack {
    /// With the index, and nothing else but the required settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[("ORDER_INDEX", INDEX)]).await
    }

    /// With the given settings besides the required ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (table, stripe) = services().await;
        let lambda = start_lambda(table.endpoint(), &stripe.base(), settings).await;
        Self { table, stripe, lambda }
    }

    /// Rows that are there before the member comes.
    pub(crate) async fn given_rows(&self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.table.put(&row).await.expect("a write");
        }
    }

    /// A session that Stripe knows.
    pub(crate) fn given_session(&self, session: SessionBuilder) {
        self.stripe.shop(|shop| shop.add(session));
    }

    /// The member opens an order.
    pub(crate) async fn open_order(&self, user: &str, order: &str) -> Invoked {
        self.ask(&Asker::user(user), order).await
    }

    /// Somebody opens an order.
    pub(crate) async fn ask(&self, asker: &Asker, order: &str) -> Invoked {
        self.lambda.invoke(&rest_event(asker, order)).await
    }

    /// An event is sent as it is.
    pub(crate) async fn send(&self, event: &Value) -> Invoked {
        self.lambda.invoke(event).await
    }

    /// Every line so far, once all is written that there is to say of the requests so far: lines
    /// come in the order of requests, so the last is about one that is sent for its sake.
    pub(crate) async fn lines(&self) -> Vec<String> {
        static MARKS: AtomicU64 = AtomicU64::new(0);
        let mark = format!("mark-{}-", MARKS.fetch_add(1, Ordering::Relaxed));
        let event = json!({"httpMethod": "OPTIONS", "requestContext": {"requestId": mark}});
        self.send(&event).await;
        self.lambda.program.line_with(&mark).await;
        self.lambda.program.output()
    }

    /// The rows of a member's orders.
    pub(crate) async fn rows_of(&self, user: &str) -> Vec<Map<String, Value>> {
        self.table.orders_of(user).await.expect("a query")
    }
}

/// An empty table and a Stripe that knows nothing.
pub(crate) async fn services() -> (EmbeddedTable, StripeSim) {
    let table = EmbeddedTable::start(&Storage::Memory).await.expect("an embedded table");
    let stripe = StripeSim::start(&[KEY], Shop::default()).await.expect("a free port");
    (table, stripe)
}

/// Starts the program over a table and a Stripe.
pub(crate) async fn start_lambda(
    dynamodb: &str,
    stripe: &str,
    settings: &[(&str, &str)],
) -> Lambda {
    subject::start(&environment(dynamodb, stripe, settings)).await
}

/// The required settings over a table and a Stripe, and others.
pub(crate) fn environment<'a>(
    dynamodb: &'a str,
    stripe: &'a str,
    settings: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut environment = vec![
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", stripe),
    ];
    environment.extend_from_slice(settings);
    environment
}

/// A paid session of a member, with one line of two pieces.
pub(crate) fn session_of(user: &str, order: &str) -> SessionBuilder {
    SessionBuilder::new(order, CREATED)
        .metadata(json!({"userId": user}))
        .line(Line::new("Tote bag", 1500, 2))
}
