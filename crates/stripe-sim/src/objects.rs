//! The objects that money leaves behind, as Stripe's API of 2026 sends them.

use serde_json::{Value, json};

/// What Stripe keeps of a disputed payment, in minor units (Stripe: dispute fees).
const DISPUTE_FEE: i64 = 1500;

/// The part of an id after its first underscore, from which the ids of its kin are made.
pub(crate) fn suffix(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, rest)| rest)
}

/// The payment intent of a session, before anybody has paid.
pub(crate) fn intent(id: &str, session: &Value, amount: i64) -> Value {
    json!({
        "id": id, "object": "payment_intent", "amount": amount, "amount_capturable": 0,
        "amount_received": 0, "canceled_at": null, "cancellation_reason": null,
        "capture_method": "automatic_async", "created": session["created"],
        "currency": session["currency"], "customer": session["customer"],
        "last_payment_error": null, "latest_charge": null, "livemode": session["livemode"],
        "metadata": {}, "payment_method_types": ["card"], "status": "requires_payment_method",
    })
}

/// A charge of an intent, paid.
pub(crate) fn charge(id: &str, intent: &Value, created: i64) -> Value {
    json!({
        "id": id, "object": "charge", "amount": intent["amount"],
        "amount_captured": intent["amount"], "amount_refunded": 0, "captured": true,
        "created": created, "currency": intent["currency"], "disputed": false,
        "failure_code": null, "failure_message": null, "livemode": intent["livemode"],
        "metadata": {}, "paid": true, "payment_intent": intent["id"],
        "receipt_url": format!("https://pay.stripe.example/receipts/{id}"), "refunded": false,
        "status": "succeeded",
    })
}

/// The refund of some of a charge, before the card's bank has a reference for it.
pub(crate) fn refund(id: &str, charge: &Value, amount: i64, created: i64) -> Value {
    json!({
        "id": id, "object": "refund", "amount": amount, "balance_transaction": format!("txn_{id}"),
        "charge": charge["id"], "created": created, "currency": charge["currency"],
        "destination_details": destination("pending"), "metadata": {},
        "payment_intent": charge["payment_intent"], "reason": "requested_by_customer",
        "receipt_number": null, "source_transfer_reversal": null, "status": "succeeded",
        "transfer_reversal": null,
    })
}

/// Where a refund goes, and whether the card's bank has a reference for it yet.
pub(crate) fn destination(reference_status: &str) -> Value {
    json!({
        "card": {
            "reference_status": reference_status, "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    })
}

/// A dispute about so much of a charge, new.
pub(crate) fn dispute(id: &str, charge: &Value, amount: i64, created: i64) -> Value {
    let mut dispute = json!({
        "id": id, "object": "dispute", "amount": amount, "balance_transactions": [],
        "charge": charge["id"], "created": created, "currency": charge["currency"],
        "enhanced_eligibility_types": [], "evidence": {},
        "evidence_details": {
            "due_by": created + 10 * 86_400, "enhanced_eligibility": {}, "has_evidence": false,
            "past_due": false, "submission_count": 0,
        },
        "is_charge_refundable": false, "livemode": charge["livemode"], "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "83"},
            "type": "card",
        },
        "reason": "fraudulent", "status": "needs_response",
    });
    move_funds(&mut dispute, -1, created);
    dispute
}

/// Takes the disputed money from the shop (`-1`) or gives it back (`1`).
pub(crate) fn move_funds(dispute: &mut Value, sign: i64, created: i64) {
    let amount = sign * dispute["amount"].as_i64().unwrap_or(0);
    let fee = -sign * DISPUTE_FEE;
    let (what, id) = if sign < 0 { ("withdrawal", "out") } else { ("reversal", "back") };
    let moved = json!({
        "id": format!("txn_{}{id}", dispute["id"].as_str().unwrap_or_default()),
        "object": "balance_transaction", "amount": amount, "available_on": created,
        "created": created, "currency": dispute["currency"],
        "description": format!("Chargeback {what} for {}", dispute["charge"].as_str().unwrap_or_default()),
        "fee": fee, "net": amount - fee, "reporting_category": "dispute", "source": dispute["id"],
        "status": "pending", "type": "adjustment",
    });
    if let Some(all) = dispute["balance_transactions"].as_array_mut() {
        all.push(moved);
    }
}
