//! Everything around the program, and verbs for what happens to an order.

use std::sync::atomic::{AtomicU64, Ordering};

use lambda_kit::config::{Environment, Reader};
use lambda_kit::{Service, service};
use orders_dynamodb::CommerceTable;
use orders_http::Invocation;
use orders_stripe::SecretKey;
use serde_json::{Map, Value, json};
use stripe_sim::{Act, Line, SessionBuilder, Shop, StripeSim, sign};
use table_sim::{EmbeddedTable, INDEX, Row, Storage, TABLE};
use test_support::{Asker, Invoked, Lambda, posted_event, rest_event};

/// The key that the program is given.
pub(crate) const KEY: &str = "sk_test_51ExampleKeyForTests";

/// The secret of the webhook.
pub(crate) const SECRET: &str = "whsec_secretOfTheseTests";

/// When the sessions of these tests were made, in epoch seconds.
pub(crate) const CREATED: i64 = 1_764_192_504;

/// The settings with the index and without it.
pub(crate) const BOTH_WAYS: [&[(&str, &str)]; 2] = [&[("ORDER_INDEX", INDEX)], &[]];

/// A shop whose orders one function keeps true.
pub(crate) struct Stack {
    pub(crate) table: EmbeddedTable,
    pub(crate) stripe: StripeSim,
    pub(crate) lambda: Lambda,
    dashboard: Service,
}

