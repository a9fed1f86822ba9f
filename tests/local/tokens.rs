//! Tokens, honest and hostile.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::http_client;

use crate::stack::{Local, answer};

const SECRET: &str = "a-secret-for-these-tests-of-32-bytes";
const PATH: &str = "/dashboard/orders/cs_test_demoWebhook";

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a token says when it ends")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn token(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn signed(claims: &Value) -> String {
    token(Algorithm::HS256, SECRET, claims)
}

/// Base64 for URLs, of what a forger would write by hand.
fn encoded(json: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in json.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for n in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * n)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

async fn stack() -> Local {
    Local::start(&[], &[("JWT_SECRET", SECRET)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_token_opens_its_members_orders_and_no_others() {
    let local = stack().await;
    let later = now() + 600;
    for (claims, status) in [
        (json!({"userId": "user_ava", "exp": later}), 200),
        (json!({"sub": "user_ava", "exp": later}), 200),
        (json!({"sub": "somebody", "userId": "user_ava", "exp": later}), 200),
        // Clocks may be half a minute apart.
        (json!({"sub": "user_ava", "exp": now() - 10, "nbf": now() + 10}), 200),
        (json!({"sub": "user_ava", "exp": later, "aud": "anybody"}), 200),
        (json!({"sub": "user_ben", "exp": later}), 404),
        (
            json!({"sub": "user_ben", "email": "ava@example.com", "email_verified": false, "exp": later}),
            404,
        ),
    ] {
        let bearer = format!("Bearer {}", signed(&claims));
        let answer = local.ask(Method::GET, PATH, Some(&bearer)).await;
        assert_eq!(answer.status, status, "{claims}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_token_opens_nothing() {
    let local = stack().await;
    let claims = json!({"sub": "user_ava", "exp": now() + 600});
    let good = signed(&claims);
    let payload = encoded(&claims.to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let none = |alg: &str| encoded(&json!({"alg": alg, "typ": "JWT"}).to_string());
    let without_exp = signed(&json!({"sub": "user_ava"}));
    for (name, authorization) in [
        ("nothing", String::new()),
        ("no scheme", good.clone()),
        ("another scheme", format!("Basic {good}")),
        ("no token", "Bearer ".to_owned()),
        ("garbage", "Bearer garbage".to_owned()),
        ("HS256 against garbage", format!("Bearer {}.{}.AAAA", parts[0], parts[1])),
        ("alg none", format!("Bearer {}.{payload}.", none("none"))),
        ("alg None", format!("Bearer {}.{payload}.", none("None"))),
        (
            "alg none with the old signature",
            format!("Bearer {}.{payload}.{}", none("none"), parts[2]),
        ),
        (
            "alg RS256 over our signature",
            format!("Bearer {}.{payload}.{}", none("RS256"), parts[2]),
        ),
        ("no signature", format!("Bearer {}.{}.", parts[0], parts[1])),
        ("two parts", format!("Bearer {}.{}", parts[0], parts[1])),
        ("four parts", format!("Bearer {good}.{}", parts[2])),
        ("another key", format!("Bearer {}", token(Algorithm::HS256, "another-secret", &claims))),
        ("an empty key", format!("Bearer {}", token(Algorithm::HS256, "", &claims))),
        (
            "another algorithm of the family",
            format!("Bearer {}", token(Algorithm::HS512, SECRET, &claims)),
        ),
        ("expired", format!("Bearer {}", signed(&json!({"sub": "user_ava", "exp": now() - 120})))),
        ("no exp", format!("Bearer {without_exp}")),
        ("exp as a text", format!("Bearer {}", signed(&json!({"sub": "user_ava", "exp": "2999"})))),
        (
            "not yet valid",
            format!(
                "Bearer {}",
                signed(&json!({"sub": "user_ava", "exp": now() + 900, "nbf": now() + 600}))
            ),
        ),
        ("nobody", format!("Bearer {}", signed(&json!({"exp": now() + 600})))),
        ("a blank name", format!("Bearer {}", signed(&json!({"sub": " ", "exp": now() + 600})))),
        (
            "a name that is no text",
            format!("Bearer {}", signed(&json!({"sub": {"a": 1}, "exp": now() + 600}))),
        ),
        (
            "a swapped payload",
            format!(
                "Bearer {}.{}.{}",
                parts[0],
                encoded(&json!({"sub": "user_ben", "exp": now() + 600}).to_string()),
                parts[2]
            ),
        ),
    ] {
        let answer = local.ask(Method::GET, PATH, Some(&authorization)).await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text);
        assert_eq!(answer.json()["error"], "Unauthorized", "{name}");
    }
    let twice = http_client().get(local.url(PATH));
    let twice = twice.header("Authorization", format!("Bearer {good}"));
    let twice = twice.header("Authorization", "Bearer garbage").send().await.unwrap();
    assert_eq!(answer(twice).await.status, 401, "two tokens");
    let log = local.program.output().join("\n");
    assert!(!log.contains(parts[2]), "no token is logged");
}
