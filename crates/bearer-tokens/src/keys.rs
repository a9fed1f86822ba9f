//! The keys that tokens are verified with, and of each the one algorithm that it is for.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::Refusal;
use crate::token::UnverifiedToken;

/// Of how many bits an RSA key has to be: RFC 7518, section 3.3, demands 2048; the library knows none
/// above 4096.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// No issuer has as many keys in use.
const MOST_KEYS: usize = 100;

/// A key, and what it is for.
pub(crate) struct VerificationKey {
    id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// Keys that are shared by those who use them.
pub(crate) type SharedKeys = Arc<KeySet>;

/// Every key that is in force.
pub(crate) struct KeySet(Vec<VerificationKey>);

/// Why there is no key in a JWKS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoUsableKey {
    /// It is none.
    #[error("what came is no JWKS")]
    NoSet,
    /// It is one, and has no key that can be used.
    #[error("there is no key in it for RS256, ES256 or EdDSA")]
    NoneUsable,
}

/// A key of a JWKS (RFC 7517), as far as it is read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// One secret, shared with who makes the tokens. The secret is for HS256 and for nothing else.
    pub(crate) fn of_secret(secret: &SecretString) -> Self {
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        Self(vec![VerificationKey { id: None, algorithm: Algorithm::HS256, key }])
    }

    /// The keys of an issuer, by its JWKS. Those that cannot be used are passed over: an issuer may
    /// have others for others.
    pub(crate) fn of_issuer(jwks: &[u8]) -> Result<Self, NoUsableKey> {
        #[derive(Deserialize)]
        struct Jwks {
            keys: Vec<Value>,
        }

        let jwks: Jwks = serde_json::from_slice(jwks).map_err(|_| NoUsableKey::NoSet)?;
        let keys = jwks.keys.into_iter().take(MOST_KEYS);
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.verification());
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() { Err(NoUsableKey::NoneUsable) } else { Ok(Self(keys)) }
    }

    /// Whether the very key is here that a token names.
    pub(crate) fn has_the_one_named_by(&self, token: &UnverifiedToken<'_>) -> bool {
        token.key_id.is_some() && self.0.iter().any(|key| key.id == token.key_id)
    }

    /// The keys that a token may have been signed with. Its own word on the algorithm is only compared.
    pub(crate) fn candidates(
        &self,
        token: &UnverifiedToken<'_>,
    ) -> Result<Vec<&VerificationKey>, Refusal> {
        let is_named = |key: &&VerificationKey| match (&key.id, &token.key_id) {
            (Some(id), Some(named)) => id == named,
            (None, _) | (_, None) => true,
        };
        let named: Vec<_> = self.0.iter().filter(is_named).collect();
        if named.is_empty() {
            return Err(Refusal::UnknownKey);
        }
        let suitable = named.into_iter().filter(|key| key.algorithm == token.algorithm);
        let suitable: Vec<_> = suitable.collect();
        if suitable.is_empty() { Err(Refusal::Algorithm) } else { Ok(suitable) }
    }
}

impl Jwk {
    /// The key, where it is one for verifying with one of the three algorithms.
    fn verification(self) -> Option<VerificationKey> {
        let is_for_signatures = self.used_for.as_deref().is_none_or(|used_for| used_for == "sig");
        let verifies = |operations: &Vec<String>| operations.iter().any(|it| it == "verify");
        if !is_for_signatures || !self.key_ops.as_ref().is_none_or(verifies) {
            return None;
        }
        let is_of = |length: usize, text: &str| Some(()).filter(|()| bytes(text) == Some(length));
        let (algorithm, names, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (self.n?, self.e?);
                RSA_BITS.contains(&bits(&n)?).then_some(())?;
                let key = DecodingKey::from_rsa_components(&n, &e).ok()?;
                (Algorithm::RS256, &["RS256"][..], key)
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (self.x?, self.y?);
                is_of(32, &x).and(is_of(32, &y))?;
                (Algorithm::ES256, &["ES256"][..], DecodingKey::from_ec_components(&x, &y).ok()?)
            }
            ("OKP", Some("Ed25519")) => {
                let x = self.x?;
                is_of(32, &x)?;
                let names = &["EdDSA", "Ed25519"][..];
                (Algorithm::EdDSA, names, DecodingKey::from_ed_components(&x).ok()?)
            }
            _ => return None,
        };
        let is_meant = self.alg.as_deref().is_none_or(|alg| names.contains(&alg));
        is_meant.then_some(VerificationKey { id: self.kid, algorithm, key })
    }
}

/// How many bytes a member of a key has.
fn bytes(text: &str) -> Option<usize> {
    Some(URL_SAFE_NO_PAD.decode(text).ok()?.len())
}

/// How many bits a number of a key has.
fn bits(text: &str) -> Option<usize> {
    let number = URL_SAFE_NO_PAD.decode(text).ok()?;
    let first = number.iter().position(|byte| *byte != 0)?;
    Some((number.len() - first) * 8 - number[first].leading_zeros() as usize)
}
