//! What nobody may find: tokens, keys, and whatever tells who somebody is or where she lives. Each
//! path is taken with values that have a mark, and the mark is looked for in all that comes out.

use std::time::Duration;

use serde_json::{Value, json};
use stripe_sim::{Fault, SessionBuilder, StripeSim, Times};
use table_sim::{EmbeddedTable, INDEX, Row, Storage, webhook_row};
use test_support::{Asker, Collector, Invoked, Lambda, TableFault, TableGate, rest_event};

use crate::stack::{CREATED, session_of, start_lambda};

/// In every value that must not come out, whatever its case.
const MARK: &str = "marked";
const KEY: &str = "sk_test_51MarkedKey";
const TOKEN: &str = "eyMarked.Token.Here";
const EMAIL: &str = "marked.member@example.com";
const MEMBER: &str = "user_Marked";

/// What a service might say of a request, quoting all of it.
const QUOTING: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ValidationException",
    "message": "Marked: USER#user_Marked, marked.member@example.com",
    "Message": "Marked", "error": {"message": "Invalid key: sk_test_51MarkedKey",
    "type": "marked.member@example.com", "code": "Marked Code", "param": "Marked",
    "doc_url": "https://example.com/Marked"}}"#;

/// A session in which everything that is about the buyer has the mark.
fn session(user: &str, order: &str) -> SessionBuilder {
    let address = json!({
        "city": "Marked City", "country": "DE", "line1": "1 Marked Street", "line2": "Marked",
        "postal_code": "Marked 1", "state": "Marked",
    });
    let details = json!({
        "email": EMAIL, "name": "Marked Name", "phone": "+49 Marked", "address": address,
    });
    session_of(user, order)
        .set("customer_details", details)
        .set("client_reference_id", json!("Marked Reference"))
        .set(
            "collected_information",
            json!({"shipping_details": {
                "name": "Marked Name", "address": address,
            }}),
        )
}

/// A row in the same way.
fn row(order: &str) -> Row {
    webhook_row(MEMBER, order, CREATED)
        .set("customerEmail", json!(EMAIL))
        .set("customerName", json!("Marked Name"))
        .set("shippingAddress", json!({"line1": "1 Marked Street", "city": "Marked City"}))
}

/// An event with the mark wherever a caller or an authorizer could put it.
fn event(order: &str) -> Value {
    let mut event = rest_event(&Asker::with_email(MEMBER, EMAIL, true), order);
    event["requestContext"]["authorizer"]["principalId"] = json!(TOKEN);
    event["requestContext"]["authorizer"]["name"] = json!("Marked Name");
    event["requestContext"]["identity"] = json!({"sourceIp": "Marked", "userAgent": "Marked"});
    event["queryStringParameters"] = json!({"email": EMAIL});
    for (name, value) in [
        ("Authorization", format!("Bearer {TOKEN}")),
        ("Cookie", format!("session={TOKEN}")),
        ("Origin", "https://marked.example".to_owned()),
        ("If-None-Match", "\"Marked\"".to_owned()),
        ("X-Amzn-Trace-Id", "Root=Marked;Parent=Marked".to_owned()),
        ("traceparent", "00-Marked-Marked-01".to_owned()),
        ("tracestate", format!("club={EMAIL}")),
        ("baggage", format!("member={EMAIL}")),
    ] {
        event["headers"][name] = json!(value);
    }
    event
}

/// A program that says all it can, over a table and a Stripe, with a collector of spans.
struct Watched {
    lambda: Lambda,
    collector: Collector,
    answers: Vec<Invoked>,
}

