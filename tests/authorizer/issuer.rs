//! The keys of an issuer: fetched, kept, rolled, and out of reach.

use axum::http::StatusCode;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::keys::{ALGORITHMS, Hash, Pair, by_hand, claims_of, name, with};
use crate::stack::{Decision, Gate, Issuer};

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_fetched_once_and_serve_every_algorithm() {
    let pairs: Vec<_> = ALGORITHMS.into_iter().map(Pair::new).collect();
    let published: Vec<_> =
        pairs.iter().map(|pair| pair.published(&name(pair.algorithm))).collect();
    let issuer = Issuer::start(json!(published)).await;
    let gate = Gate::with_issuer(&issuer).await;
    for pair in &pairs {
        for key_id in [Some(name(pair.algorithm)), None] {
            let token = pair.sign(key_id.as_deref(), &claims_of("ava"));
            assert!(gate.lets_in(&token, "ava").await, "{:?}, {key_id:?}", pair.algorithm);
        }
    }
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_came_after_is_fetched_when_a_token_names_it() {
    let [old, new] = [Pair::new(Algorithm::ES256), Pair::new(Algorithm::ES256)];
    let issuer = Issuer::start(json!([old.published("old")])).await;
    let gate = Gate::with_issuer(&issuer).await;
    let claims = claims_of("ava");
    assert!(gate.lets_in(&old.sign(Some("old"), &claims), "ava").await);
    issuer.publish(json!([old.published("old"), new.published("new")]));
    assert!(gate.lets_in(&new.sign(Some("new"), &claims), "ava").await);
    assert!(gate.lets_in(&old.sign(Some("old"), &claims), "ava").await);
    assert_eq!(issuer.fetched(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_keys_that_do_not_exist_causes_one_fetch_a_minute() {
    let pair = Pair::new(Algorithm::EdDSA);
    let issuer = Issuer::start(json!([pair.published("k")])).await;
    let gate = Gate::with_issuer(&issuer).await;
    let good = pair.sign(Some("k"), &claims_of("ava"));
    assert!(gate.lets_in(&good, "ava").await);
    let forger = Pair::new(Algorithm::EdDSA);
    for n in 0..20 {
        let token = forger.sign(Some(&format!("k{n}")), &claims_of("ava"));
        assert_eq!(gate.ask(&token).await, Decision::Refused);
        assert_eq!(gate.ask(&forger.sign(None, &claims_of("ava"))).await, Decision::Refused);
    }
    assert_eq!(issuer.fetched(), 2, "at the start, and for the first that was not known");
    assert!(gate.lets_in(&good, "ava").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_that_cannot_be_used_does_not_spoil_the_others() {
    let pair = Pair::new(Algorithm::ES256);
    let short = Pair::short();
    let odd = [
        json!({}),
        json!(null),
        json!("key"),
        json!({"kty": "unheard-of", "kid": "a"}),
        json!({"kty": "RSA", "kid": "b"}),
        json!({"kty": "RSA", "n": "AA", "e": "AQAB", "kid": "c"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "d"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "A".repeat(43), "kid": "e"}),
        json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43), "kid": "f"}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "g"}),
        with(pair.published("h"), json!({"use": "enc"})),
        with(pair.published("i"), json!({"key_ops": ["sign"]})),
        with(pair.published("j"), json!({"alg": "ES384"})),
        with(pair.published("l"), json!({"kid": 7})),
        short.published("m"),
    ];
    let mut keys = odd.to_vec();
    keys.push(pair.published("k"));
    let issuer = Issuer::start(json!(keys)).await;
    let gate = Gate::with_issuer(&issuer).await;
    let claims = claims_of("ava");
    for id in ["f", "h", "i", "j", "m"] {
        assert_eq!(gate.ask(&pair.sign(Some(id), &claims)).await, Decision::Refused, "{id}");
    }
    assert!(gate.lets_in(&pair.sign(Some("k"), &claims), "ava").await);
    let plain = Issuer::start(json!([pair.jwk])).await;
    let gate = Gate::with_issuer(&plain).await;
    for key_id in [None, Some("whatever it says")] {
        let token = pair.sign(key_id, &claims);
        assert!(gate.lets_in(&token, "ava").await, "a key without an id, {key_id:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_cannot_be_had_is_no_refusal() {
    let pair = Pair::new(Algorithm::EdDSA);
    let token = pair.sign(Some("k"), &claims_of("ava"));
    let nobody = Gate::with(&[("JWKS_URL", "http://127.0.0.1:9/jwks.json")]).await;
    assert!(matches!(nobody.ask(&token).await, Decision::Failed(_)));
    assert_eq!(nobody.ask("garbage").await, Decision::Refused, "what no key could save");
    let line = nobody.last_line().await;
    assert_eq!(line["outcome"], "refused", "{line}");

    let issuer = Issuer::start(json!([])).await;
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned()),
        (StatusCode::NOT_FOUND, json!({"keys": [pair.published("k")]}).to_string()),
        (StatusCode::FOUND, String::new()),
        (StatusCode::OK, String::new()),
        (StatusCode::OK, "<html>".to_owned()),
        (StatusCode::OK, json!({"keys": []}).to_string()),
        (StatusCode::OK, json!([pair.published("k")]).to_string()),
        (StatusCode::OK, json!({"keys": {"k": pair.published("k")}}).to_string()),
        (StatusCode::OK, " ".repeat(600_000)),
    ] {
        issuer.answers(status, &body);
        let gate = Gate::with_issuer(&issuer).await;
        let decision = gate.ask(&token).await;
        assert!(matches!(decision, Decision::Failed(_)), "{status}, {body:.60}: {decision:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_there_outlast_an_outage_and_an_unknown_one_is_not_judged_in_it() {
    let pair = Pair::new(Algorithm::ES256);
    let issuer = Issuer::start(json!([pair.published("k")])).await;
    let gate = Gate::with(&[("JWKS_URL", &issuer.url), ("LOG_LEVEL", "info")]).await;
    let good = pair.sign(Some("k"), &claims_of("ava"));
    assert!(gate.lets_in(&good, "ava").await);
    issuer.answers(StatusCode::BAD_GATEWAY, "");
    let unknown = pair.sign(Some("other"), &claims_of("ava"));
    assert!(matches!(gate.ask(&unknown).await, Decision::Failed(_)));
    let hopeless = by_hand(r#"{"alg":"HS256"}"#, b"{}", b"secret", Hash::Sha256);
    assert_eq!(gate.ask(&hopeless).await, Decision::Refused, "no key would do");
    assert!(gate.lets_in(&good, "ava").await);
    let line: Value = gate.last_line().await;
    assert_eq!(line["outcome"], "allowed", "{line}");
}
