//! A token as it came, of which nothing is believed yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::Value;

use crate::Refusal;
use crate::json::Distinct;

/// API Gateway takes no more than 10,240 bytes of headers, all of them together.
const LONGEST: usize = 10_240;

/// A signed token in its compact form (RFC 7515, section 7.1), of which only the header was read: to
/// find the key, not to be believed.
pub(crate) struct UnverifiedToken<'a> {
    pub(crate) text: &'a str,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl<'a> UnverifiedToken<'a> {
    /// The token of an `Authorization` header.
    pub(crate) fn of_header(authorization: Option<&'a str>) -> Result<Self, Refusal> {
        let authorization = authorization.ok_or(Refusal::Missing)?.trim_matches([' ', '\t']);
        if authorization.is_empty() {
            return Err(Refusal::Missing);
        }
        if authorization.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let (scheme, token) = authorization.split_once(' ').ok_or(Refusal::Scheme)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Scheme);
        }
        Self::read(token.trim_start_matches(' '))
    }

    fn read(text: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(Refusal::Malformed) };
        if signature.is_empty() || object(claims).is_none() {
            return Err(Refusal::Malformed);
        }
        let header = object(header).ok_or(Refusal::Malformed)?;
        // RFC 7515, section 4.1.11, and RFC 7797: who does not understand them must refuse.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Refusal::Critical);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(Refusal::Algorithm)?;
        let algorithm = algorithm.parse().map_err(|_| Refusal::Algorithm)?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(Refusal::Malformed),
        };
        // Where else a header says that a key could be had (`jku`, `jwk`, `x5u`, `x5c`) is not read.
        Ok(Self { text, algorithm, key_id })
    }
}

/// The object in a part of a token; `None` where it is none, or not written as it has to be.
fn object(part: &str) -> Option<serde_json::Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    let object: Distinct = serde_json::from_slice(&bytes).ok()?;
    Some(object.0)
}
