//! The rule's event types, against those that the program heeds.

use serde_json::{Value, json};

use crate::recorded::Function;
use crate::scenarios::event_about;
use crate::template::{Stack, list};

/// Types of Stripe's, heeded or not (its API reference, "Types of events"), and two that may come.
const TYPES: [&str; 32] = [
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.partially_funded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.dispute.of_a_kind_to_come",
    "charge.expired",
    "charge.failed",
    "charge.pending",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "refund.of_a_kind_to_come",
    "customer.created",
    "invoice.paid",
];

/// Types that the rule lets through and the program ignores, or the other way round.
pub(crate) async fn problems(stack: &Stack) -> Vec<String> {
    let pattern = &stack.properties("StripeEventsRule")["EventPattern"];
    let function = Function::start(stack, "StripeEventsFunction", "stripe-events").await;
    let mut problems = Vec::new();
    for (n, kind) in TYPES.iter().enumerate() {
        let object = json!({
            "id": format!("cs_test_a1type{n}"), "object": "checkout.session",
            "payment_intent": "pi_ofNobody",
        });
        let event = bridged(&event_about(&format!("evt_type{n}"), kind, object));
        function.send(&event).await;
        let line = function.lambda.program.line_with(&format!("\"evt_type{n}\"")).await;
        let line: Value = serde_json::from_str(&line).unwrap();
        let is_heeded = line["outcome"] != "ignored";
        let passes = matches(&pattern["detail-type"], &event["detail-type"])
            && matches(&pattern["source"], &event["source"]);
        if is_heeded != passes {
            problems.push(format!("{kind}: let through {passes}, heeded {is_heeded}"));
        }
    }
    problems
}

/// An event as EventBridge hands it on.
fn bridged(event: &Value) -> Value {
    json!({
        "version": "0", "id": "c0c5dd9a-2f7b-4c0e-8f5e-0c4a5e1d6a10", "account": "111122223333",
        "source": "aws.partner/stripe.com/ed_test_61", "detail-type": event["type"],
        "time": "2025-11-26T21:28:24Z", "region": "eu-central-1", "resources": [], "detail": event,
    })
}

/// Whether a field passes a pattern of EventBridge's: texts, or `{"prefix": text}`.
fn matches(pattern: &Value, field: &Value) -> bool {
    let field = field.as_str().unwrap();
    list(pattern).iter().any(|one| match (one.as_str(), one["prefix"].as_str()) {
        (Some(text), _) => field == text,
        (None, Some(prefix)) => field.starts_with(prefix),
        (None, None) => panic!("{one} is no pattern that is known here"),
    })
}
