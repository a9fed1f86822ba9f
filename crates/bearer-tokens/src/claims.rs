//! What a token that was signed has to say.

use orders::Timestamp;
use serde_json::{Map, Value};

use crate::Refusal;

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: f64 = 30.0;

/// The end of the year 9999, in seconds since 1970. Whoever writes milliseconds would have a token
/// without an end.
const LAST: f64 = 253_402_300_799.0;

/// Who may issue tokens, and for whom they have to be. Empty: anybody who has the key, for anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What `iss` may be.
    pub issuers: Vec<String>,
    /// Of what `aud` has to have one.
    pub audiences: Vec<String>,
}

impl Rules {
    /// Whether these claims (RFC 7519, section 4.1) are to be believed now.
    pub(crate) fn check(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit")]
        let now = now.millis() as f64 / 1000.0;
        let ends = moment(claims, "exp")?.ok_or(Refusal::Expired)?;
        let begins = moment(claims, "nbf")?;
        if claims.get("iat").is_some_and(|made| !made.is_number()) {
            return Err(Refusal::Claims);
        }
        if ends + LEEWAY <= now {
            return Err(Refusal::Expired);
        }
        if begins.is_some_and(|begins| begins - LEEWAY > now) {
            return Err(Refusal::NotYetValid);
        }
        self.check_issuer(claims.get("iss"))?;
        self.check_audience(claims.get("aud"))
    }

    fn check_issuer(&self, issuer: Option<&Value>) -> Result<(), Refusal> {
        match issuer {
            Some(Value::String(issuer))
                if self.issuers.is_empty() || self.issuers.contains(issuer) =>
            {
                Ok(())
            }
            None if self.issuers.is_empty() => Ok(()),
            _ => Err(Refusal::Issuer),
        }
    }

    fn check_audience(&self, audience: Option<&Value>) -> Result<(), Refusal> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        let is_ours =
            |one: &Value| self.audiences.iter().any(|audience| one.as_str() == Some(audience));
        let is_for_us = match audience {
            Some(Value::Array(several)) => {
                several.iter().all(Value::is_string) && several.iter().any(is_ours)
            }
            Some(one) => is_ours(one),
            None => false,
        };
        is_for_us.then_some(()).ok_or(Refusal::Audience)
    }
}

/// A time in seconds since 1970, with or without a fraction.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=LAST).contains(seconds));
    seconds.map(Some).ok_or(Refusal::Claims)
}
