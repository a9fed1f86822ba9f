use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::{Currency, MinorUnits, OrderId, OrderNumber, OrderStatus, Personal, Timestamp};

/// An order as its member sees it. Amounts are in minor units of `currency`.
///
/// `None` means unknown. What follows from other fields (the order's number, the counts, the
/// currency's exponent) is computed when it is written, never stored twice.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is described in docs/contract.md")]
pub struct Order {
    pub order_id: OrderId,
    pub status: Option<OrderStatus>,
    pub amount: Option<MinorUnits>,
    pub currency: Option<Currency>,
    pub created_at: Option<Timestamp>,
    pub items: Vec<LineItem>,
    pub customer_email: Option<Personal<String>>,
    pub amount_subtotal: Option<MinorUnits>,
    pub amount_tax: Option<MinorUnits>,
    pub amount_shipping: Option<MinorUnits>,
    pub amount_discount: Option<MinorUnits>,
    pub amount_refunded: Option<MinorUnits>,
    pub presentment: Option<Presentment>,
    pub completed_at: Option<Timestamp>,
    pub customer_phone: Option<Personal<String>>,
    pub customer_name: Option<Personal<String>>,
    pub shipping_address: Option<Address>,
    pub stripe_payment_intent_id: Option<String>,
    pub stripe_payment_status: Option<String>,
    pub receipt_url: Option<Personal<String>>,
    pub disputed: Option<bool>,
    pub mode: Option<String>,
    pub metadata: Option<Personal<BTreeMap<String, String>>>,
    pub pricing_summary: Option<Personal<Value>>,
    pub discounts: Option<Personal<Value>>,
}

/// What the buyer saw, where it differs from the shop's currency (Stripe: adaptive pricing).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Presentment {
    /// In minor units of `currency`.
    pub amount: MinorUnits,
    /// The buyer's currency.
    pub currency: Currency,
}

/// One line of an order. Amounts are in minor units of `currency`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is described in docs/contract.md")]
pub struct LineItem {
    pub name: Option<String>,
    pub quantity: Option<i64>,
    pub unit_price: Option<MinorUnits>,
    pub currency: Option<Currency>,
    pub amount_total: Option<MinorUnits>,
    pub amount_subtotal: Option<MinorUnits>,
    pub sku: Option<String>,
    pub collection_id: Option<String>,
    pub variant_id: Option<String>,
    pub color: Option<String>,
    pub image_url: Option<String>,
    pub stripe_price_id: Option<String>,
    pub stripe_product_id: Option<String>,
}

/// Where the order is sent. Personal as a whole, so `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is described in docs/contract.md")]
pub struct Address {
    pub name: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

impl Order {
    /// An order of which nothing but the id is known yet.
    pub fn new(order_id: OrderId) -> Self {
        Self {
            order_id,
            status: None,
            amount: None,
            currency: None,
            created_at: None,
            items: Vec::new(),
            customer_email: None,
            amount_subtotal: None,
            amount_tax: None,
            amount_shipping: None,
            amount_discount: None,
            amount_refunded: None,
            presentment: None,
            completed_at: None,
            customer_phone: None,
            customer_name: None,
            shipping_address: None,
            stripe_payment_intent_id: None,
            stripe_payment_status: None,
            receipt_url: None,
            disputed: None,
            mode: None,
            metadata: None,
            pricing_summary: None,
            discounts: None,
        }
    }

    /// The order's number, for people.
    pub fn number(&self) -> OrderNumber {
        OrderNumber::of(&self.order_id)
    }

