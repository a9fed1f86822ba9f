//! A row of the table, read as an order. Rows of every writer are read here; see the contract's
//! table of writers.

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

/// A row that could be read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) at: RowRef,
    pub(crate) order: Order,
    pub(crate) provenance: Provenance,
    pub(crate) user_id: Option<String>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// The attribute that cannot be read, as a path: `items[3].amountTotal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt(pub(crate) String);

/// Reads a row.
pub(crate) fn order_row(item: &Item) -> Result<Row, Corrupt> {
    let fields = Fields { item, path: String::new() };
    let id = fields.text("orderId")?.ok_or_else(|| fields.corrupt("orderId"))?;
    let order_id: OrderId = id.parse().map_err(|_| fields.corrupt("orderId"))?;
    let provenance = Provenance {
        from_fallback: fields.text("source")?.as_deref() == Some(FALLBACK_SOURCE),
        normalizer_version: fields
            .integer("normalizerVersion")?
            .and_then(|version| u32::try_from(version).ok()),
        is_final: fields.flag("final")?.unwrap_or(false),
    };
    Ok(Row {
        at: row_ref(item),
        order: order(&fields, order_id)?,
        provenance,
        user_id: fields.text("userId")?,
        updated_at: fields.timestamp("updatedAt")?,
    })
}

/// The row's key and the mark of its last change.
pub(crate) fn row_ref(item: &Item) -> RowRef {
    let seen = match item.get("updatedAt") {
        Some(AttributeValue::S(text)) => Some(format!("S{text}")),
        Some(AttributeValue::N(number)) => Some(format!("N{number}")),
        _ => None,
    };
    RowRef::new(keys::sort_key(item).unwrap_or_default().to_owned(), seen)
}

/// The user id that a row carries, as far as it can be read.
pub(crate) fn user_id(item: &Item) -> Option<String> {
    item.get("userId")?.as_s().ok().cloned()
}

/// Whether a row is past its time to live. DynamoDB may still return it for days.
pub(crate) fn is_expired(item: &Item, now: Timestamp) -> bool {
    // As DynamoDB itself does, anything but a number is taken as no time to live.
    let Some(Ok(number)) = item.get("expiresAt").map(AttributeValue::as_n) else { return false };
    integer(number).is_some_and(|expires| expires <= now.seconds())
}

fn order(fields: &Fields<'_>, order_id: OrderId) -> Result<Order, Corrupt> {
    let payment_status = fields.text("stripePaymentStatus")?;
    let status = fields.text("status")?.as_deref().and_then(OrderStatus::from_stored);
    Ok(Order {
        status: status.map(|status| match (status, payment_status.as_deref()) {
            // The webhook calls every order completed, even one that is not paid yet.
            (OrderStatus::Completed, Some("unpaid")) => OrderStatus::Pending,
            (status, _) => status,
        }),
        amount: fields.integer("amount")?,
        currency: fields.currency("currency")?,
        created_at: fields.timestamp("createdAt")?,
        items: fields.list("items", line_item)?,
        customer_email: fields.personal("customerEmail")?,
        amount_subtotal: fields.integer("amountSubtotal")?,
        amount_tax: fields.integer("amountTax")?,
        amount_shipping: fields.integer("amountShipping")?,
        amount_discount: fields.integer("amountDiscount")?,
        amount_refunded: fields.integer("amountRefunded")?,
        presentment: fields.map("presentment")?.map(|map| presentment(&map)).transpose()?.flatten(),
        completed_at: fields.timestamp("completedAt")?,
        customer_phone: fields.personal("customerPhone")?,
        customer_name: fields.personal("customerName")?,
        shipping_address: fields.map("shippingAddress")?.map(|map| address(&map)).transpose()?,
        stripe_payment_intent_id: fields.text("stripePaymentIntentId")?,
        stripe_payment_status: payment_status,
        receipt_url: fields.personal("receiptUrl")?,
        disputed: fields.flag("disputed")?,
        mode: fields.text("mode")?,
        metadata: fields.map("metadata")?.and_then(|map| public_metadata(map.words())),
        pricing_summary: fields.document("pricingSummary")?.map(Personal::new),
        discounts: fields.document("discounts")?.map(Personal::new),
        ..Order::new(order_id)
    })
}

fn line_item(fields: &Fields<'_>) -> Result<LineItem, Corrupt> {
    Ok(LineItem {
        name: fields.text("name")?,
        quantity: fields.integer("quantity")?,
        unit_price: fields.integer("unitPrice")?,
        currency: fields.currency("currency")?,
        amount_total: fields.integer("amountTotal")?,
        amount_subtotal: fields.integer("amountSubtotal")?,
        sku: fields.word("sku")?,
        collection_id: fields.word("collectionId")?,
        variant_id: fields.word("variantId")?,
        color: fields.word("color")?,
        image_url: fields.text("imageUrl")?,
        stripe_price_id: fields.text("stripePriceId")?,
        stripe_product_id: fields.text("stripeProductId")?,
    })
}

