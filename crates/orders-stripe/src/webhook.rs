//! Whether a message to the webhook is Stripe's (Stripe: webhook signatures, scheme `v1`).
//!
//! The header `Stripe-Signature` says when the message was signed, and holds a signature for each
//! secret that is in force: `t=1492774577,v1=5257…,v1=ab12…`. What is signed is the time, a dot, and
//! the bytes of the body. Everything here comes before the body is parsed.

use std::fmt;
use std::str::FromStr;

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use orders::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::{Event, MalformedEvent, read_event};

/// The largest message that is looked at, in bytes: the most that EventBridge and SQS carry of an
/// event. Those that are about orders take some 10 kB.
pub const MAX_EVENT: usize = 256 * 1024;

/// No header of Stripe's has this many signatures; each takes a comparison.
const MOST_SIGNATURES: usize = 32;

/// What messages are signed with: one secret, and more while one is rolled.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Vec<SecretString>);

/// Why a text holds no secrets of a webhook. Never says what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookSecret {
    /// Nothing but commas and blanks.
    #[error("holds no secret; Stripe shows the endpoint's as whsec_…")]
    Empty,
    /// Something else of Stripe's.
    #[error("holds an API key; the endpoint's signing secret (whsec_…) is needed")]
    ApiKey,
    /// A blank or another character that no secret has.
    #[error("holds a character that no secret has (a blank, a quote or a line break?)")]
    Character,
}

impl FromStr for WebhookSecrets {
    type Err = InvalidWebhookSecret;

    /// Reads a list separated by commas.
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let entries: Vec<_> =
            list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.is_empty() {
            return Err(InvalidWebhookSecret::Empty);
        }
        for entry in &entries {
            if ["sk_", "rk_", "pk_"].iter().any(|key| entry.starts_with(key)) {
                return Err(InvalidWebhookSecret::ApiKey);
            }
            if !entry.bytes().all(|c| c.is_ascii_graphic() && !b"\"'".contains(&c)) {
                return Err(InvalidWebhookSecret::Character);
            }
        }
        Ok(Self(entries.into_iter().map(SecretString::from).collect()))
    }
}

/// How old, or how early, a signature may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// In seconds.
    pub seconds: u32,
}

/// A message that says that it is Stripe's. Nothing of it is believed yet.
#[derive(Clone, Copy)]
pub struct UnverifiedEvent<'a> {
    body: &'a [u8],
    signature: Option<&'a str>,
}

impl fmt::Debug for UnverifiedEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedEvent").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// A message that Stripe signed. It still has to be read.
#[derive(Clone, Copy)]
pub struct VerifiedEvent<'a>(&'a [u8]);

impl fmt::Debug for VerifiedEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedEvent").field("bytes", &self.0.len()).finish()
    }
}

impl VerifiedEvent<'_> {
    /// Reads it.
    pub fn read(self) -> Result<Event, MalformedEvent> {
        read_event(self.0)
    }
}

/// Why a message is not taken for Stripe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// It is larger than any event.
    #[error("the message has {0} bytes; no event has more than {MAX_EVENT}")]
    TooLarge(usize),
    /// It is not signed.
    #[error("there is no Stripe-Signature")]
    Unsigned,
    /// What it is signed with cannot be read.
    #[error("the Stripe-Signature cannot be read: {0}")]
    Unreadable(&'static str),
    /// It was signed too long ago; somebody may have kept it.
    #[error("the message was signed {0} s ago")]
    TooOld(i64),
    /// It was signed in what is the future by our clock.
    #[error("the message was signed {0} s in the future")]
    TooEarly(i64),
    /// It was signed with another secret, or changed since.
    #[error("no signature fits the message")]
    Forged,
}

impl<'a> UnverifiedEvent<'a> {
    /// A message as it came in: the bytes of its body, and its `Stripe-Signature`.
    pub fn new(body: &'a [u8], signature: Option<&'a str>) -> Self {
        Self { body, signature }
    }

    /// Believes the message if one of the secrets signed it within the tolerance.
    pub fn verify(
        self,
        secrets: &WebhookSecrets,
        tolerance: Tolerance,
        now: Timestamp,
    ) -> Result<VerifiedEvent<'a>, NotVerified> {
        if self.body.len() > MAX_EVENT {
            return Err(NotVerified::TooLarge(self.body.len()));
        }
        let signature = self.signature.map(str::trim).filter(|header| !header.is_empty());
        let signature = Signature::read(signature.ok_or(NotVerified::Unsigned)?)?;
        let age = now.seconds().saturating_sub(signature.seconds);
        if age > i64::from(tolerance.seconds) {
            return Err(NotVerified::TooOld(age));
        }
        if age < -i64::from(tolerance.seconds) {
            return Err(NotVerified::TooEarly(age.saturating_neg()));
        }
        let is_signed = secrets.0.iter().any(|secret| signature.is_of(self.body, secret));
        is_signed.then_some(VerifiedEvent(self.body)).ok_or(NotVerified::Forged)
    }
}

/// A `Stripe-Signature`.
struct Signature<'a> {
    /// The time as it stands there, for that is what was signed.
    time: &'a str,
    seconds: i64,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    fn read(header: &'a str) -> Result<Self, NotVerified> {
        let (mut time, mut signatures) = (None, Vec::new());
        for pair in header.split(',') {
            let (name, value) = pair.trim().split_once('=').unwrap_or_default();
            match name {
                "t" if time.is_some() => return Err(NotVerified::Unreadable("it has two times")),
                "t" => time = Some(value),
                // Whatever is no signature cannot fit; another beside it may. Other schemes prove
                // nothing: `v0` is of Stripe's test tools.
                "v1" => signatures.extend(bytes(value)),
                _ => {}
            }
        }
        let time = time.ok_or(NotVerified::Unreadable("it has no time"))?;
        let is_number = !time.is_empty() && time.bytes().all(|c| c.is_ascii_digit());
        let seconds = time.parse().ok().filter(|_| is_number);
        let seconds = seconds.ok_or(NotVerified::Unreadable("its time is no number of seconds"))?;
        if signatures.is_empty() {
            return Err(NotVerified::Unreadable("it has no signature of the scheme v1"));
        }
        if signatures.len() > MOST_SIGNATURES {
            return Err(NotVerified::Unreadable("it has too many signatures"));
        }
        Ok(Self { time, seconds, signatures })
    }

    /// Whether a secret made one of the signatures. How long it takes says nothing of how much of
    /// one was right.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    fn is_of(&self, body: &[u8], secret: &SecretString) -> bool {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
        let mac = mac.expect("a key of any length");
        let expected = mac.chain_update(self.time).chain_update(".").chain_update(body).finalize();
        self.signatures.iter().any(|signature| expected == CtOutput::new((*signature).into()))
    }
}

fn bytes(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
