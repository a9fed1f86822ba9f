//! What Stripe sends, as far as an order needs it.
//!
//! Types of our own, since generated ones refuse payloads that Stripe really sends: every field
//! may be absent or null, unknown fields and words are let pass, and an id may stand where an
//! object can. A value of the wrong type is still an error, and names its field. None of them has a
//! `Debug`, for most of them hold somebody's name or address.

use serde::Deserialize;

use crate::lenient::{Expandable, Integer, Metadata, nullable};

#[derive(Deserialize)]
pub(crate) struct Session {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payment_status: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) created: Option<Integer>,
    pub(crate) currency: Option<String>,
    pub(crate) amount_total: Option<Integer>,
    pub(crate) amount_subtotal: Option<Integer>,
    pub(crate) total_details: Option<TotalDetails>,
    pub(crate) shipping_cost: Option<ShippingCost>,
    pub(crate) presentment_details: Option<PresentmentDetails>,
    pub(crate) customer: Option<Expandable<Customer>>,
    pub(crate) customer_details: Option<CustomerDetails>,
    pub(crate) customer_email: Option<String>,
    pub(crate) collected_information: Option<CollectedInformation>,
    /// API versions from 2022-08-01 to 2025-02-24.
    pub(crate) shipping_details: Option<Shipping>,
    /// API versions before 2022-08-01.
    pub(crate) shipping: Option<Shipping>,
    pub(crate) payment_intent: Option<Expandable<PaymentIntent>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) line_items: Option<LineList>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "Stripe's names")]
pub(crate) struct TotalDetails {
    pub(crate) amount_discount: Option<Integer>,
    pub(crate) amount_shipping: Option<Integer>,
    pub(crate) amount_tax: Option<Integer>,
}

#[derive(Deserialize)]
pub(crate) struct ShippingCost {
    pub(crate) amount_total: Option<Integer>,
}

#[derive(Deserialize)]
pub(crate) struct PresentmentDetails {
    pub(crate) presentment_amount: Option<Integer>,
    pub(crate) presentment_currency: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: Option<String>,
    /// Absent on a deleted customer.
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Deserialize)]
pub(crate) struct CustomerDetails {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct CollectedInformation {
    pub(crate) shipping_details: Option<Shipping>,
}

#[derive(Deserialize)]
pub(crate) struct Shipping {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<Address>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Address {
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) latest_charge: Option<Expandable<Charge>>,
}

/// Refunds and disputes stand here; a payment intent says nothing of them.
#[derive(Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<Integer>,
    pub(crate) amount_refunded: Option<Integer>,
    /// True only when refunded in full.
    pub(crate) refunded: Option<bool>,
    pub(crate) disputed: Option<bool>,
    pub(crate) receipt_url: Option<String>,
}

/// A page of lines: the first comes with the session, further ones from the list.
#[derive(Default, Deserialize)]
pub(crate) struct LineList {
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) data: Vec<Line>,
    pub(crate) has_more: Option<bool>,
}

impl LineList {
    /// The id of the last line, after which the next page begins.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.data.last()?.id.as_deref().filter(|id| !id.is_empty())
    }
}

#[derive(Deserialize)]
pub(crate) struct Line {
    pub(crate) id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) quantity: Option<Integer>,
    pub(crate) currency: Option<String>,
    pub(crate) amount_total: Option<Integer>,
    pub(crate) amount_subtotal: Option<Integer>,
    pub(crate) price: Option<Expandable<Price>>,
}

#[derive(Deserialize)]
pub(crate) struct Price {
    pub(crate) id: Option<String>,
    pub(crate) currency: Option<String>,
    /// Null for tiers and for fractions of a cent.
    pub(crate) unit_amount: Option<Integer>,
    pub(crate) product: Option<Expandable<Product>>,
}

#[derive(Deserialize)]
pub(crate) struct Product {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) images: Vec<Option<String>>,
    pub(crate) metadata: Option<Metadata>,
}

/// The body of an error (Stripe: errors).
#[derive(Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorDetails,
}

#[derive(Deserialize)]
pub(crate) struct ErrorDetails {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) code: Option<String>,
}
