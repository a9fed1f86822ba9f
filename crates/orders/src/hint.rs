use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::OrderId;

/// The text is no id: it is empty, longer than 255 characters, or has another character than
/// letters, digits, `_` and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to 255 letters, digits, _ or -")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
                let is_id = (1..=255).contains(&text.len()) && text.bytes().all(allowed);
                is_id.then(|| Self(text.to_owned())).ok_or(InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The id of an event of the payment provider: `[A-Za-z0-9_-]{1,255}`.
    EventId
}

id! {
    /// The id of a payment at the payment provider: `[A-Za-z0-9_-]{1,255}`.
    PaymentId
}

/// Word of the payment provider that something may have changed. Only a hint: what changed is
/// found by asking again, so the order and the repetition of hints cannot matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The event's id, by which it is known once it is done.
    pub id: EventId,
    /// The provider's word for what happened. Kept, never interpreted here.
    pub event_type: String,
    /// What it is about.
    pub about: About,
    /// Whether it is about a refund. Only such a hint may take a refund back, for a refund can fail.
    pub is_of_refund: bool,
}

/// What a hint is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// An order.
    Order(OrderId),
    /// A payment, which may be an order's.
    Payment(PaymentId),
    /// A payment of a kind that no order has: it names none that could be looked up.
    NoOrder,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_to_255_letters_digits_underscores_and_hyphens() {
        let longest = "e".repeat(255);
        for good in ["evt_1GYcvp", "pi_3-a", longest.as_str()] {
            assert_eq!(good.parse::<EventId>().unwrap().to_string(), good);
            assert_eq!(good.parse::<PaymentId>().unwrap().to_string(), good);
        }
        for bad in ["", "evt 1", "evt/1", "evt_\u{e9}", &"e".repeat(256)] {
            assert_eq!(bad.parse::<EventId>(), Err(InvalidId), "{bad:?}");
            assert_eq!(bad.parse::<PaymentId>(), Err(InvalidId), "{bad:?}");
        }
    }
}
