//! What a session means: the contract's order out of Stripe's.

use orders::{
    Address, CheckoutEvidence, Currency, CustomerId, LineItem, MinorUnits, Order, OrderId, Payment,
    Personal, Presentment, SessionState, Timestamp, UnverifiedCheckout, derive_status,
    public_metadata,
};

use crate::Malformed;
use crate::lenient::{Expandable, Integer, Metadata};
use crate::wire::{Charge, Customer, Line, PaymentIntent, Product, Session, Shipping};

/// Whether a session is the one asked for: somebody else's must never be taken for it.
pub(crate) fn expect_session(session: &Session, order: &OrderId) -> Result<(), Malformed> {
    let is_it = session.id.as_deref() == Some(order.as_str());
    if is_it { Ok(()) } else { Err(Malformed::at("id")) }
}

/// The order that a session is, and what it says about its owner.
pub(crate) fn checkout(
    id: OrderId,
    session: Session,
    fetched_at: Timestamp,
) -> Result<UnverifiedCheckout, Malformed> {
    let created = session.created.map(|at| moment(at, "created")).transpose()?;
    let state = match session.status.as_deref() {
        Some("open") => SessionState::Open,
        Some("complete") => SessionState::Complete,
        Some("expired") => SessionState::Expired,
        _ => SessionState::Unknown,
    };
    let evidence = evidence(&session);
    let order = order(id, state, created, session)?;
    Ok(UnverifiedCheckout::new(order, evidence, state, created, fetched_at))
}

fn order(
    id: OrderId,
    state: SessionState,
    created: Option<Timestamp>,
    session: Session,
) -> Result<Order, Malformed> {
    let intent = session.payment_intent.as_ref();
    let charge = intent
        .and_then(Expandable::object)
        .and_then(|intent| intent.latest_charge.as_ref())
        .and_then(Expandable::object)
        // An object without an id is what some re-serialisers make of an absent one.
        .filter(|charge| word(charge.id.as_ref()).is_some());
    let status = derive_status(state, payment(&session, charge));
    let charged_at = charge
        .filter(|charge| charge.status.as_deref() == Some("succeeded"))
        .and_then(|charge| charge.created)
        .map(|at| moment(at, "payment_intent.latest_charge.created"))
        .transpose()?;
    let currency = session.currency.as_deref().and_then(Currency::new);
    let totals = session.total_details.as_ref();
    let details = session.customer_details.as_ref();
    let lines = session.line_items.as_ref().map_or(&[][..], |list| &list.data);
    Ok(Order {
        status: Some(status),
        amount: amount(session.amount_total),
        created_at: created,
        items: lines.iter().map(|line| line_item(line, currency.as_ref())).collect(),
        customer_email: email(&session),
        amount_subtotal: amount(session.amount_subtotal),
        amount_tax: totals.and_then(|totals| amount(totals.amount_tax)),
        amount_shipping: totals
            .and_then(|totals| amount(totals.amount_shipping))
            .or_else(|| session.shipping_cost.as_ref().and_then(|cost| amount(cost.amount_total))),
        amount_discount: totals.and_then(|totals| amount(totals.amount_discount)),
        amount_refunded: charge.and_then(|charge| amount(charge.amount_refunded)),
        presentment: presentment(&session),
        completed_at: charged_at,
        customer_phone: details.and_then(|details| personal(details.phone.as_ref())),
        customer_name: details.and_then(|details| personal(details.name.as_ref())),
        shipping_address: shipping_address(&session),
        stripe_payment_intent_id: word(intent.and_then(|intent| intent.id(|i| i.id.as_ref()))),
        receipt_url: charge.and_then(|charge| personal(charge.receipt_url.as_ref())),
        disputed: charge.and_then(|charge| charge.disputed),
        stripe_payment_status: word(session.payment_status.as_ref()),
        mode: word(session.mode.as_ref()),
        metadata: session.metadata.and_then(|Metadata(pairs)| public_metadata(pairs)),
        currency,
        ..Order::new(id)
    })
}

fn payment(session: &Session, charge: Option<&Charge>) -> Payment {
    let settled = matches!(session.payment_status.as_deref(), Some("paid" | "no_payment_required"));
    let intent_status = session
        .payment_intent
        .as_ref()
        .and_then(Expandable::object)
        .and_then(|intent: &PaymentIntent| intent.status.as_deref());
    // An intent goes back to `requires_payment_method` when its payment fails; while an
    // asynchronous payment is under way it is `processing` (Stripe: payment intents).
    let intent_failed = matches!(intent_status, Some("requires_payment_method" | "canceled"));
    let charge_failed = charge.is_some_and(|charge| charge.status.as_deref() == Some("failed"));
    Payment {
        settled,
        failed: !settled && (intent_failed || charge_failed),
        refunded_in_full: charge.is_some_and(|charge| charge.refunded == Some(true)),
    }
}

