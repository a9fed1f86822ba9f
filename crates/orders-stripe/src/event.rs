//! Stripe's events, as far as they are hints: which one it is, and what it is about. Nothing else
//! of an event is read, for what is stored comes from asking Stripe again.

use std::fmt;

use orders::{About, EventId, Hint, OrderId, PaymentId, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::Mode;
use crate::error::WHOLE_BODY;
use crate::lenient::{Expandable, parse};

/// An event of Stripe's that is believed: it was signed, or it came where only Stripe's may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened, in Stripe's word.
    pub event_type: EventType,
    /// When it happened.
    pub created: Option<Timestamp>,
    /// Whether it is about real money.
    pub live: Option<bool>,
    /// Whether it happened in an account that is connected to the shop's, and not in the shop's.
    pub is_of_another_account: bool,
    about: Option<About>,
}

/// The word for what happened: 1 to 100 of `a-z`, `0-9`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType(String);

/// A field of an event that cannot be read. The value is never part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event makes no sense at `{field}`")]
pub struct MalformedEvent {
    /// The field, as a path: `data.object.id`; `body` for the whole.
    pub field: String,
}

/// Which orders an event of some type can be about.
enum Reach {
    /// The session that it shows.
    Session,
    /// The session of the payment that it shows.
    Payment,
    /// The session of the payment that what it shows belongs to: a charge, a refund, a dispute.
    OfPayment,
}

impl EventType {
    fn reach(&self) -> Option<Reach> {
        Some(match self.0.as_str() {
            "checkout.session.completed"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed"
            | "checkout.session.expired" => Reach::Session,
            "payment_intent.succeeded"
            | "payment_intent.payment_failed"
            | "payment_intent.canceled" => Reach::Payment,
            word if self.is_of_refund() || word.starts_with("charge.dispute.") => Reach::OfPayment,
            _ => return None,
        })
    }

    fn is_of_refund(&self) -> bool {
        let word = self.0.as_str();
        matches!(word, "charge.refunded" | "charge.refund.updated") || word.starts_with("refund.")
    }

    /// The family that it is counted in, of which there are few: types may be added at any time.
    pub fn family(&self) -> &'static str {
        match self.0.as_str() {
            "checkout.session.completed" => "checkout.session.completed",
            "checkout.session.async_payment_succeeded" => {
                "checkout.session.async_payment_succeeded"
            }
            "checkout.session.async_payment_failed" => "checkout.session.async_payment_failed",
            "checkout.session.expired" => "checkout.session.expired",
            word if word.starts_with("payment_intent.") && self.reach().is_some() => {
                "payment_intent"
            }
            word if word.starts_with("charge.dispute.") => "dispute",
            _ if self.is_of_refund() => "refund",
            _ => "other",
        }
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Event {
    /// What the shop's orders may have to do with it; `None` for a type that they never have.
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint {
            id: self.id.clone(),
            event_type: self.event_type.to_string(),
            about: self.about.clone()?,
            is_of_refund: self.event_type.is_of_refund(),
        })
    }

    /// Whether it happened in the shop's own account, in the mode of its key.
    pub fn is_ours(&self, mode: Mode) -> bool {
        let other_mode = self.live.is_some_and(|live| live != (mode == Mode::Live));
        !other_mode && !self.is_of_another_account
    }
}

#[derive(Deserialize)]
struct Head {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Seconds; a text in events of Stripe's second generation.
    created: Option<Value>,
    livemode: Option<bool>,
    account: Option<Value>,
}

#[derive(Deserialize)]
struct Body {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    object: Option<Object>,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    payment_intent: Option<Expandable<Named>>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

/// Reads an event that is believed. One that was sent to the webhook is no such thing before its
/// signature was [verified](crate::UnverifiedEvent::verify).
pub fn read_event(body: &[u8]) -> Result<Event, MalformedEvent> {
    let head: Head = read(body)?;
    let id = parsed(head.id.as_deref(), "id")?;
    let event_type = event_type(head.kind).ok_or_else(|| malformed("type"))?;
    let about = event_type.reach().map(|reach| about(body, &reach)).transpose()?;
    let seconds = head.created.as_ref().and_then(Value::as_i64);
    Ok(Event {
        id,
        event_type,
        created: seconds.and_then(|seconds| Timestamp::from_epoch(seconds).ok()),
        live: head.livemode,
        is_of_another_account: head.account.is_some_and(|account| !account.is_null()),
        about,
    })
}

fn about(body: &[u8], reach: &Reach) -> Result<About, MalformedEvent> {
    let data = read::<Body>(body)?.data.ok_or_else(|| malformed("data"))?;
    let object = data.object.ok_or_else(|| malformed("data.object"))?;
    let id = object.id.as_deref();
    Ok(match reach {
        Reach::Session => About::Order(parsed::<OrderId>(id, "data.object.id")?),
        Reach::Payment => About::Payment(parsed::<PaymentId>(id, "data.object.id")?),
        Reach::OfPayment => {
            let intent = object.payment_intent.as_ref();
            match intent.and_then(|intent| intent.id(|intent| intent.id.as_ref())) {
                Some(id) => About::Payment(parsed(Some(id), "data.object.payment_intent")?),
                // No Checkout Session makes such a charge.
                None => About::NoOrder,
            }
        }
    })
}

fn event_type(word: Option<String>) -> Option<EventType> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_.".contains(&c);
    word.filter(|word| (1..=100).contains(&word.len()) && word.bytes().all(allowed)).map(EventType)
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, MalformedEvent> {
    parse(body).map_err(|crate::Malformed { field }| MalformedEvent { field })
}

fn parsed<T: std::str::FromStr>(text: Option<&str>, field: &str) -> Result<T, MalformedEvent> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| malformed(field))
}

fn malformed(field: &str) -> MalformedEvent {
    MalformedEvent { field: field.to_owned() }
}

impl MalformedEvent {
    /// Whether it is no JSON at all, or no object.
    pub fn is_whole(&self) -> bool {
        self.field == WHOLE_BODY
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