fn address(fields: &Fields<'_>) -> Result<Address, Corrupt> {
    let postal_code = match fields.word("postalCode")? {
        Some(code) => Some(code),
        // As Stripe spells it, where a writer kept Stripe's own object.
        None => fields.word("postal_code")?,
    };
    Ok(Address {
        name: fields.text("name")?,
        line1: fields.text("line1")?,
        line2: fields.text("line2")?,
        city: fields.text("city")?,
        state: fields.text("state")?,
        postal_code,
        country: fields.text("country")?,
    })
}

fn presentment(fields: &Fields<'_>) -> Result<Option<Presentment>, Corrupt> {
    let amount = fields.integer("amount")?;
    Ok(amount
        .zip(fields.currency("currency")?)
        .map(|(amount, currency)| Presentment { amount, currency }))
}

/// The attributes of a row, or of a map within it. `NULL` is the same as absent; a wrong type is
/// an error that names the attribute.
struct Fields<'a> {
    item: &'a Item,
    path: String,
}

impl<'a> Fields<'a> {
    fn corrupt(&self, name: &str) -> Corrupt {
        Corrupt(format!("{}{name}", self.path))
    }

    fn get(&self, name: &str) -> Option<&'a AttributeValue> {
        self.item.get(name).filter(|value| !value.is_null())
    }

    /// A text; a blank one is unknown.
    fn text(&self, name: &str) -> Result<Option<String>, Corrupt> {
        match self.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok((!text.trim().is_empty()).then(|| text.clone())),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// A text that some writers store as a number: a postal code, a variant.
    fn word(&self, name: &str) -> Result<Option<String>, Corrupt> {
        match self.get(name) {
            Some(AttributeValue::N(number)) => Ok(Some(number.clone())),
            _ => self.text(name),
        }
    }

    fn personal(&self, name: &str) -> Result<Option<Personal<String>>, Corrupt> {
        Ok(self.text(name)?.map(Personal::new))
    }

    fn integer(&self, name: &str) -> Result<Option<MinorUnits>, Corrupt> {
        match self.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(number)) => {
                integer(number).map(Some).ok_or_else(|| self.corrupt(name))
            }
            Some(_) => Err(self.corrupt(name)),
        }
    }

    fn currency(&self, name: &str) -> Result<Option<Currency>, Corrupt> {
        Ok(self.text(name)?.as_deref().and_then(Currency::new))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Corrupt> {
        match self.get(name) {
            None => Ok(None),
            Some(AttributeValue::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// ISO 8601 as a text, or seconds since 1970 as a number (with a fraction, as Python has it).
    fn timestamp(&self, name: &str) -> Result<Option<Timestamp>, Corrupt> {
        let moment = match self.get(name) {
            None => return Ok(None),
            Some(AttributeValue::S(text)) if text.trim().is_empty() => return Ok(None),
            Some(AttributeValue::S(text)) => text.parse().ok(),
            Some(AttributeValue::N(number)) => {
                let whole = number.split('.').next().unwrap_or_default();
                integer(number)
                    .or_else(|| integer(whole))
                    .and_then(|n| Timestamp::from_epoch(n).ok())
            }
            Some(_) => None,
        };
        moment.map(Some).ok_or_else(|| self.corrupt(name))
    }

    fn map(&self, name: &str) -> Result<Option<Fields<'a>>, Corrupt> {
        match self.get(name) {
            None => Ok(None),
            Some(AttributeValue::M(item)) => {
                Ok(Some(Fields { item, path: format!("{}{name}.", self.path) }))
            }
            Some(_) => Err(self.corrupt(name)),
        }
    }

    fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Fields<'a>) -> Result<T, Corrupt>,
    ) -> Result<Vec<T>, Corrupt> {
        let entries = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(AttributeValue::L(entries)) => entries,
            Some(_) => return Err(self.corrupt(name)),
        };
        let at = |index: usize| format!("{}{name}[{index}]", self.path);
        entries
            .iter()
            .enumerate()
            .map(|(index, entry)| match entry {
                AttributeValue::M(item) => read(&Fields { item, path: format!("{}.", at(index)) }),
                _ => Err(Corrupt(at(index))),
            })
            .collect()
    }

    /// A document of any shape, passed on as it is.
    fn document(&self, name: &str) -> Result<Option<Value>, Corrupt> {
        self.get(name)
            .map(|value| json(value, MAX_DEPTH).ok_or_else(|| self.corrupt(name)))
            .transpose()
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
