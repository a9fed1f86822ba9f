//! What is printed at start: how to try it, or what another program needs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the terminal is for")]

use axum::extract::Request;
use orders::{Clock, SystemClock};
use orders_events::EventReport;
use orders_http::Report;

use crate::demo::{AVA, BEN, BENS, IN_STRIPE, MORE, Member, STORED};
use crate::stack::{DEVELOPMENT_SECRET, DEVELOPMENT_WEBHOOK_SECRET, Stack};

/// Where the program could not start.
pub(crate) fn cannot_start(problems: &[String]) {
    for problem in problems {
        eprintln!("local cannot start: {problem}");
    }
}

/// The time of day, of `2025-11-26T21:28:24.990Z`.
fn time() -> String {
    let now = SystemClock.now().to_string();
    now.get(11..19).unwrap_or(&now).to_owned()
}

/// What a person likes to read about an event.
pub(crate) fn event(report: &EventReport) {
    let EventReport { status, outcome, duration_ms, event_type, order_id, .. } = report;
    let what = if event_type.is_empty() { "what is no event" } else { event_type };
    let of = if order_id.is_empty() { String::new() } else { format!(" of {order_id}") };
    eprintln!("{} POST /stripe/webhook {status} {outcome} {duration_ms:.1} ms, {what}{of}", time());
}

/// What a person likes to read about a request. Whoever wants all of it sets `LOG_LEVEL=debug`.
pub(crate) fn request(request: &Request, report: &Report) {
    let time = time();
    // As it came in: percent-encoded, so that it can bring no line break and no colour with it.
    let (method, path) = (request.method(), request.uri().path());
    let Report { status, outcome, duration_ms, .. } = report;
    let calls = match report.usage.stripe_calls {
        0 => String::new(),
        1 => ", 1 call to Stripe".to_owned(),
        calls => format!(", {calls} calls to Stripe"),
    };
    eprintln!("{time} {method} {path} {status} {outcome} {duration_ms:.1} ms{calls}");
}

/// What to try.
pub(crate) fn welcome(stack: &Stack) {
    println!("Orders are served at http://{}/dashboard/orders/{{orderId}}", stack.address);
    match (&stack.table, &stack.stripe) {
        (Some(table), _) => println!("  DynamoDB  embedded, at {}", table.endpoint()),
        (None, _) => println!("  DynamoDB  the table {}", setting(stack, "COMMERCE_TABLE")),
    }
    match &stack.stripe {
        Some(stripe) => println!("  Stripe    a stand-in, at {}", stripe.base()),
        None => println!("  Stripe    {}", setting_or(stack, "STRIPE_API_BASE", "itself")),
    }
    if stack.takes_events() {
        println!("  Events    Stripe's, at http://{}/stripe/webhook", stack.address);
    } else {
        println!("  Events    not taken; set STRIPE_WEBHOOK_SECRET to take Stripe's");
    }
    warn_of_development_secret(stack);
    if stack.table.is_none() || stack.stripe.is_none() {
        println!(
            "\nSend a token signed with JWT_SECRET (HS256) as `Authorization: Bearer <token>`."
        );
        println!("Stop it with Ctrl-C.");
        return;
    }
    println!("\nTwo members, with tokens for a day:");
    for member in [&AVA, &BEN] {
        println!("  {:4} {}", member.name, token(stack, member));
    }
    println!("\nPaste any of these:\n");
    for try_out in tries(stack) {
        println!("{try_out}\n");
    }
    println!("More of Ava's orders, each a 200:");
    for sample in &MORE {
        println!("  {:26} {}", sample.order, sample.shows);
    }
    println!("\nStop it with Ctrl-C. `cargo run -- --help` says what can be set.");
}

