use std::sync::OnceLock;
use std::time::Duration;

use bearer_tokens::Tokens;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::Value;

use crate::MEMBER;

/// What tokens, and messages to the webhook, are signed with.
pub const SECRET: &str = "secret-of-the-fuzzed-shop";

/// A bearer token as it may come in; and, where the bytes are JSON, a token that somebody who
/// knows the secret made with these claims.
pub fn token(bytes: &[u8]) {
    static TOKENS: OnceLock<Tokens> = OnceLock::new();
    let tokens = TOKENS.get_or_init(|| Tokens::new(SECRET.into()));
    let text = String::from_utf8_lossy(bytes);
    for header in [text.to_string(), format!("Bearer {text}")] {
        if let Some(context) = tokens.authorize(Some(&header)) {
            // Only tokens for the member were ever signed.
            assert_eq!(context["userId"], MEMBER, "a forged token was believed");
        }
    }
    let Ok(claims) = serde_json::from_slice::<Value>(bytes) else { return };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let Ok(signed) = encode(&Header::new(Algorithm::HS256), &claims, &key) else { return };
    let Some(context) = tokens.authorize(Some(&format!("bearer {signed}"))) else { return };
    let expires = claims["exp"].as_f64().expect("a token without an end was believed");
    let a_minute_ago = Duration::from_secs(get_current_timestamp() - 60).as_secs_f64();
    assert!(expires > a_minute_ago, "an expired token was believed");
    let context = context.as_object().expect("a context");
    assert!(context.values().all(Value::is_string), "authorizer values are texts");
}
