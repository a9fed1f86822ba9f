//! An order, written as attributes of a row: those that the table's other programs know, and a
//! few of ours. Never more of the customer than the answer needs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{
    Address, Currency, LineItem, MinorUnits, NORMALIZER_VERSION, NewSnapshot, Order, OrderStatus,
    Personal, Presentment, Timestamp, UserId,
};

use crate::keys::NewItem;

/// DynamoDB takes no item larger than this, names included.
pub(crate) const MAX_ITEM_BYTES: usize = 400 * 1024;

/// An attribute and its value; `None` where the order does not know it.
pub(crate) type Attribute = (&'static str, Option<AttributeValue>);

/// Everything of a snapshot that a row holds, besides its key, its source and its time to live.
///
/// `pricingSummary` and `discounts` are not among them: only other programs write those, and a
/// refresh leaves them as they are.
pub(crate) fn attributes(user: &UserId, snapshot: &NewSnapshot) -> Vec<Attribute> {
    let order = &snapshot.order;
    let mut list = ours(user, snapshot).to_vec();
    list.extend(money(order));
    list.extend([
        ("status", text(order.status.as_ref().map(OrderStatus::as_str))),
        ("items", Some(AttributeValue::L(order.items.iter().map(line_item).collect()))),
        ("itemCount", number(i64::try_from(order.items.len()).ok())),
        ("totalQuantity", number(order.total_quantity())),
        ("createdAt", order.created_at.map(timestamp)),
        ("completedAt", order.completed_at.map(timestamp)),
        ("customerEmail", personal(order.customer_email.as_ref())),
        ("customerPhone", personal(order.customer_phone.as_ref())),
        ("customerName", personal(order.customer_name.as_ref())),
        ("shippingAddress", order.shipping_address.as_ref().map(address)),
        ("stripeSessionId", text(Some(order.order_id.as_str()))),
        ("stripePaymentIntentId", text(order.stripe_payment_intent_id.as_deref())),
        ("stripePaymentStatus", text(order.stripe_payment_status.as_deref())),
        ("stripeCustomerId", text(snapshot.customer.as_ref().map(orders::CustomerId::as_str))),
        ("receiptUrl", personal(order.receipt_url.as_ref())),
        ("disputed", order.disputed.map(AttributeValue::Bool)),
        ("mode", text(order.mode.as_deref())),
        ("metadata", order.metadata.as_ref().map(|pairs| metadata(pairs.reveal()))),
    ]);
    list
}

fn ours(user: &UserId, snapshot: &NewSnapshot) -> [Attribute; 7] {
    let order = &snapshot.order;
    [
        ("orderId", text(Some(order.order_id.as_str()))),
        ("orderNumber", text(Some(order.number().as_str()))),
        ("userId", text(Some(user.as_str()))),
        ("updatedAt", Some(timestamp(snapshot.fetched_at))),
        ("fetchedAt", Some(timestamp(snapshot.answered_at))),
        ("final", Some(AttributeValue::Bool(snapshot.is_final()))),
        ("normalizerVersion", number(Some(i64::from(NORMALIZER_VERSION)))),
    ]
}

fn money(order: &Order) -> [Attribute; 9] {
    [
        ("amount", number(order.amount)),
        ("amountSubtotal", number(order.amount_subtotal)),
        ("amountTax", number(order.amount_tax)),
        ("amountShipping", number(order.amount_shipping)),
        ("amountDiscount", number(order.amount_discount)),
        ("amountRefunded", number(order.amount_refunded)),
        ("currency", text(order.currency.as_ref().map(Currency::as_str))),
        (
            "currencyExponent",
            number(order.currency.as_ref().map(|currency| i64::from(currency.exponent()))),
        ),
        ("presentment", order.presentment.as_ref().map(presentment)),
    ]
}

fn line_item(item: &LineItem) -> AttributeValue {
    map([
        ("name", text(item.name.as_deref())),
        ("quantity", number(item.quantity)),
        ("unitPrice", number(item.unit_price)),
        ("currency", text(item.currency.as_ref().map(Currency::as_str))),
        ("amountTotal", number(item.amount_total)),
        ("amountSubtotal", number(item.amount_subtotal)),
        ("sku", text(item.sku.as_deref())),
        ("collectionId", text(item.collection_id.as_deref())),
        ("variantId", text(item.variant_id.as_deref())),
        ("color", text(item.color.as_deref())),
        ("imageUrl", text(item.image_url.as_deref())),
        ("stripePriceId", text(item.stripe_price_id.as_deref())),
        ("stripeProductId", text(item.stripe_product_id.as_deref())),
    ])
}

fn address(address: &Address) -> AttributeValue {
    map([
        ("name", text(address.name.as_deref())),
        ("line1", text(address.line1.as_deref())),
        ("line2", text(address.line2.as_deref())),
        ("city", text(address.city.as_deref())),
        ("state", text(address.state.as_deref())),
        ("postalCode", text(address.postal_code.as_deref())),
        ("country", text(address.country.as_deref())),
    ])
}

fn presentment(presentment: &Presentment) -> AttributeValue {
    map([
        ("amount", number(Some(presentment.amount))),
        ("currency", text(Some(presentment.currency.as_str()))),
    ])
}

fn metadata(pairs: &BTreeMap<String, String>) -> AttributeValue {
    AttributeValue::M(
        pairs.iter().map(|(key, value)| (key.clone(), AttributeValue::S(value.clone()))).collect(),
    )
}

pub(crate) fn text(value: Option<&str>) -> Option<AttributeValue> {
    value.map(|value| AttributeValue::S(value.to_owned()))
}

fn personal(value: Option<&Personal<String>>) -> Option<AttributeValue> {
    text(value.map(|value| value.reveal().as_str()))
}

fn number(value: Option<MinorUnits>) -> Option<AttributeValue> {
    value.map(|value| AttributeValue::N(value.to_string()))
}

/// A moment as the table has it. Written one way, so that two of them compare as texts.
pub(crate) fn timestamp(value: Timestamp) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

fn map<const N: usize>(entries: [Attribute; N]) -> AttributeValue {
    AttributeValue::M(known(entries))
}

/// The attributes that are known.
pub(crate) fn known(attributes: impl IntoIterator<Item = Attribute>) -> NewItem {
    attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// About how large DynamoDB finds an item (DynamoDB: item sizes and formats).
pub(crate) fn size(item: &NewItem) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

/// The same of the attributes that are known.
pub(crate) fn size_of_known(attributes: &[Attribute]) -> usize {
    attributes
        .iter()
        .filter_map(|(name, value)| Some(name.len() + value_size(value.as_ref()?)))
        .sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits to a byte, and one more.
        AttributeValue::N(number) => number.len() / 2 + 2,
        AttributeValue::L(list) => {
            3 + list.iter().map(|entry| 1 + value_size(entry)).sum::<usize>()
        }
        AttributeValue::M(map) => 3 + map.len() + size(map),
        _ => 1,
    }
}