    /// How many pieces the order has. Unknown where there are no lines, or one does not say.
    pub fn total_quantity(&self) -> Option<i64> {
        if self.items.is_empty() {
            return None;
        }
        self.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.quantity?))
    }

    /// Takes from `other` every field that this order lacks. An empty list of lines is a lack.
    ///
    /// The status and the payment's status are taken only together: one without the other would
    /// tell half of two stories.
    pub fn fill_gaps_from(&mut self, other: Order) {
        if self.status.is_none() {
            self.status = other.status;
            self.stripe_payment_status =
                self.stripe_payment_status.take().or(other.stripe_payment_status);
        }
        if self.items.is_empty() {
            self.items = other.items;
        }
        macro_rules! fill {
            ($($field:ident),* $(,)?) => {
                // Every field is named, so that a new one cannot be forgotten here.
                let Order { order_id: _, status: _, stripe_payment_status: _, items: _, $($field),* } =
                    other;
                $( if self.$field.is_none() { self.$field = $field; } )*
            };
        }
        fill!(
            amount,
            currency,
            created_at,
            customer_email,
            amount_subtotal,
            amount_tax,
            amount_shipping,
            amount_discount,
            amount_refunded,
            presentment,
            completed_at,
            customer_phone,
            customer_name,
            shipping_address,
            stripe_payment_intent_id,
            receipt_url,
            disputed,
            mode,
            metadata,
            pricing_summary,
            discounts,
        );
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Always there, in this order, before any other.
        map.serialize_entry("orderId", &self.order_id)?;
        map.serialize_entry("orderNumber", &self.number())?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("amount", &self.amount)?;
        map.serialize_entry("currency", &self.currency)?;
        map.serialize_entry("createdAt", &self.created_at)?;
        map.serialize_entry("itemCount", &self.items.len())?;
        map.serialize_entry("items", &self.items)?;
        map.serialize_entry("customerEmail", &self.customer_email)?;
        // Absent when unknown.
        let mut optional = Optional(&mut map);
        optional.entry("amountSubtotal", self.amount_subtotal.as_ref())?;
        optional.entry("amountTax", self.amount_tax.as_ref())?;
        optional.entry("amountShipping", self.amount_shipping.as_ref())?;
        optional.entry("amountDiscount", self.amount_discount.as_ref())?;
        optional.entry("amountRefunded", self.amount_refunded.as_ref())?;
        optional
            .entry("currencyExponent", self.currency.as_ref().map(Currency::exponent).as_ref())?;
        optional.entry("presentment", self.presentment.as_ref())?;
        optional.entry("completedAt", self.completed_at.as_ref())?;
        optional.entry("totalQuantity", self.total_quantity().as_ref())?;
        optional.entry("customerPhone", self.customer_phone.as_ref())?;
        optional.entry("customerName", self.customer_name.as_ref())?;
        optional.entry("shippingAddress", self.shipping_address.as_ref())?;
        optional.entry("stripePaymentIntentId", self.stripe_payment_intent_id.as_ref())?;
        optional.entry("stripePaymentStatus", self.stripe_payment_status.as_ref())?;
        optional.entry("receiptUrl", self.receipt_url.as_ref())?;
        optional.entry("disputed", self.disputed.as_ref())?;
        optional.entry("mode", self.mode.as_ref())?;
        optional.entry("metadata", self.metadata.as_ref())?;
        optional.entry("pricingSummary", self.pricing_summary.as_ref())?;
        optional.entry("discounts", self.discounts.as_ref())?;
        map.end()
    }
}

struct Optional<'a, M>(&'a mut M);

impl<M: SerializeMap> Optional<'_, M> {
    fn entry<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Option<&T>,
    ) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.0.serialize_entry(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order::new("cs_test_1".parse().unwrap())
    }

    #[test]
    fn the_nine_fixed_fields_come_first_and_are_null_where_unknown() {
        assert_eq!(
            serde_json::to_string(&order()).unwrap(),
            r#"{"orderId":"cs_test_1","orderNumber":"BC-STEST1","status":null,"amount":null,"currency":null,"createdAt":null,"itemCount":0,"items":[],"customerEmail":null}"#
        );
    }

    #[test]
    fn pieces_are_counted_only_when_every_line_says_how_many() {
        let line = |quantity| LineItem { quantity, ..LineItem::default() };
        let with = |items| Order { items, ..order() };
        assert_eq!(with(vec![line(Some(2)), line(Some(3))]).total_quantity(), Some(5));
        assert_eq!(with(vec![line(Some(2)), line(None)]).total_quantity(), None);
        assert_eq!(with(vec![line(Some(i64::MAX)), line(Some(1))]).total_quantity(), None);
        assert_eq!(order().total_quantity(), None);
    }

    #[test]
    fn a_gap_is_filled_but_what_is_known_stays() {
        let mut base = Order { amount: Some(1), status: Some(OrderStatus::Completed), ..order() };
        let older = Order {
            amount: Some(2),
            status: Some(OrderStatus::Pending),
            stripe_payment_status: Some("unpaid".to_owned()),
            customer_email: Some(Personal::new("ava@example.com".to_owned())),
            items: vec![LineItem::default()],
            ..order()
        };
        base.fill_gaps_from(older.clone());
        assert_eq!(base.amount, Some(1));
        assert_eq!(base.stripe_payment_status, None, "not half of another story");
        assert_eq!(base.customer_email, older.customer_email);
        assert_eq!(base.items.len(), 1);
    }
}
