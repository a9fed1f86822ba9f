//! A row of the table, read as an order. Rows of every writer are read here; see the contract's
//! table of writers.

use std::cell::OnceCell;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{
    Address, Currency, LineItem, MinorUnits, Order, OrderId, OrderStatus, Personal, Presentment,
    Provenance, RowRef, Timestamp, public_metadata,
};
use serde_json::Value;

use crate::keys;
use crate::number::integer;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The `source` of a row that a fallback to Stripe wrote.
pub(crate) const FALLBACK_SOURCE: &str = "stripe_fallback";

/// Deeper documents than DynamoDB itself takes (32 levels) are not followed.
const MAX_DEPTH: usize = 32;

/// A row, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) at: RowRef,
    pub(crate) order: Order,
    pub(crate) provenance: Provenance,
    pub(crate) user_id: Option<String>,
    pub(crate) updated_at: Option<Timestamp>,
    /// The first attribute that cannot be read, as a path: `items[3].amountTotal`. A row with one
    /// is corrupt; the rest of it may still serve to complete what replaces it.
    pub(crate) corrupt_at: Option<String>,
}

/// Reads a row of an order.
pub(crate) fn order_row(item: &Item, order_id: &OrderId) -> Row {
    let fault = OnceCell::new();
    let fields = Fields { item, path: String::new(), fault: &fault };
    if fields.text("orderId").is_none_or(|id| id != order_id.as_str()) {
        fields.corrupt::<()>("orderId");
    }
    let version = fields.integer("normalizerVersion");
    let row = Row {
        at: row_ref(item),
        order: order(&fields, order_id.clone()),
        provenance: Provenance {
            from_fallback: fields.text("source").as_deref() == Some(FALLBACK_SOURCE),
            normalizer_version: version.and_then(|version| u32::try_from(version).ok()),
            is_final: fields.flag("final").unwrap_or(false),
        },
        user_id: fields.text("userId"),
        updated_at: fields.timestamp("updatedAt"),
        corrupt_at: None,
    };
    Row { corrupt_at: fault.into_inner(), ..row }
}

/// The row's key and the mark of its last change.
fn row_ref(item: &Item) -> RowRef {
    let seen = match item.get("updatedAt") {
        Some(AttributeValue::S(text)) => Some(format!("S{text}")),
        Some(AttributeValue::N(number)) => Some(format!("N{number}")),
        _ => None,
    };
    RowRef::new(keys::sort_key(item).unwrap_or_default().to_owned(), seen)
}

/// Whether a row is past its time to live. DynamoDB may still return it for days.
pub(crate) fn is_expired(item: &Item, now: Timestamp) -> bool {
    // As DynamoDB itself does, anything but a number is taken as no time to live.
    let Some(Ok(number)) = item.get("expiresAt").map(AttributeValue::as_n) else { return false };
    integer(number).is_some_and(|expires| expires <= now.seconds())
}