/// Requests to paste, each with what it is answered.
fn tries(stack: &Stack) -> [String; 8] {
    let curl = |comment: String, member: Option<&Member>, id: &str| {
        let bearer =
            member.map(|member| format!(" -H 'Authorization: Bearer {}'", token(stack, member)));
        let bearer = bearer.unwrap_or_default();
        format!("# {comment}\ncurl -i{bearer} http://{}/dashboard/orders/{id}", stack.address)
    };
    [
        curl(format!("Ava's stored order: {}", STORED.shows), Some(&AVA), STORED.order),
        curl(format!("Ava's order in Stripe: {}", IN_STRIPE.shows), Some(&AVA), IN_STRIPE.order),
        curl(format!("Ben's order, asked for by Ava: {}", BENS.shows), Some(&AVA), BENS.order),
        curl("the same, asked for by Ben: 200".to_owned(), Some(&BEN), BENS.order),
        curl("no token: 401".to_owned(), None, STORED.order),
        curl("an id that cannot be one: 400".to_owned(), Some(&AVA), "not%20an%20id"),
        refund(stack),
        curl("Ava's order again: 200, now refunded".to_owned(), Some(&AVA), STORED.order),
    ]
}

/// The shop returns the money for Ava's order, and Stripe tells of it.
fn refund(stack: &Stack) -> String {
    let stripe = stack.stripe.as_ref().map(stripe_sim::StripeSim::base).unwrap_or_default();
    format!(
        "# refund Ava's stored order at the stand-in, which then tells the webhook: 200\n\
         curl -i -X POST {stripe}/sim/sessions/{}/refund",
        STORED.order
    )
}

/// What another program needs, as `NAME=value` lines. A secret that came from outside is not among
/// them: whoever set it has it.
pub(crate) fn environment(stack: &Stack) {
    println!("ORDERS_URL=http://{}", stack.address);
    println!("COMMERCE_TABLE={}", setting(stack, "COMMERCE_TABLE"));
    if let Some(index) = stack.environment.get("ORDER_INDEX") {
        println!("ORDER_INDEX={index}");
    }
    if let Some(table) = &stack.table {
        println!("AWS_ENDPOINT_URL_DYNAMODB={}", table.endpoint());
        println!("AWS_REGION=local\nAWS_ACCESS_KEY_ID=local\nAWS_SECRET_ACCESS_KEY=local");
    }
    if let Some(stripe) = &stack.stripe {
        println!("STRIPE_API_BASE={}", stripe.base());
        println!("STRIPE_SECRET={}", crate::demo::STRIPE_KEY);
        println!("STRIPE_CONTROL_URL={}/sim", stripe.base());
        println!("STRIPE_WEBHOOK_URL=http://{}/stripe/webhook", stack.address);
        if setting(stack, "STRIPE_WEBHOOK_SECRET") == DEVELOPMENT_WEBHOOK_SECRET {
            println!("STRIPE_WEBHOOK_SECRET={DEVELOPMENT_WEBHOOK_SECRET}");
        }
    }
    if stack.tokens_are_forgeable() {
        println!("JWT_SECRET={DEVELOPMENT_SECRET}");
    }
    if stack.table.is_some() && stack.stripe.is_some() {
        for member in [&AVA, &BEN] {
            println!("{}={}", variable(member), token(stack, member));
        }
    }
    warn_of_development_secret(stack);
}

fn warn_of_development_secret(stack: &Stack) {
    if stack.tokens_are_forgeable() && !stack.address.ip().is_loopback() {
        eprintln!(
            "WARNING: JWT_SECRET is not set, and {} can be reached from elsewhere: anybody can \
             make a token for any member.",
            stack.address
        );
    }
}

fn variable(member: &Member) -> String {
    format!("{}_TOKEN", member.name.to_uppercase())
}

fn token(stack: &Stack, member: &Member) -> String {
    stack.token(member.user_id, member.email)
}

fn setting<'a>(stack: &'a Stack, name: &str) -> &'a str {
    setting_or(stack, name, "")
}

fn setting_or<'a>(stack: &'a Stack, name: &str, default: &'a str) -> &'a str {
    stack.environment.get(name).unwrap_or(default)
}
