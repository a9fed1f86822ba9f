use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::signature::{fake_scheme, sign_with_each};

/// No wait between two attempts grows beyond this.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Where webhooks are sent, and how.
///
/// By default each event is sent once and, until it is answered with a 2xx, again after 1 s, 2 s,
/// 4 s and so on up to a minute, 10 times in all. An answer may take 10 s.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: Url,
    secrets: Vec<SecretString>,
    first_wait: Duration,
    attempts: u32,
    copies: u32,
    timeout: Duration,
}

/// Why an endpoint cannot be one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadEndpoint {
    /// The address is no absolute `http` one.
    #[error(
        "url: {0:?} must be an absolute address like http://127.0.0.1:8787/stripe/webhook; \
         the stand-in speaks no TLS"
    )]
    Url(String),
    /// The secret is not of Stripe's form. It is not shown.
    #[error("secret: must begin with whsec_ and have more after it")]
    Secret,
}

impl Endpoint {
    /// An endpoint at an `http` address, with its signing secret (`whsec_…`).
    pub fn new(url: &str, secret: &str) -> Result<Self, BadEndpoint> {
        let parsed = Url::parse(url).ok().filter(|it| it.scheme() == "http" && it.has_host());
        Ok(Self {
            url: parsed.ok_or_else(|| BadEndpoint::Url(url.to_owned()))?,
            secrets: vec![checked(secret)?],
            first_wait: Duration::from_secs(1),
            attempts: 10,
            copies: 1,
            timeout: Duration::from_secs(10),
        })
    }

    /// Signs with another secret as well, as while a secret is rolled.
    pub fn and_secret(mut self, secret: &str) -> Result<Self, BadEndpoint> {
        self.secrets.push(checked(secret)?);
        Ok(self)
    }

    /// How long to wait before the second attempt; each further wait is twice the one before.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// How many attempts are made at most; one at least.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How often each event is delivered, even if it is taken at once; one time at least.
    #[must_use]
    pub fn copies(mut self, copies: u32) -> Self {
        self.copies = copies.max(1);
        self
    }

    /// How long an answer may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn how_many_copies(&self) -> u32 {
        self.copies
    }

    pub(crate) fn patience(&self) -> Duration {
        self.timeout
    }

    /// How long to wait after so many attempts. `None`: that was the last.
    pub(crate) fn wait_after(&self, attempts: u32) -> Option<Duration> {
        let doublings = 1u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        (attempts < self.attempts)
            .then(|| self.first_wait.saturating_mul(doublings).min(LONGEST_WAIT))
    }

    /// The `Stripe-Signature` of a body at a time, in epoch seconds.
    pub(crate) fn signature(&self, body: &[u8], time: i64, livemode: bool) -> String {
        let secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
        let header = sign_with_each(body, secrets, time);
        if livemode { header } else { header + &fake_scheme(body, time) }
    }
}

fn checked(secret: &str) -> Result<SecretString, BadEndpoint> {
    match secret.strip_prefix("whsec_") {
        None | Some("") => Err(BadEndpoint::Secret),
        Some(_) => Ok(SecretString::from(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_come_to_an_end() {
        let endpoint = Endpoint::new("http://127.0.0.1:1/hook", "whsec_x").unwrap();
        let waits: Vec<_> =
            (1..=11).map(|n| endpoint.wait_after(n).map(|wait| wait.as_secs())).collect();
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Some);
        assert_eq!(waits[..9], expected);
        assert_eq!(waits[9..], [None, None]);
        let patient = endpoint.attempts(u32::MAX);
        assert_eq!(patient.wait_after(u32::MAX - 1), Some(LONGEST_WAIT));
    }

    #[test]
    fn an_endpoint_that_cannot_be_one_is_refused_by_its_field_without_its_secret() {
        for url in ["", "localhost:8787", "/stripe/webhook", "https://shop.example/hook"] {
            let error = Endpoint::new(url, "whsec_x").unwrap_err();
            assert!(error.to_string().starts_with(&format!("url: {url:?} must be")), "{error}");
        }
        let good = Endpoint::new("http://127.0.0.1:1/hook", "whsec_one").unwrap();
        for secret in ["", "whsec_", "sk_test_mistaken"] {
            for error in [
                Endpoint::new("http://127.0.0.1:1/hook", secret).unwrap_err(),
                good.clone().and_secret(secret).unwrap_err(),
            ] {
                assert_eq!(error, BadEndpoint::Secret);
                assert!(!error.to_string().contains("mistaken"));
            }
        }
        assert!(!format!("{good:?}").contains("whsec_one"));
    }
}
