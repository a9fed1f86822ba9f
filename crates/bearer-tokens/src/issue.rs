use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// How long a token that is made here is good for, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Makes a token for a member (HS256), good for a day: for development, where nobody else does.
pub fn issue(
    secret: &SecretString,
    user_id: &str,
    email: &str,
) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = json!({
        "userId": user_id, "sub": user_id, "email": email, "email_verified": true,
        "exp": get_current_timestamp() + DAY,
    });
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key)
}
