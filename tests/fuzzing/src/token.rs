use std::sync::OnceLock;
use std::time::Duration;

use bearer_tokens::{NotVerified, Rules, Verifier};
use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use orders::SystemClock;
use serde_json::{Map, Value};

use crate::MEMBER;

/// What tokens, and messages to the webhook, are signed with.
pub const SECRET: &str = "secret-of-the-fuzzed-shop";

/// Keys of an issuer whose private halves nobody has: an EC and an Ed25519 key of RFC 7515 and RFC 8037.
pub const JWKS: &str = r#"{"keys":[
    {"kty":"EC","crv":"P-256","kid":"ec",
     "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    {"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// What a verifier with keys at hand makes of a header.
fn verify(verifier: &Verifier<SystemClock>, header: &str) -> Option<Map<String, Value>> {
    let outcome = verifier.verify(Some(header)).now_or_never().expect("nothing to wait for");
    match outcome {
        Ok(identity) => Some(identity.context()),
        Err(NotVerified::Refused(_)) => None,
        Err(NotVerified::Unknown(no_keys)) => panic!("the keys are at hand: {no_keys}"),
    }
}

/// A bearer token as it may come in; and, where the bytes are JSON, a token that somebody who
/// knows the secret made with these claims, and the keys of an issuer.
pub fn token(bytes: &[u8]) {
    static VERIFIERS: OnceLock<[Verifier<SystemClock>; 2]> = OnceLock::new();
    let [secret, issuer] = VERIFIERS.get_or_init(|| {
        let issuer = Verifier::with_keys(JWKS.as_bytes(), Rules::default(), SystemClock);
        [
            Verifier::with_secret(&SECRET.into(), Rules::default(), SystemClock),
            issuer.expect("two keys"),
        ]
    });
    let text = String::from_utf8_lossy(bytes);
    for header in [text.to_string(), format!("Bearer {text}")] {
        if let Some(context) = verify(secret, &header) {
            // Only tokens for the member were ever signed.
            assert_eq!(context["userId"], MEMBER, "a forged token was believed");
        }
        assert!(verify(issuer, &header).is_none(), "nobody has the keys");
        if let Ok(theirs) = Verifier::with_keys(bytes, Rules::default(), SystemClock) {
            verify(&theirs, &header);
        }
    }
    let Ok(claims) = serde_json::from_slice::<Value>(bytes) else { return };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let Ok(signed) = encode(&Header::new(Algorithm::HS256), &claims, &key) else { return };
    let Some(context) = verify(secret, &format!("bearer {signed}")) else { return };
    let expires = claims["exp"].as_f64().expect("a token without an end was believed");
    let a_minute_ago = Duration::from_secs(get_current_timestamp() - 60).as_secs_f64();
    assert!(expires > a_minute_ago, "an expired token was believed");
    let user_id = context["userId"].as_str().expect("a text");
    assert!(user_id.trim() == user_id && !user_id.is_empty(), "nobody was let in");
    assert!(context.values().all(Value::is_string), "authorizer values are texts");
}
