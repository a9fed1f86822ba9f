use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use orders::OrderId;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Whether real money is at stake. A key and the sessions it can see are of one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A sandbox.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// The mode of a session by its id, `cs_test_…` or `cs_live_…`. `None`: no id of Stripe's.
    pub fn of_session(order: &OrderId) -> Option<Self> {
        let (mode, rest) = split_mode(order.as_str().strip_prefix("cs_")?)?;
        (!rest.is_empty()).then_some(mode)
    }
}

fn split_mode(text: &str) -> Option<(Mode, &str)> {
    let live = || text.strip_prefix("live_").map(|rest| (Mode::Live, rest));
    text.strip_prefix("test_").map(|rest| (Mode::Test, rest)).or_else(live)
}

/// A secret (`sk_`) or restricted (`rk_`) key of Stripe's.
#[derive(Clone, Debug)]
pub struct SecretKey {
    secret: SecretString,
    mode: Mode,
}

/// Why a text is no key that this program can use. Never says what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// A key that is meant for browsers.
    #[error("is a publishable key; a secret (sk_…) or restricted key (rk_…) is needed")]
    Publishable,
    /// Neither of the known beginnings.
    #[error("must begin with sk_test_, sk_live_, rk_test_ or rk_live_")]
    Unknown,
    /// A blank or another character that no key has.
    #[error("has a character that no key of Stripe's has (a blank, a quote or a line break?)")]
    Character,
}

impl PartialEq for SecretKey {
    /// Both are our own, so that the time it takes tells nobody anything.
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretKey {}

impl FromStr for SecretKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with("pk_") {
            return Err(InvalidKey::Publishable);
        }
        let rest = text.strip_prefix("sk_").or_else(|| text.strip_prefix("rk_"));
        let (mode, tail) = rest.and_then(split_mode).ok_or(InvalidKey::Unknown)?;
        if tail.is_empty() {
            return Err(InvalidKey::Unknown);
        }
        if !tail.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-') {
            return Err(InvalidKey::Character);
        }
        Ok(Self { secret: SecretString::from(text), mode })
    }
}

impl SecretKey {
    /// The key's mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// A key for another purpose, which follows from this one and tells nothing of it. Every
    /// process that has this key derives the same.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(self.expose().as_bytes());
        mac.expect("a key of any length").chain_update(purpose).finalize().into_bytes().into()
    }

    /// The key itself, for the `Authorization` header only.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_mode_and_what_is_no_key_is_refused_without_being_shown() {
        for (text, mode) in [
            ("sk_test_abc", Mode::Test),
            ("rk_live_abc123", Mode::Live),
            (" sk_live_a\n", Mode::Live),
        ] {
            let key: SecretKey = text.parse().unwrap();
            assert_eq!(key.mode(), mode);
            assert!(!format!("{key:?}").contains("abc"));
        }
        for (text, why) in [
            ("pk_test_abc", InvalidKey::Publishable),
            ("", InvalidKey::Unknown),
            ("sk_test_", InvalidKey::Unknown),
            ("sk_abc", InvalidKey::Unknown),
            ("sk_test_a b", InvalidKey::Character),
        ] {
            assert_eq!(text.parse::<SecretKey>().unwrap_err(), why, "{text:?}");
        }
    }

    #[test]
    fn a_derived_key_follows_from_the_key_and_the_purpose() {
        let derived = |key: &str, purpose| key.parse::<SecretKey>().unwrap().derive(purpose);
        assert_eq!(derived("sk_test_a", "one"), derived("sk_test_a", "one"));
        assert_ne!(derived("sk_test_a", "one"), derived("sk_test_a", "two"));
        assert_ne!(derived("sk_test_a", "one"), derived("sk_test_b", "one"));
    }

    #[test]
    fn only_ids_of_checkout_sessions_have_a_mode() {
        let mode = |id: &str| Mode::of_session(&id.parse().unwrap());
        assert_eq!(mode("cs_test_a1"), Some(Mode::Test));
        assert_eq!(mode("cs_live_a1"), Some(Mode::Live));
        for id in ["cs_test_", "cs_a1", "pi_test_a1", "order-7", "CS_TEST_A1"] {
            assert_eq!(mode(id), None, "{id}");
        }
    }
}
