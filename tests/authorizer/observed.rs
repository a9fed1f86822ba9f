//! What the log says of decisions, and what it never says.

use jsonwebtoken::Algorithm;
use serde_json::json;

use crate::keys::{Pair, claims_of, now, with};
use crate::stack::{Gate, Issuer};

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_has_a_line_with_its_outcome_and_why_and_is_counted() {
    let pair = Pair::new(Algorithm::EdDSA);
    let issuer = Issuer::start(json!([pair.published("k")])).await;
    let gate = Gate::with_issuer(&issuer).await;
    let sign = |others| pair.sign(Some("k"), &with(claims_of("ava"), others));
    for (token, outcome, reason) in [
        (sign(json!({})), "allowed", ""),
        (sign(json!({"exp": 1})), "refused", "expired"),
        (sign(json!({"nbf": now() + 900})), "refused", "not_yet_valid"),
        (sign(json!({"sub": ""})), "refused", "nobody"),
        (sign(json!({"sub": 7})), "refused", "claims"),
        (pair.sign(Some("other"), &claims_of("ava")), "refused", "unknown_key"),
        (Pair::new(Algorithm::EdDSA).sign(Some("k"), &claims_of("ava")), "refused", "signature"),
        (Pair::new(Algorithm::ES256).sign(Some("k"), &claims_of("ava")), "refused", "algorithm"),
        ("a.b.c".to_owned(), "refused", "malformed"),
        ("a".repeat(20_000), "refused", "too_long"),
        (String::new(), "refused", "scheme"),
    ] {
        gate.ask(&token).await;
        let line = gate.last_line().await;
        assert_eq!(
            (&line["outcome"], &line["reason"]),
            (&json!(outcome), &json!(reason)),
            "{line}"
        );
        assert_eq!(line["message"], "authorization");
        assert_eq!(line["authorizations_total"], 1.0, "{line}");
        assert!(line["authorization_duration_ms"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["lambdaRequestId"].as_str().unwrap().starts_with("invocation-"), "{line}");
        let figures = line["_aws"].to_string();
        assert!(figures.contains(r#"["FunctionName","outcome"]"#), "{figures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_token_is_logged_or_echoed_at_any_level() {
    let pair = Pair::new(Algorithm::EdDSA);
    let issuer = Issuer::start(json!([pair.published("PLANTEDkid")])).await;
    let gate = Gate::with(&[("JWKS_URL", &issuer.url), ("LOG_LEVEL", "trace")]).await;
    let claims = with(
        claims_of("PLANTEDuser"),
        json!({"email": "planted@example.com", "displayName": "PLANTED name", "role": "PLANTEDrole"}),
    );
    let good = pair.sign(Some("PLANTEDkid"), &claims);
    let forged = Pair::new(Algorithm::EdDSA).sign(Some("PLANTEDother"), &claims);
    let expired = pair.sign(Some("PLANTEDkid"), &with(claims.clone(), json!({"exp": 1})));
    for header in [&good, &forged, &expired, "PLANTED.PLANTED.PLANTED", "PLANTED"] {
        for scheme in ["Bearer", "Basic"] {
            let answer = gate.ask_with(&format!("{scheme} {header}")).await;
            assert!(!format!("{answer:?}").contains(header), "{answer:?}");
        }
    }
    gate.last_line().await;
    let log = gate.lambda.program.output().join("\n");
    let parts = [&good, &forged, &expired].map(|token| token.split('.').collect::<Vec<_>>());
    let parts = parts.iter().flatten().copied();
    for planted in ["PLANTED", "planted@"].into_iter().chain(parts) {
        assert!(!log.contains(planted), "{planted} in {log}");
    }
}
