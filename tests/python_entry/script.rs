//! A script of Python's that calls the handler by itself, with whatever Lambda would never hand it.

use serde_json::Value;
use stripe_sim::StripeSim;
use test_support::Program;

use crate::stack::environment;
use crate::subject::{folder, python};

/// What every script begins with.
const BEFORE: &str = r#"
import json, lambda_function, sys
handler = lambda_function.lambda_handler
def event(order, user="ava"):
    return {
        "httpMethod": "GET", "path": "/dashboard/orders/" + order,
        "pathParameters": {"orderId": order}, "headers": {},
        "requestContext": {"authorizer": {"userId": user}, "requestId": "r-" + order},
    }
def say(what):
    print("\nsaid: " + json.dumps(what), flush=True)
"#;

/// Runs a script over a table and a Stripe to its end, and gives what it said, and all its output.
pub(crate) async fn run(
    dynamodb: &str,
    stripe: &StripeSim,
    settings: &[(&str, &str)],
    script: &str,
) -> (Value, Vec<String>) {
    let (python, base) = (python(), stripe.base());
    let mut variables = environment(dynamodb, &base, settings);
    variables.extend([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-the-role"),
        ("PYTHONPATH", folder()),
    ]);
    let script = format!("{BEFORE}{script}");
    let mut program = Program::start(python, &["-c", &script], &variables);
    let status = program.end().await;
    let output = program.output();
    assert!(status.success(), "{output:#?}");
    let said = output.iter().find_map(|line| line.strip_prefix("said: "));
    let said = serde_json::from_str(said.expect("a script that says something")).unwrap();
    (said, output)
}
