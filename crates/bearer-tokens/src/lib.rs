//! Bearer tokens, made and verified as the shop's authorizer does.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

/// Signs tokens where `JWT_SECRET` is not set. Everybody knows it.
const DEVELOPMENT_SECRET: &str = "local-development-secret-not-for-production";

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: u64 = 30;

/// How long the tokens of the welcome are good for, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Verifies and makes tokens (HS256).
pub struct Tokens {
    secret: SecretString,
    is_default: bool,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "userId")]
    user_id: Option<String>,
    sub: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Value,
}

impl Tokens {
    /// With a secret, or the development secret.
    pub fn new(secret: Option<&str>) -> Self {
        Self { secret: secret.unwrap_or(DEVELOPMENT_SECRET).into(), is_default: secret.is_none() }
    }

    /// Whether anybody could make a token.
    pub fn are_forgeable(&self) -> bool {
        self.is_default
    }

    /// The secret, to be handed to another program that makes or verifies such tokens.
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// A token for a member, good for a day.
    pub fn issue(&self, user_id: &str, email: &str) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = json!({
            "userId": user_id, "sub": user_id, "email": email, "email_verified": true,
            "exp": get_current_timestamp() + DAY,
        });
        encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(self.secret().as_bytes()),
        )
    }

    /// What the gateway would know of the caller: the context of the authorizer, every value a
    /// text. `None` for a token that is missing, malformed, expired or not ours.
    pub fn authorize(&self, authorization: Option<&str>) -> Option<Value> {
        let (scheme, token) = authorization?.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        // The algorithm is fixed here; whatever the token says of its own is only compared.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.validate_aud = false;
        rules.set_required_spec_claims(&["exp"]);
        let key = DecodingKey::from_secret(self.secret().as_bytes());
        let claims = decode::<Claims>(token.trim(), &key, &rules).ok()?.claims;
        let mut context = json!({});
        if let Some(user_id) = claims.user_id.or(claims.sub) {
            context["userId"] = json!(user_id);
            context["principalId"] = json!(user_id);
        }
        if let Some(email) = claims.email {
            let verified = &claims.email_verified;
            context["email"] = json!(email);
            context["email_verified"] =
                json!(verified.as_str().map_or_else(|| verified.to_string(), str::to_owned));
        }
        Some(context)
    }
}