impl Stack {
    /// With the index, and nothing else but the required settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[("ORDER_INDEX", INDEX)]).await
    }

    /// With the given settings besides the required ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (table, stripe) = services().await;
        let endpoint = table.endpoint().to_owned();
        Self::over(table, stripe, &endpoint, settings).await
    }

    /// Over a table that is reached at another endpoint.
    pub(crate) async fn over(
        table: EmbeddedTable,
        stripe: StripeSim,
        dynamodb: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let lambda = start_lambda(dynamodb, &stripe.base(), settings).await;
        let dashboard = dashboard(&table, &stripe.base(), settings);
        Self { table, stripe, lambda, dashboard }
    }

    /// Rows that are there before anything happens.
    pub(crate) async fn given_rows(&self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.table.put(&row).await.expect("a write");
        }
    }

    /// A session that Stripe knows.
    pub(crate) fn given_session(&self, session: SessionBuilder) {
        self.stripe.shop(|shop| shop.add(session));
    }

    /// Something happens to an order. Gives the events that tell of it.
    pub(crate) fn happens(&self, order: &str, act: Act) -> Vec<Value> {
        let ids = self.stripe.act(order, act).expect("it can happen");
        let log = self.stripe.events();
        let told = ids.iter().map(|id| {
            let event = log.iter().find(|event| event.id() == id).expect("it is logged");
            event.event.clone()
        });
        told.collect()
    }

    /// An event is sent to the webhook, signed.
    pub(crate) async fn post(&self, event: &Value) -> Invoked {
        let body = event.to_string();
        self.post_signed(&body, Some(&sign(body.as_bytes(), SECRET, now()))).await
    }

    /// A body is sent to the webhook with a signature of its sender's choice.
    pub(crate) async fn post_signed(&self, body: &str, signature: Option<&str>) -> Invoked {
        self.lambda.invoke(&posted_event(body, signature)).await
    }

    /// Something happens to an order, and every event of it is sent to the webhook and taken.
    pub(crate) async fn happens_and_is_told(&self, order: &str, act: Act) -> Vec<Invoked> {
        let mut answers = Vec::new();
        for event in self.happens(order, act) {
            let answer = self.post(&event).await;
            assert_eq!(answer.status, 200, "{} {answer:?}", event["type"]);
            answers.push(answer);
        }
        answers
    }

    /// The member opens the order on the dashboard.
    pub(crate) async fn open_order(&self, asker: &Asker, order: &str) -> (u16, String, Value) {
        let event = rest_event(asker, order).to_string();
        let answer = self.dashboard.answer(&event, &Invocation::default()).await.answer;
        let source = answer.headers.iter().find(|(name, _)| *name == "X-Order-Source");
        let source = source.map(|(_, value)| value.clone()).unwrap_or_default();
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        (answer.status, source, body["order"].clone())
    }

    /// The rows of a member's orders.
    pub(crate) async fn rows_of(&self, user: &str) -> Vec<Map<String, Value>> {
        self.table.orders_of(user).await.expect("a query")
    }

    /// The only row of a member's orders.
    pub(crate) async fn row_of(&self, user: &str) -> Map<String, Value> {
        let mut rows = self.rows_of(user).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.swap_remove(0)
    }

    /// The mark of an event.
    pub(crate) async fn mark_of(&self, event: &Value) -> Option<Map<String, Value>> {
        let key = format!("EVENT#{}", event["id"].as_str().unwrap());
        self.table.row(&key, "METADATA").await.expect("a read")
    }

    /// Every line so far, once all is written that there is to say of the events so far: lines come
    /// in the order of invocations, so the last is about one that is sent for its sake.
    pub(crate) async fn lines(&self) -> Vec<Value> {
        static MARKS: AtomicU64 = AtomicU64::new(0);
        let mark = format!("mark-{}-", MARKS.fetch_add(1, Ordering::Relaxed));
        let event = json!({"httpMethod": "GET", "requestContext": {"requestId": mark}});
        self.lambda.invoke(&event).await;
        self.lambda.program.line_with(&mark).await;
        let lines = self.lambda.program.output();
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The line about an event.
    pub(crate) async fn line_of(&self, event: &Value) -> Value {
        let lines = self.lines().await;
        let line = lines.into_iter().rev().find(|line| line["eventId"] == event["id"]);
        line.expect("a line about the event")
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
    let mut environment = vec![
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", stripe),
        ("STRIPE_RATE_PER_SECOND", "1000"),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ];
    environment.retain(|(name, _)| settings.iter().all(|(other, _)| name != other));
    environment.extend_from_slice(settings);
    Lambda::start(env!("CARGO_BIN_EXE_stripe-events"), &environment).await
}

/// The endpoint of the dashboard over the same table and the same Stripe.
fn dashboard(table: &EmbeddedTable, stripe: &str, settings: &[(&str, &str)]) -> Service {
    let mut environment = Environment::default();
    for (name, value) in [
        ("COMMERCE_TABLE", TABLE),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", stripe),
        ("STRIPE_RATE_PER_SECOND", "1000"),
    ] {
        environment.set(name, value);
    }
    for (name, value) in settings.iter().filter(|(name, _)| *name == "ORDER_INDEX") {
        environment.set(name, value);
    }
    let mut reader = Reader::new(&environment);
    let settings = reader.settings();
    let settings = reader.finish(settings).expect("settings");
    let table = CommerceTable::new(table.client(), settings.table.clone(), orders::SystemClock);
    let key: SecretKey = KEY.parse().expect("a key");
    service(settings, key.into(), table).expect("a service")
}

/// The time, in epoch seconds.
pub(crate) fn now() -> i64 {
    use orders::Clock;
    orders::SystemClock.now().seconds()
}

/// A paid session of a member, with one line of two pieces: 30.00 dollars.
pub(crate) fn session_of(user: &str, order: &str) -> SessionBuilder {
    SessionBuilder::new(order, CREATED)
        .metadata(json!({"userId": user, "gift": "yes"}))
        .line(Line::new("Tote bag", 1500, 2))
}

/// An event of a type about the session of an order, as Stripe's envelope has it.
pub(crate) fn event_about(id: &str, event_type: &str, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2026-09-30.endive", "created": now(),
        "data": {"object": object}, "livemode": false, "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null}, "type": event_type,
    })
}

/// A completion of an order.
pub(crate) fn completed(id: &str, order: &str) -> Value {
    event_about(
        id,
        "checkout.session.completed",
        json!({"id": order, "object": "checkout.session"}),
    )
}
