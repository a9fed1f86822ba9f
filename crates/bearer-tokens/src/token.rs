//! A token as it came, of which nothing is believed yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde_json::{Map, Value};

use crate::Refusal;
use crate::json::distinct_object;
use crate::keys::VerificationKey;

/// API Gateway takes no more than 10,240 bytes of headers, all of them together.
const LONGEST: usize = 10_240;

/// A signed token in its compact form (RFC 7515, section 7.1), of which only the header was read: to
/// find the key, not to be believed.
pub(crate) struct UnverifiedToken<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    message: &'a str,
    signature: &'a str,
    claims: Map<String, Value>,
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
        if signature.is_empty() {
            return Err(Refusal::Malformed);
        }
        let message = &text[..header.len() + 1 + claims.len()];
        let claims = object(claims).ok_or(Refusal::Malformed)?;
        let header = object(header).ok_or(Refusal::Malformed)?;
        // RFC 7515, section 4.1.11, and RFC 7797: who does not understand them must refuse.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Refusal::Critical);
        }
        // What else a header may say, such as where a key could be had (`jku`, `jwk`, `x5u`, `x5c`),
        // is not read.
        let algorithm = match header.get("alg").and_then(Value::as_str) {
            Some("HS256") => Algorithm::HS256,
            Some("RS256") => Algorithm::RS256,
            Some("ES256") => Algorithm::ES256,
            // RFC 9864 gave it a name of its own.
            Some("EdDSA" | "Ed25519") => Algorithm::EdDSA,
            _ => return Err(Refusal::Algorithm),
        };
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(Refusal::Malformed),
        };
        Ok(Self { algorithm, key_id, message, signature, claims })
    }

    /// The claims, if the token was signed with a key.
    pub(crate) fn signed_with(&self, key: &VerificationKey) -> Option<&Map<String, Value>> {
        let message = self.message.as_bytes();
        // A key that is none after all signs nothing.
        let is_signed = crypto::verify(self.signature, message, &key.key, key.algorithm);
        is_signed.unwrap_or(false).then_some(&self.claims)
    }
}

/// The object in a part of a token; `None` where it is none, or not written as it has to be.
fn object(part: &str) -> Option<Map<String, Value>> {
    distinct_object(&URL_SAFE_NO_PAD.decode(part).ok()?)
}
