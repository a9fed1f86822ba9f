use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode};
use orders::Clock;
use secrecy::SecretString;

use crate::json::Distinct;
use crate::keys::KeySet;
use crate::token::UnverifiedToken;
use crate::{Identity, Jwks, NoKeys, NoUsableKey, Refusal};

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: u64 = 30;

/// Who may issue tokens, and for whom they have to be. Empty: anybody who has the key, for anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What `iss` may be.
    pub issuers: Vec<String>,
    /// Of what `aud` has to have one.
    pub audiences: Vec<String>,
}

/// Why nothing can be said in a caller's favour.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotVerified {
    /// The token is not to be believed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The issuer's keys cannot be had, so nobody knows.
    #[error(transparent)]
    Unknown(#[from] NoKeys),
}

/// Verifies bearer tokens: HS256 with a secret; RS256, ES256 or `EdDSA` with the keys of an issuer.
/// Which of them follows from the key, never from the token.
pub struct Verifier<K> {
    keys: Keys<K>,
    rules: Rules,
}

enum Keys<K> {
    Fixed(KeySet),
    Issuer(Jwks<K>),
}

impl<K: Clock> Verifier<K> {
    /// Believes what is signed with a secret that the issuer has as well.
    pub fn with_secret(secret: &SecretString, rules: Rules) -> Self {
        Self { keys: Keys::Fixed(KeySet::of_secret(secret)), rules }
    }

    /// Believes what is signed with one of these keys, a JWKS (RFC 7517).
    pub fn with_keys(jwks: &[u8], rules: Rules) -> Result<Self, NoUsableKey> {
        Ok(Self { keys: Keys::Fixed(KeySet::of_issuer(jwks)?), rules })
    }

    /// Believes what is signed with one of an issuer's keys, as they are when they are needed.
    pub fn with_issuer(jwks: Jwks<K>, rules: Rules) -> Self {
        Self { keys: Keys::Issuer(jwks), rules }
    }

    /// Fetches the issuer's keys, so that the first caller need not wait for them.
    pub async fn warm_up(&self) -> Result<(), NoKeys> {
        match &self.keys {
            Keys::Fixed(_) => Ok(()),
            Keys::Issuer(jwks) => jwks.keys().await.map(drop),
        }
    }

    /// Who calls, by the `Authorization` header.
    pub async fn verify(&self, authorization: Option<&str>) -> Result<Identity, NotVerified> {
        let token = UnverifiedToken::of_header(authorization)?;
        let jwks = match &self.keys {
            Keys::Fixed(keys) => return Ok(self.check(&token, keys)?),
            Keys::Issuer(jwks) => jwks,
        };
        let keys = jwks.keys().await?;
        let refusal = match self.check(&token, &keys) {
            Ok(identity) => return Ok(identity),
            Err(refusal) => refusal,
        };
        // The issuer may have another key by now, unless it is the one that the token names.
        let is_about_the_key =
            matches!(refusal, Refusal::UnknownKey | Refusal::Signature | Refusal::Algorithm);
        if !is_about_the_key || keys.has_the_one_named_by(&token) {
            return Err(refusal.into());
        }
        match jwks.newer_than(&keys).await? {
            Some(newer) => Ok(self.check(&token, &newer)?),
            None => Err(refusal.into()),
        }
    }

    /// Tries the keys that come into question.
    fn check(&self, token: &UnverifiedToken<'_>, keys: &KeySet) -> Result<Identity, Refusal> {
        let mut rules = Validation::new(token.algorithm);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.validate_aud = !self.rules.audiences.is_empty();
        rules.set_required_spec_claims(&["exp"]);
        if !self.rules.issuers.is_empty() {
            rules.required_spec_claims.insert("iss".to_owned());
            rules.set_issuer(&self.rules.issuers);
        }
        if !self.rules.audiences.is_empty() {
            rules.required_spec_claims.insert("aud".to_owned());
            rules.set_audience(&self.rules.audiences);
        }
        let mut refusal = Refusal::Signature;
        for key in keys.candidates(token)? {
            rules.algorithms = vec![key.algorithm];
            match decode::<Distinct>(token.text, &key.key, &rules) {
                Ok(token) => return Identity::of(&token.claims.0),
                Err(error) => refusal = refusal_of(error.kind()),
            }
            if refusal != Refusal::Signature {
                break;
            }
        }
        Err(refusal)
    }
}

fn refusal_of(error: &ErrorKind) -> Refusal {
    match error {
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::NotYetValid,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => Refusal::Algorithm,
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "iss" => Refusal::Issuer,
            "aud" => Refusal::Audience,
            _ => Refusal::Expired,
        },
        ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => Refusal::Claims,
        // A key that is none after all, too: the next may be one.
        _ => Refusal::Signature,
    }
}

impl<K> std::fmt::Debug for Verifier<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("rules", &self.rules).finish_non_exhaustive()
    }
}
