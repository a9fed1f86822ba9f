//! Everything around the program, and verbs for what a caller does.

use serde_json::Value;
use stripe_sim::{Shop, StripeSim};
use test_support::{Asker, EmbeddedTable, INDEX, Invoked, Lambda, TABLE, rest_event};

/// The key that the program is given.
pub(crate) const KEY: &str = "sk_test_51ExampleKeyForTests";

/// When the sessions of these tests were made, in epoch seconds.
pub(crate) const CREATED: i64 = 1_764_192_504;

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
        let table = EmbeddedTable::start().await;
        let stripe = StripeSim::start(&[KEY], Shop::default()).await.expect("a free port");
        let lambda = start_lambda(table.endpoint(), &stripe.base(), settings).await;
        Self { table, stripe, lambda }
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
}

/// Starts the program over a table and a Stripe.
pub(crate) async fn start_lambda(
    dynamodb: &str,
    stripe: &str,
    settings: &[(&str, &str)],
) -> Lambda {
    let mut environment = vec![
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", stripe),
    ];
    environment.extend_from_slice(settings);
    Lambda::start(env!("CARGO_BIN_EXE_get-order"), &environment).await
}
