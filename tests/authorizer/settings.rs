//! The settings, as an operator gets them right and wrong.

use serde_json::json;
use test_support::{Lambda, Parameters, Program};

use crate::keys::{Hash, by_hand, claims_of};
use crate::stack::{Gate, PROGRAM, SECRET};

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_way_to_verify_is_demanded_and_mistakes_name_their_variable() {
    for (settings, variable, said) in [
        (vec![], "JWT_SECRET", "is required"),
        (vec![("JWT_SECRET", " ")], "JWT_SECRET", "is required"),
        (
            vec![("JWT_SECRET", "PLANTED"), ("JWKS_URL", "https://a.example")],
            "JWT_SECRET",
            "only one",
        ),
        (vec![("JWT_SECRET", "PLANTED"), ("JWT_SECRET_PARAMETER", "p")], "JWT_SECRET", "only one"),
        (
            vec![("JWT_SECRET_PARAMETER", "p"), ("JWKS_URL", "https://a.example")],
            "JWT_SECRET",
            "only one",
        ),
        (vec![("JWKS_URL", "http://id.example/keys")], "JWKS_URL", "https://"),
        (vec![("JWKS_URL", "ftp://id.example/keys")], "JWKS_URL", "https://"),
        (vec![("JWKS_URL", "https://me:PLANTED@id.example/keys")], "JWKS_URL", "password"),
        (vec![("JWKS_URL", "keys")], "JWKS_URL", "https://"),
        (vec![("JWT_SECRET", SECRET), ("LOG_LEVEL", "loud")], "LOG_LEVEL", "loud"),
        (vec![("JWT_SECRET", SECRET), ("JWT_AUDIENCE", " , ")], "JWT_AUDIENCE", "holds no value"),
        (vec![("JWT_SECRET", SECRET), ("JWT_ISSUER", ",")], "JWT_ISSUER", "holds no value"),
        (vec![("JWT_SECRET", "-----BEGIN PUBLIC KEY-----")], "JWT_SECRET", "JWKS_URL"),
        (vec![("JWT_SECRET", r#"{"kty":"RSA","n":"AA"}"#)], "JWT_SECRET", "JWKS_URL"),
        (vec![("JWT_SECRET_PARAMETER", "p")], "AWS_REGION", "is required"),
    ] {
        let mut program = Program::start(PROGRAM, &[], &settings);
        assert!(!program.end().await.success(), "{settings:?}");
        let output = program.output();
        let told = format!("authorizer cannot start: {variable}: ");
        let naming = output.iter().filter(|line| line.starts_with(&told) && line.contains(said));
        assert_eq!(naming.count(), 1, "{settings:?}: {output:#?}");
        assert!(output.iter().all(|line| !line.contains("PLANTED")), "{output:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_may_be_kept_in_the_parameter_store() {
    let parameters = Parameters::start(&[("/shop/jwt", SECRET), ("/shop/empty", " ")]).await;
    let with = |name: &'static str| {
        [("JWT_SECRET_PARAMETER", name), ("AWS_ENDPOINT_URL_SSM", parameters.address())]
    };
    let gate = Gate::with(&with("/shop/jwt")).await;
    let claims = claims_of("ava").to_string();
    let sign = |secret: &str| {
        by_hand(r#"{"alg":"HS256"}"#, claims.as_bytes(), secret.as_bytes(), Hash::Sha256)
    };
    assert!(gate.lets_in(&sign(SECRET), "ava").await);
    assert!(!gate.lets_in(&sign("/shop/jwt"), "ava").await, "the name is not the secret");
    for (name, why) in [("/shop/none", "ParameterNotFound"), ("/shop/empty", "holds nothing")] {
        let mut lost = Lambda::start(PROGRAM, &with(name)).await;
        assert!(!lost.program.end().await.success());
        assert!(lost.program.line_with("JWT_SECRET_PARAMETER: ").await.contains(why));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_secret_is_used_and_warned_of() {
    let gate = Gate::with(&[("JWT_SECRET", "short")]).await;
    let claims = claims_of("ava").to_string();
    let token = by_hand(r#"{"alg":"HS256"}"#, claims.as_bytes(), b"short", Hash::Sha256);
    assert!(gate.lets_in(&token, "ava").await);
    let line = gate.lambda.program.line_with("32 bytes").await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], json!("WARN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_which_variables_it_reads() {
    let mut program = Program::start(PROGRAM, &["--variables"], &[]);
    assert!(program.end().await.success());
    let output = program.output();
    for name in [
        "JWT_SECRET",
        "JWT_SECRET_PARAMETER",
        "JWKS_URL",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "AWS_REGION",
    ] {
        assert!(output.iter().any(|line| line == name), "{name}: {output:#?}");
    }
    assert!(output.iter().all(|line| !line.contains("TABLE") && !line.contains("STRIPE")));
}
