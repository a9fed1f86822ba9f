//! Tokens of other people's libraries: `PyJWT`, by the interpreter that `PEERS_PYTHON` names (else
//! `python3`), and jose, by `node` with the modules in `tests/authorizer/peers` (`npm ci` there).
//! Where one is not to be had its test says that it skips; never where `CI` is set.

use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::stack::{Decision, Gate, Issuer, SECRET};

/// What a peer made.
#[derive(Deserialize)]
struct Made {
    keys: Value,
    tokens: std::collections::BTreeMap<String, Tokens>,
}

/// Tokens by what they are.
#[derive(Deserialize)]
struct Tokens {
    good: std::collections::BTreeMap<String, String>,
    bad: std::collections::BTreeMap<String, String>,
}

/// Where the peers' programs are.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/authorizer/peers");

/// What a peer makes; `None`, said aloud: it is not there.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests have no config.rs")]
fn make(program: &str, probe: &[&str], script: &str, advice: &str) -> Option<Made> {
    let peer = || {
        let mut peer = Command::new(program);
        peer.current_dir(PEERS);
        peer
    };
    let is_there = peer().args(probe).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{program} cannot do this; {advice}");
        eprintln!("skipped: {program} cannot do this; {advice}");
        return None;
    }
    let output = peer().args([script, SECRET]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

async fn is_taken_and_refused_as_it_should_be(made: Made) {
    let issuer = Issuer::start(made.keys).await;
    let [secret, issuers] = [Gate::with_secret().await, Gate::with_issuer(&issuer).await];
    assert_eq!(made.tokens.len(), 4, "HS256, RS256, ES256, EdDSA");
    for (algorithm, Tokens { good, bad }) in made.tokens {
        let (gate, other) =
            if algorithm == "HS256" { (&secret, &issuers) } else { (&issuers, &secret) };
        assert!(good.len() > 10 && bad.len() > 5, "{algorithm}");
        for (name, token) in good {
            let decision = gate.ask(&token).await;
            let Decision::Allowed { user, context } = decision else {
                panic!("{name}: {decision:?}")
            };
            assert_eq!(user, "user_ava", "{name}");
            if name.ends_with("full") {
                assert_eq!(context["displayName"], json!("Åva ☃"), "{name}");
                assert_eq!(context["email_verified"], json!("true"), "{name}");
            }
            assert_eq!(other.ask(&token).await, Decision::Refused, "{name}, by the other's keys");
        }
        for (name, token) in bad {
            assert_eq!(gate.ask(&token).await, Decision::Refused, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pyjwts_tokens_are_taken_and_refused_as_they_should_be() {
    #[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
    let python = std::env::var("PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let advice = "set PEERS_PYTHON to an interpreter with what .ci/requirements.txt lists";
    let made = make(&python, &["-c", "import jwt, cryptography"], "tokens.py", advice);
    let Some(made) = made else { return };
    is_taken_and_refused_as_it_should_be(made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joses_tokens_are_taken_and_refused_as_they_should_be() {
    let advice = "install Node.js, and run `npm ci` in tests/authorizer/peers";
    let probe = ["--input-type=module", "-e", "import 'jose'"];
    let Some(made) = make("node", &probe, "tokens.mjs", advice) else { return };
    is_taken_and_refused_as_it_should_be(made).await;
}
