//! Bearer tokens, made and verified as the shop's authorizer does.

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: u64 = 30;

/// How long a token that is made here is good for, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Verifies and makes tokens (HS256).
pub struct Tokens {
    secret: SecretString,
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
    /// Signed with a secret that whoever verifies them has as well.
    pub fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    fn secret(&self) -> &[u8] {
        self.secret.expose_secret().as_bytes()
    }

    /// A token for a member, good for a day.
    pub fn issue(&self, user_id: &str, email: &str) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = json!({
            "userId": user_id, "sub": user_id, "email": email, "email_verified": true,
            "exp": get_current_timestamp() + DAY,
        });
        encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(self.secret()))
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
        let key = DecodingKey::from_secret(self.secret());
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
