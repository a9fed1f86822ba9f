//! Scenarios that reach every call of a program and every figure.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stripe_sim::{Fault, Line, SessionBuilder, Times, sign};
use table_sim::{Row, webhook_row};
use test_support::{Asker, TableFault, posted_event, rest_event};

use crate::figures::Figure;
use crate::recorded::{CREATED, Call, Function, SECRET, session_of};
use crate::template::Stack;

/// What a program did.
pub(crate) struct Recorded {
    pub(crate) calls: BTreeSet<Call>,
    pub(crate) figures: BTreeSet<Figure>,
}

fn order(what: &str) -> String {
    format!("cs_test_a1{what}")
}

/// What `get-order` does as the stack's function.
pub(crate) async fn of_get_order(stack: &Stack) -> Recorded {
    let function = Function::start(stack, "GetOrderFunction", "get-order").await;
    let stored = |what: &str| webhook_row("ava", &order(what), CREATED);
    function.given_row(stored("hit")).await;
    function.given_session(session_of("ava", &order("miss")));
    function.given_row(Row::profile("ava", "cus_ava")).await;
    let of_customer = SessionBuilder::new(&order("profile"), CREATED)
        .customer("cus_ava", json!({}))
        .line(Line::new("Pin", 100, 1));
    function.given_session(of_customer);
    function.given_row(stored("pending").set("status", json!("pending"))).await;
    function.given_session(session_of("ava", &order("pending")));
    function.given_row(stored("corrupt").set("amount", json!(30.5))).await;
    function.given_session(session_of("ava", &order("corrupt")));
    function.given_session(session_of("ben", &order("foreign")));
    for (what, status) in [
        ("hit", 200),
        ("miss", 200),
        ("profile", 200),
        ("pending", 200),
        ("corrupt", 200),
        ("foreign", 404),
        ("absent", 404),
    ] {
        open(&function, what, status).await;
    }
    function.given_row(stored("stale").set("status", json!("pending"))).await;
    function.stripe.inject(Fault::Status(400), Times::Next(1));
    open(&function, "stale", 200).await;
    function.given_session(session_of("ava", &order("unkept")));
    for (fault, what, status) in [
        (TableFault::ReadOnly, "unkept", 200),
        (TableFault::Throttle, "unknown", 503),
        (TableFault::NoTable, "hit", 500),
    ] {
        function.gate.set(fault);
        open(&function, what, status).await;
    }
    Recorded { figures: function.figures().await, calls: function.calls() }
}

async fn open(function: &Function, what: &str, status: u16) {
    let answer = function.send(&rest_event(&Asker::user("ava"), &order(what))).await;
    assert_eq!(answer.status, status, "{what}: {answer:?}");
}

/// What `stripe-events` does as the stack's function.
pub(crate) async fn of_stripe_events(stack: &Stack) -> Recorded {
    let function = Function::start(stack, "StripeEventsFunction", "stripe-events").await;
    let row = |what: &str| webhook_row("ava", &order(what), CREATED + 7);
    for what in ["new", "known", "corrupt", "misfiled"] {
        function.given_session(session_of("ava", &order(what)));
    }
    function.given_session(session_of("ava", &order("huge")).lines(3000));
    let nobodys = SessionBuilder::new(&order("nobodys"), CREATED).line(Line::new("Pin", 100, 1));
    function.given_session(nobodys);
    function.given_row(row("known").set("status", json!("pending"))).await;
    function.given_row(row("corrupt").set("amount", json!(30.5))).await;
    function.given_row(row("misfiled").set("userId", json!("ben"))).await;
    for (what, outcome) in [
        ("new", "stored"),
        ("new", "duplicate"),
        ("known", "updated"),
        ("corrupt", "updated"),
        ("misfiled", "misfiled"),
        ("huge", "too_large"),
        ("nobodys", "not_ours"),
    ] {
        let event = completed(&format!("evt_{what}"), &order(what)).to_string();
        let answer = post(&function, &event, SECRET).await;
        assert_eq!(answer["outcome"], outcome, "{what}: {answer}");
    }
    post(&function, "{}", SECRET).await;
    post(&function, "{}", "whsec_ofSomebodyElse").await;
    for fault in [TableFault::Throttle, TableFault::NoTable] {
        function.gate.set(fault);
        let event = completed("evt_fault", &order("new")).to_string();
        post(&function, &event, SECRET).await;
    }
    Recorded { figures: function.figures().await, calls: function.calls() }
}

/// What `authorizer` does as the stack's function: with a secret it decides, with an issuer that
/// cannot be reached it does not know.
pub(crate) async fn of_authorizer(stack: &Stack) -> Recorded {
    let function = Function::start(stack, "AuthorizerFunction", "authorizer").await;
    let method = "arn:aws:execute-api:eu-central-1:111122223333:abcdef1234/prod/GET/dashboard/orders/cs_test_1";
    // Well-formed, and nobody's: {"alg":"RS256","kid":"k"}.
    let token = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.c2lnbmF0dXJl";
    function
        .send(&json!({"type": "REQUEST", "headers": {"Authorization": token}, "methodArn": method}))
        .await;
    Recorded { figures: function.figures().await, calls: function.calls() }
}

async fn post(function: &Function, body: &str, secret: &str) -> Value {
    let signature = sign(body.as_bytes(), secret, now());
    function.send(&posted_event(body, Some(&signature))).await.json()
}

/// A completion of an order, some seconds ago.
pub(crate) fn completed(id: &str, order: &str) -> Value {
    let object = json!({"id": order, "object": "checkout.session"});
    event_about(id, "checkout.session.completed", object)
}

/// An event of a type.
pub(crate) fn event_about(id: &str, kind: &str, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "type": kind, "created": now() - 5, "livemode": false,
        "data": {"object": object},
    })
}

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "plays Stripe, which has a clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
