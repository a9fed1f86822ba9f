//! Signatures made by Stripe's own library, and ours checked by it.
//!
//! They need Python with the package `stripe`: the interpreter that `PEERS_PYTHON` names, else
//! `python3`. Where there is none these tests say that they skip; never where `CI` is set.

use std::process::Command;

use serde_json::Value;
use stripe_sim::{sign, sign_with_each};

use crate::stack::{SECRET, Stack, completed, now, session_of};

/// What Stripe's library makes of what is asked, as JSON. `None`, said aloud: it is not there.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests have no config.rs")]
fn ask(script: &str, arguments: &[&str]) -> Option<Value> {
    let python = std::env::var("PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let is_there = Command::new(&python).args(["-c", "import stripe"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{python} has no package `stripe`");
        eprintln!("skipped: {python} has no package `stripe`; set PEERS_PYTHON to one that has");
        return None;
    }
    let output = Command::new(&python).args(["-c", script]).args(arguments).output().unwrap();
    let (said, wrong) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{wrong}");
    Some(serde_json::from_slice(&said).unwrap())
}

const SIGN: &str = r#"
import json, stripe, sys
body, secret, *times = sys.argv[1:]
made = {}
for time in times:
    signature = stripe.WebhookSignature._compute_signature(f"{time}.{body}", secret)
    made[time] = f"t={time},v1={signature}"
print(json.dumps(made))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_stripes_library_signs_is_taken_within_the_tolerance_and_not_beyond() {
    let stack = Stack::start().await;
    for (n, note) in ["plain", "\u{e9}\u{1f600} \"quoted\" \\ \n"].into_iter().enumerate() {
        let order = format!("cs_test_a1vector{n}");
        stack.given_session(session_of("ava", &order));
        let mut event = completed(&format!("evt_{n}"), &order);
        event["data"]["object"]["note"] = note.into();
        let body = event.to_string();
        let at = now();
        let times = [at, at - 290, at + 290, at - 320, at + 320].map(|time| time.to_string());
        let mut arguments = vec![body.as_str(), SECRET];
        arguments.extend(times.iter().map(String::as_str));
        let Some(made) = ask(SIGN, &arguments) else { return };
        for (time, status) in times.iter().zip([200, 200, 200, 400, 400]) {
            let header = made[time].as_str().unwrap();
            let answer = stack.post_signed(&body, Some(header)).await;
            assert_eq!(answer.status, status, "{header}: {answer:?}");
        }
    }
}

const VERIFY: &str = r"
import json, stripe, sys
body, secret, *headers = sys.argv[1:]
verdicts = []
for header in headers:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, 300)
        verdicts.append(True)
    except stripe.SignatureVerificationError:
        verdicts.append(False)
print(json.dumps(verdicts))
";

#[tokio::test(flavor = "multi_thread")]
async fn stripes_library_takes_what_our_stand_in_signs_and_the_program_agrees_with_it() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", "cs_test_a1agree"));
    let body = completed("evt_1", "cs_test_a1agree").to_string();
    let own = sign(body.as_bytes(), SECRET, now());
    let headers = [
        own.clone(),
        sign_with_each(body.as_bytes(), ["whsec_other", SECRET], now()),
        format!("{own},v0={}", "0".repeat(64)),
        sign(body.as_bytes(), "whsec_other", now()),
        sign(body.as_bytes(), SECRET, now() - 400),
        own.replace("v1=", "v0="),
        own.replace("v1=", "v1=0"),
        "t=1".to_owned(),
    ];
    let mut arguments = vec![body.as_str(), SECRET];
    arguments.extend(headers.iter().map(String::as_str));
    let Some(verdicts) = ask(VERIFY, &arguments) else { return };
    for (header, verdict) in headers.iter().zip(verdicts.as_array().unwrap()) {
        let answer = stack.post_signed(&body, Some(header)).await;
        assert_eq!(answer.status == 200, *verdict == true, "{header}: {answer:?}");
    }
}
