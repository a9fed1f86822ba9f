//! A row of the table, read as an order. Rows of every writer are read here; see the contract's
//! table of writers.

use std::cell::RefCell;

use orders::{
    Address, LineItem, Order, OrderId, OrderStatus, Personal, Presentment, Provenance, RowRef,
    Timestamp, public_metadata,
};

use crate::fields::Fields;
use crate::item::{Item, Value};
use crate::keys;
use crate::number::whole;

/// The `source` of a row that a fallback to Stripe wrote.
pub(crate) const FALLBACK_SOURCE: &str = "stripe_fallback";

/// A row, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) at: RowRef,
    pub(crate) order: Order,
    pub(crate) provenance: Provenance,
    pub(crate) user_id: Option<Personal<String>>,
    pub(crate) updated_at: Option<Timestamp>,
    /// The first attribute that cannot be read, as a path: `items[3].amountTotal`. A row with one
    /// is corrupt; the rest of it may still serve to complete what replaces it.
    pub(crate) corrupt_at: Option<String>,
}

/// Reads a row of an order.
pub(crate) fn order_row(item: &Item<'_>, order_id: &OrderId) -> Row {
    let faults = RefCell::default();
    let fields = Fields::of(item, &faults);
    if fields.text("orderId").is_none_or(|id| id != order_id.as_str()) {
        fields.corrupt::<()>("orderId");
    }
    let version = fields.perhaps(|fields| fields.integer("normalizerVersion"));
    let source = fields.perhaps(|fields| fields.text("source"));
    let row = Row {
        at: row_ref(item),
        order: order(&fields, order_id.clone()),
        provenance: Provenance {
            from_fallback: source.as_deref() == Some(FALLBACK_SOURCE),
            normalizer_version: version.and_then(|version| u32::try_from(version).ok()),
            is_final: fields.perhaps(|fields| fields.flag("final")).unwrap_or(false),
        },
        user_id: fields.personal("userId"),
        updated_at: fields.perhaps(|fields| fields.timestamp("updatedAt")),
        corrupt_at: None,
    };
    let faults = faults.into_inner();
    let top = |path: &String| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    let at = row.at.with_unreadable(faults.iter().map(top).collect());
    Row { at, corrupt_at: faults.into_iter().next(), ..row }
}

/// The row's key and the mark of its last change.
fn row_ref(item: &Item<'_>) -> RowRef {
    let seen = match item.get("updatedAt") {
        Some(Value::Text(text)) => Some(format!("S{text}")),
        Some(Value::Number(number)) => Some(format!("N{number}")),
        _ => None,
    };
    RowRef::new(keys::sort_key(item).unwrap_or_default().to_owned(), seen)
}

/// Whether a row is past its time to live. DynamoDB may still return it for days.
pub(crate) fn is_expired(item: &Item<'_>, now: Timestamp) -> bool {
    // As DynamoDB itself does, anything but a number is taken as no time to live.
    let Some(Value::Number(number)) = item.get("expiresAt") else { return false };
    whole(number).is_some_and(|expires| expires <= now.seconds())
}

fn order(fields: &Fields<'_>, order_id: OrderId) -> Order {
    let payment_status = fields.text("stripePaymentStatus");
    let word = fields.text("status");
    let status = word.and_then(|word| OrderStatus::from_stored(&word, payment_status.as_deref()));
    Order {
        status,
        amount: fields.integer("amount"),
        currency: fields.currency("currency"),
        created_at: fields.timestamp("createdAt"),
        items: fields.list("items", line_item),
        customer_email: fields.personal("customerEmail"),
        amount_subtotal: fields.integer("amountSubtotal"),
        amount_tax: fields.integer("amountTax"),
        amount_shipping: fields.integer("amountShipping"),
        amount_discount: fields
            .integer("amountDiscount")
            // The webhook's name for it.
            .or_else(|| fields.perhaps(|fields| fields.integer("totalDiscountCents"))),
        amount_refunded: fields.integer("amountRefunded"),
        presentment: fields.map("presentment").and_then(|map| presentment(&map)),
        completed_at: fields.timestamp("completedAt"),
        customer_phone: fields.word("customerPhone").map(Personal::new),
        customer_name: fields.personal("customerName"),
        shipping_address: fields.map("shippingAddress").map(|map| address(&map)),
        stripe_payment_intent_id: fields.text("stripePaymentIntentId"),
        stripe_payment_status: payment_status,
        receipt_url: fields.personal("receiptUrl"),
        disputed: fields.flag("disputed"),
        mode: fields.text("mode"),
        metadata: fields
            .perhaps(|fields| Some(fields.map("metadata")?.words().collect::<Vec<_>>()))
            .and_then(public_metadata),
        pricing_summary: fields.document("pricingSummary").map(Personal::new),
        discounts: fields.document("discounts").map(Personal::new),
        ..Order::new(order_id)
    }
}

fn line_item(fields: &Fields<'_>) -> LineItem {
    LineItem {
        name: fields.text("name"),
        quantity: fields.integer("quantity"),
        unit_price: fields.integer("unitPrice"),
        currency: fields.currency("currency"),
        amount_total: fields.integer("amountTotal"),
        amount_subtotal: fields.integer("amountSubtotal"),
        sku: fields.word("sku"),
        collection_id: fields.word("collectionId"),
        variant_id: fields.word("variantId"),
        color: fields.word("color"),
        image_url: fields.text("imageUrl"),
        stripe_price_id: fields.text("stripePriceId"),
        stripe_product_id: fields.text("stripeProductId"),
    }
}

fn address(fields: &Fields<'_>) -> Address {
    Address {
        name: fields.text("name"),
        line1: fields.text("line1"),
        line2: fields.text("line2"),
        city: fields.text("city"),
        state: fields.text("state"),
        // Also as Stripe spells it, where a writer kept Stripe's own object.
        postal_code: fields.word("postalCode").or_else(|| fields.word("postal_code")),
        country: fields.text("country"),
    }
}

fn presentment(fields: &Fields<'_>) -> Option<Presentment> {
    let (amount, currency) = (fields.integer("amount"), fields.currency("currency"));
    amount.zip(currency).map(|(amount, currency)| Presentment { amount, currency })
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