impl Watched {
    async fn start(dynamodb: &str, stripe: &StripeSim) -> Self {
        let collector = Collector::start(Duration::ZERO).await;
        let settings = [
            ("ORDER_INDEX", INDEX),
            ("STRIPE_SECRET", KEY),
            ("LOG_LEVEL", "trace"),
            ("STRIPE_MAX_RETRIES", "0"),
            ("CORS_ALLOW_ORIGIN", "https://club.example"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=Marked"),
        ];
        let lambda = start_lambda(dynamodb, &stripe.base(), &settings).await;
        Self { lambda, collector, answers: Vec::new() }
    }

    async fn send(&mut self, event: Value) -> u16 {
        let answer = self.lambda.invoke(&event).await;
        let status = answer.status;
        self.answers.push(answer);
        status
    }

    /// Looks for the mark, and for the secrets of the function's role.
    async fn reveals_nothing(mut self) {
        // The next invocation begins when all is said of the last.
        let sent = self.answers.len();
        self.send(json!({"httpMethod": "OPTIONS"})).await;
        self.lambda.program.kill().await;
        let spans = self.collector.spans();
        assert!(spans.iter().filter(|span| span.kind == 2).count() >= sent);
        let spans = spans.into_iter().map(|span| span.whole);
        let errors = self.answers.into_iter().filter(|answer| answer.status >= 400);
        let errors = errors.map(|answer| answer.raw.to_string());
        let output = self.lambda.program.output();
        let lines = output.iter().filter(|line| line.contains("\"message\":\"request\""));
        assert!(lines.count() >= sent, "{output:#?}");
        for text in output.into_iter().chain(spans).chain(errors) {
            let lower = text.to_lowercase();
            for secret in [MARK, "-of-the-role", "akidexample"] {
                assert!(!lower.contains(secret), "{secret} in {text}");
            }
        }
    }
}

async fn services() -> (EmbeddedTable, StripeSim) {
    let table = EmbeddedTable::start(&Storage::Memory).await.unwrap();
    (table, StripeSim::start(&[KEY], stripe_sim::Shop::default()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revealed_where_all_is_well() {
    let (table, stripe) = services().await;
    table.put(&row("cs_test_a1hit")).await.unwrap();
    table.put(&row("cs_test_a1pending").set("status", json!("pending"))).await.unwrap();
    table.put(&row("cs_test_a1corrupt").set("amount", json!("Marked"))).await.unwrap();
    table.put(&row("cs_test_a1mended").set("items", json!("Marked"))).await.unwrap();
    stripe.shop(|shop| {
        shop.add(session(MEMBER, "cs_test_a1new"));
        shop.add(session(MEMBER, "cs_test_a1mended"));
        shop.add(session("user_Marked_other", "cs_test_a1others"));
        shop.add(session(MEMBER, "cs_test_a1guest").metadata(json!({"note": "Marked"})));
    });
    let mut watched = Watched::start(table.endpoint(), &stripe).await;
    let mut nobody = event("cs_test_a1hit");
    nobody["requestContext"]["authorizer"] = json!({"principalId": TOKEN, "userId": {"is": EMAIL}});
    let mut control = event("cs_test_a1hit");
    control["requestContext"]["authorizer"]["userId"] = json!("Marked\u{7}");
    let mut post = event("cs_test_a1hit");
    post["httpMethod"] = json!("POST");
    let mut odd = event("cs_test_a1hit");
    odd["httpMethod"] = json!("Marked");
    for (event, status) in [
        (event("cs_test_a1hit"), 200),
        (event("cs_test_a1new"), 200),
        (event("cs_test_a1guest"), 200),
        (event("cs_test_a1pending"), 200),
        (event("cs_test_a1mended"), 200),
        (event("cs_test_a1corrupt"), 500),
        (event("cs_test_a1others"), 404),
        (event("cs_test_a1nowhere"), 404),
        (event(EMAIL), 400),
        (event(""), 400),
        (nobody, 401),
        (control, 401),
        (post, 405),
        (odd, 405),
        (json!(format!("Marked {TOKEN}")), 401),
        (json!({"httpMethod": {"Marked": 1}, "path": EMAIL, "headers": "Marked"}), 401),
    ] {
        let shown = event.to_string();
        assert_eq!(watched.send(event).await, status, "{shown}");
    }
    watched.reveals_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revealed_that_a_failing_stripe_says() {
    let odd = |field: &str| {
        let mut session = json!({"id": "cs_test_a1odd", "object": "checkout.session",
            "customer_details": {"email": EMAIL}, "metadata": {"userId": MEMBER}});
        session[field] = json!({"Marked": EMAIL});
        (200, session.to_string())
    };
    let mut answers = vec![odd("amount_total"), odd("status"), odd("line_items"), odd("created")];
    answers.extend([400, 401, 403, 404, 429, 500].map(|status| (status, QUOTING.to_owned())));
    answers.extend([200, 404, 502].map(|status| (status, format!("<html>Marked {KEY}</html>"))));
    for (status, body) in answers {
        let (table, stripe) = services().await;
        table.put(&row("cs_test_a1pending").set("status", json!("pending"))).await.unwrap();
        let mut watched = Watched::start(table.endpoint(), &stripe).await;
        stripe.inject(Fault::Body(status, body), Times::Always);
        watched.send(event("cs_test_a1odd")).await;
        assert_eq!(watched.send(event("cs_test_a1pending")).await, 200);
        watched.reveals_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_revealed_that_a_failing_table_says() {
    for fault in [
        TableFault::Body(400, QUOTING),
        TableFault::Body(500, QUOTING),
        TableFault::Body(400, r#"{"__type": "com.amazonaws#user_Marked_1"}"#),
        TableFault::Body(200, "}{ Marked"),
        TableFault::Body(200, r#"{"Items": "Marked", "Count": "Marked"}"#),
        TableFault::ReadOnly,
    ] {
        let (table, stripe) = services().await;
        stripe.shop(|shop| shop.add(session(MEMBER, "cs_test_a1new")));
        let gate = TableGate::open(table.endpoint(), fault).await;
        let mut watched = Watched::start(&gate.address(), &stripe).await;
        for order in ["cs_test_a1new", "cs_test_a1nowhere"] {
            watched.send(event(order)).await;
        }
        watched.reveals_nothing().await;
    }
}
