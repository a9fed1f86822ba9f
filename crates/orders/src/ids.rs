use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// An order's id: a Stripe Checkout Session id as the caller sent it.
///
/// `[A-Za-z0-9_-]{1,255}`. Stripe's ids are 66 characters today; length and prefix may change, up
/// to 255 (Stripe: upgrades).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OrderId(String);

/// Why a text is not an [`OrderId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrderId {
    /// Nothing was given.
    #[error("the order id is empty")]
    Empty,
    /// More than 255 characters.
    #[error("the order id is longer than 255 characters")]
    TooLong,
    /// A character other than a letter, a digit, `_` or `-`.
    #[error("the order id has a character that is not a letter, a digit, _ or -")]
    Character,
}

impl FromStr for OrderId {
    type Err = InvalidOrderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidOrderId::Empty);
        }
        if text.len() > 255 {
            return Err(InvalidOrderId::TooLong);
        }
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        if !text.bytes().all(allowed) {
            return Err(InvalidOrderId::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl OrderId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number a member reads out to support: `BC-` and the end of the order's id.
///
/// The last 8 characters, upper-cased, everything but A-Z and 0-9 removed; so it may be shorter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrderNumber(String);

impl OrderNumber {
    /// The number of an order.
    pub fn of(id: &OrderId) -> Self {
        let text = id.as_str();
        // An id is ASCII, so any byte is a character boundary.
        let tail = &text[text.len().saturating_sub(8)..];
        let kept = tail.chars().filter(char::is_ascii_alphanumeric);
        Self(format!("BC-{}", kept.collect::<String>().to_ascii_uppercase()))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A Stripe customer's id, compared and stored but never interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerId(String);

impl CustomerId {
    /// The id, or nothing where the text is blank.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_is_one_to_255_letters_digits_underscores_and_hyphens() {
        let longest = "a".repeat(255);
        for good in ["a", "cs_test_a1-B2", "_", longest.as_str()] {
            assert_eq!(good.parse::<OrderId>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(256);
        for (bad, why) in [
            ("", InvalidOrderId::Empty),
            (too_long.as_str(), InvalidOrderId::TooLong),
            ("cs test", InvalidOrderId::Character),
            ("cs/test", InvalidOrderId::Character),
            ("é", InvalidOrderId::Character),
            ("a\n", InvalidOrderId::Character),
        ] {
            assert_eq!(bad.parse::<OrderId>(), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn an_order_number_is_the_upper_cased_end_of_the_id_without_punctuation() {
        for (id, number) in [
            ("cs_test_a1b2c3d4abcdefgh", "BC-ABCDEFGH"),
            ("cs_test_xab_cd-12", "BC-ABCD12"),
            ("ab1", "BC-AB1"),
            ("________", "BC-"),
        ] {
            assert_eq!(OrderNumber::of(&id.parse().unwrap()).as_str(), number);
        }
    }
}
