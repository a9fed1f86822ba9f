//! How Stripe signs a webhook: HMAC-SHA256, in hex, over the time, a dot and the body's bytes,
//! with the endpoint's whole secret as the key (Stripe: verifying webhook signatures).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The `Stripe-Signature` of a body, signed with a secret (`whsec_…`) at a time in epoch seconds.
pub fn sign(body: &[u8], secret: &str, time: i64) -> String {
    sign_with_each(body, [secret], time)
}

/// The `Stripe-Signature` while a secret is rolled: one `v1` for each of the secrets.
pub fn sign_with_each<'a>(
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a str>,
    time: i64,
) -> String {
    let mut header = format!("t={time}");
    for secret in secrets {
        header.push_str(",v1=");
        header.push_str(&mac(body, secret, time));
    }
    header
}

/// What Stripe appends for events of test mode: a scheme that receivers must ignore, made with a
/// secret that nobody knows.
pub(crate) fn fake_scheme(body: &[u8], time: i64) -> String {
    format!(",v0={}", mac(body, "nobody's", time))
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(body: &[u8], secret: &str, time: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