fn order(fields: &Fields<'_>, order_id: OrderId) -> Order {
    let payment_status = fields.text("stripePaymentStatus");
    let status = fields.text("status").as_deref().and_then(OrderStatus::from_stored);
    Order {
        status: status.map(|status| match (status, payment_status.as_deref()) {
            // The webhook calls every order completed, even one that is not paid yet.
            (OrderStatus::Completed, Some("unpaid")) => OrderStatus::Pending,
            (status, _) => status,
        }),
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
            .or_else(|| fields.integer("totalDiscountCents")),
        amount_refunded: fields.integer("amountRefunded"),
        presentment: fields.map("presentment").and_then(|map| presentment(&map)),
        completed_at: fields.timestamp("completedAt"),
        customer_phone: fields.personal("customerPhone"),
        customer_name: fields.personal("customerName"),
        shipping_address: fields.map("shippingAddress").map(|map| address(&map)),
        stripe_payment_intent_id: fields.text("stripePaymentIntentId"),
        stripe_payment_status: payment_status,
        receipt_url: fields.personal("receiptUrl"),
        disputed: fields.flag("disputed"),
        mode: fields.text("mode"),
        metadata: fields.map("metadata").and_then(|map| public_metadata(map.words())),
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

/// The attributes of a row, or of a map within it. `NULL` is the same as absent; so is a wrong
/// type, but the first of those is kept as the row's fault.
struct Fields<'a> {
    item: &'a Item,
    path: String,
    fault: &'a OnceCell<String>,
}

impl<'a> Fields<'a> {
    /// Finds fault with an attribute.
    fn corrupt<T>(&self, name: &str) -> Option<T> {
        // Only the first is kept.
        let _ = self.fault.set(format!("{}{name}", self.path));
        None
    }

    fn get(&self, name: &str) -> Option<&'a AttributeValue> {
        self.item.get(name).filter(|value| !value.is_null())
    }

    /// A text; a blank one is unknown.
    fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            AttributeValue::S(text) => (!text.trim().is_empty()).then(|| text.clone()),
            _ => self.corrupt(name),
        }
    }

    /// A text that some writers store as a number: a postal code, a variant.
    fn word(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            AttributeValue::N(number) => Some(number.clone()),
            _ => self.text(name),
        }
    }

    fn personal(&self, name: &str) -> Option<Personal<String>> {
        self.text(name).map(Personal::new)
    }

    fn integer(&self, name: &str) -> Option<MinorUnits> {
        match self.get(name)? {
            AttributeValue::N(number) => integer(number).or_else(|| self.corrupt(name)),
            _ => self.corrupt(name),
        }
    }

    fn currency(&self, name: &str) -> Option<Currency> {
        self.text(name).as_deref().and_then(Currency::new)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            AttributeValue::Bool(flag) => Some(*flag),
            _ => self.corrupt(name),
        }
    }

    /// ISO 8601 as a text, or seconds since 1970 as a number (with a fraction, as Python has it).
    fn timestamp(&self, name: &str) -> Option<Timestamp> {
        let moment = match self.get(name)? {
            // A text that is no moment is as good as none.
            AttributeValue::S(text) => return text.parse().ok(),
            AttributeValue::N(number) => {
                let whole = number.split('.').next().unwrap_or_default();
                let seconds = integer(number).or_else(|| integer(whole));
                seconds.and_then(|seconds| Timestamp::from_epoch(seconds).ok())
            }
            _ => None,
        };
        moment.or_else(|| self.corrupt(name))
    }

    fn map(&self, name: &str) -> Option<Fields<'a>> {
        match self.get(name)? {
            AttributeValue::M(item) => Some(self.within(item, name)),
            // What some languages make of an empty map.
            AttributeValue::S(text) if text.is_empty() => None,
            AttributeValue::L(list) if list.is_empty() => None,
            _ => self.corrupt(name),
        }
    }

    fn within(&self, item: &'a Item, name: &str) -> Fields<'a> {
        Fields { item, path: format!("{}{name}.", self.path), fault: self.fault }
    }

    fn list<T>(&self, name: &str, read: impl Fn(&Fields<'a>) -> T) -> Vec<T> {
        let entries = match self.get(name) {
            None => return Vec::new(),
            Some(AttributeValue::L(entries)) => entries,
            Some(_) => return self.corrupt(name).unwrap_or_default(),
        };
        let read = |(index, entry): (usize, &'a AttributeValue)| match entry {
            AttributeValue::M(item) => Some(read(&self.within(item, &format!("{name}[{index}]")))),
            _ => self.corrupt(&format!("{name}[{index}]")),
        };
        entries.iter().enumerate().filter_map(read).collect()
    }

    /// A document of any shape, passed on as it is.
    fn document(&self, name: &str) -> Option<Value> {
        json(self.get(name)?, MAX_DEPTH).or_else(|| self.corrupt(name))
    }

    /// The entries that are words or can be written as one.
    fn words(&self) -> impl Iterator<Item = (String, String)> + use<'a> {
        self.item.iter().filter_map(|(key, value)| {
            let word = match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
                AttributeValue::Bool(flag) => flag.to_string(),
                _ => return None,
            };
            Some((key.clone(), word))
        })
    }
}

/// A DynamoDB value as JSON. `None` where it is nested too deeply.
fn json(value: &AttributeValue, depth: usize) -> Option<Value> {
    let deeper = depth.checked_sub(1)?;
    Some(match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(number) => json_number(number),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(list) => {
            list.iter().map(|entry| json(entry, deeper)).collect::<Option<_>>()?
        }
        AttributeValue::M(map) => map
            .iter()
            .map(|(key, entry)| Some((key.clone(), json(entry, deeper)?)))
            .collect::<Option<_>>()?,
        AttributeValue::Ss(set) => set.iter().cloned().map(Value::String).collect(),
        AttributeValue::Ns(set) => set.iter().map(|number| json_number(number)).collect(),
        _ => Value::Null,
    })
}

fn json_number(text: &str) -> Value {
    match integer(text) {
        Some(number) => Value::from(number),
        None => text.parse::<f64>().map_or(Value::Null, Value::from),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