fn evidence(session: &Session) -> CheckoutEvidence {
    let customer = session.customer.as_ref();
    let customer_metadata = customer
        .and_then(Expandable::object)
        .and_then(|customer: &Customer| customer.metadata.as_ref());
    CheckoutEvidence {
        session_user_ids: user_ids(session.metadata.as_ref()),
        customer_user_ids: user_ids(customer_metadata),
        customer: customer
            .and_then(|customer| customer.id(|customer| customer.id.as_ref()))
            .and_then(|id| CustomerId::new(id)),
        email: email(session),
    }
}

fn user_ids(metadata: Option<&Metadata>) -> Vec<Personal<String>> {
    let Some(Metadata(pairs)) = metadata else { return Vec::new() };
    ["userId", "user_id"].iter().filter_map(|key| personal(pairs.get(*key))).collect()
}

fn email(session: &Session) -> Option<Personal<String>> {
    let details = session.customer_details.as_ref();
    details
        .and_then(|details| personal(details.email.as_ref()))
        .or_else(|| personal(session.customer_email.as_ref()))
}

fn presentment(session: &Session) -> Option<Presentment> {
    let details = session.presentment_details.as_ref()?;
    Some(Presentment {
        amount: amount(details.presentment_amount)?,
        currency: details.presentment_currency.as_deref().and_then(Currency::new)?,
    })
}

/// Where Stripe put the address, newest place first. An old one may still be sent beside a newer.
fn shipping_address(session: &Session) -> Option<Address> {
    let collected = session.collected_information.as_ref();
    [
        collected.and_then(|collected| collected.shipping_details.as_ref()),
        session.shipping_details.as_ref(),
        session.shipping.as_ref(),
    ]
    .into_iter()
    .flatten()
    .map(address)
    .find(|address| *address != Address::default())
}

fn address(shipping: &Shipping) -> Address {
    let part = |of: fn(&crate::wire::Address) -> Option<&String>| {
        word(shipping.address.as_ref().and_then(of))
    };
    Address {
        name: word(shipping.name.as_ref()),
        line1: part(|address| address.line1.as_ref()),
        line2: part(|address| address.line2.as_ref()),
        city: part(|address| address.city.as_ref()),
        state: part(|address| address.state.as_ref()),
        postal_code: part(|address| address.postal_code.as_ref()),
        country: part(|address| address.country.as_ref()),
    }
}

pub(crate) fn line_item(line: &Line, session_currency: Option<&Currency>) -> LineItem {
    let price = line.price.as_ref().and_then(Expandable::object);
    let product_ref = price.and_then(|price| price.product.as_ref());
    let product: Option<&Product> = product_ref.and_then(Expandable::object);
    let metadata = |keys: &[&str]| {
        let Metadata(pairs) = product?.metadata.as_ref()?;
        keys.iter().find_map(|key| word(pairs.get(*key)))
    };
    let name = word(line.description.as_ref())
        .or_else(|| word(product.and_then(|product| product.name.as_ref())))
        .unwrap_or_else(|| "Item".to_owned());
    let currency = word(line.currency.as_ref())
        .or_else(|| word(price.and_then(|price| price.currency.as_ref())));
    LineItem {
        name: Some(name),
        quantity: amount(line.quantity),
        unit_price: price.and_then(|price| amount(price.unit_amount)),
        currency: currency.and_then(|code| Currency::new(&code)).or(session_currency.cloned()),
        amount_total: amount(line.amount_total),
        amount_subtotal: amount(line.amount_subtotal),
        sku: metadata(&["sku"]),
        collection_id: metadata(&["collection", "collectionId"]),
        variant_id: metadata(&["variant_id", "variantId"]),
        color: metadata(&["color"]),
        image_url: product.and_then(|product| word(product.images.iter().flatten().next())),
        stripe_price_id: word(
            line.price.as_ref().and_then(|price| price.id(|price| price.id.as_ref())),
        ),
        stripe_product_id: word(
            product_ref.and_then(|product| product.id(|product| product.id.as_ref())),
        ),
    }
}

fn moment(Integer(seconds): Integer, field: &str) -> Result<Timestamp, Malformed> {
    seconds
        .checked_mul(1000)
        .and_then(|millis| Timestamp::from_millis(millis).ok())
        .ok_or_else(|| Malformed::at(field))
}

fn amount(value: Option<Integer>) -> Option<MinorUnits> {
    value.map(|Integer(value)| value)
}

/// A text; a blank one is unknown.
fn word(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

fn personal(text: Option<&String>) -> Option<Personal<String>> {
    word(text).map(Personal::new)
}

#[cfg(test)]
#[path = "normalize_tests.rs"]
mod tests;
