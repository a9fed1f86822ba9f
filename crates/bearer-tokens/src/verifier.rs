use jsonwebtoken::Algorithm;
use orders::Clock;
use secrecy::SecretString;

use crate::keys::KeySet;
use crate::token::UnverifiedToken;
use crate::{Identity, IssuerKeys, NoKeys, NoUsableKey, Refusal, Rules};

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
    clock: K,
}

enum Keys<K> {
    Fixed(KeySet),
    Issuer(IssuerKeys<K>),
}

impl<K: Clock> Verifier<K> {
    /// Believes what is signed with a secret that the issuer has as well.
    pub fn with_secret(secret: &SecretString, rules: Rules, clock: K) -> Self {
        Self { keys: Keys::Fixed(KeySet::of_secret(secret)), rules, clock }
    }

    /// Believes what is signed with one of these keys, a JWKS (RFC 7517).
    pub fn with_keys(jwks: &[u8], rules: Rules, clock: K) -> Result<Self, NoUsableKey> {
        Ok(Self { keys: Keys::Fixed(KeySet::of_issuer(jwks)?), rules, clock })
    }

    /// Believes what is signed with one of an issuer's keys, as they are when they are needed.
    pub fn with_issuer(keys: IssuerKeys<K>, rules: Rules, clock: K) -> Self {
        Self { keys: Keys::Issuer(keys), rules, clock }
    }

    /// Fetches the issuer's keys, so that the first caller need not wait for them.
    pub async fn warm_up(&self) -> Result<(), NoKeys> {
        match &self.keys {
            Keys::Fixed(_) => Ok(()),
            Keys::Issuer(issuer) => issuer.keys().await.map(drop),
        }
    }

    /// Who calls, by the `Authorization` header.
    pub async fn verify(&self, authorization: Option<&str>) -> Result<Identity, NotVerified> {
        let token = UnverifiedToken::of_header(authorization)?;
        let issuer = match &self.keys {
            Keys::Fixed(keys) => return Ok(self.check(&token, keys)?),
            // No key of an issuer's will ever do for it.
            Keys::Issuer(_) if token.algorithm == Algorithm::HS256 => {
                return Err(Refusal::Algorithm.into());
            }
            Keys::Issuer(issuer) => issuer,
        };
        let keys = issuer.keys().await?;
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
        match issuer.newer_than(&keys).await? {
            Some(newer) => Ok(self.check(&token, &newer)?),
            None => Err(refusal.into()),
        }
    }

    /// Tries the keys that come into question, and then the claims.
    fn check(&self, token: &UnverifiedToken<'_>, keys: &KeySet) -> Result<Identity, Refusal> {
        let keys = keys.candidates(token)?;
        let claims = keys.into_iter().find_map(|key| token.signed_with(key));
        let claims = claims.ok_or(Refusal::Signature)?;
        self.rules.check(claims, self.clock.now())?;
        Identity::of(claims)
    }
}

impl<K> std::fmt::Debug for Verifier<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("rules", &self.rules).finish_non_exhaustive()
    }
}
