//! The variables that the template sets, against those that the programs read.

use std::collections::BTreeSet;
use std::process::Command;

use crate::recorded::program;
use crate::template::Stack;

/// What is read and not set by the template, and why not. A name that ends in `*` stands for all
/// that begin so.
const LEFT: [(&str, &str); 26] = [
    ("AWS_ACCESS_KEY_ID", "Lambda sets it, of the role"),
    ("AWS_SECRET_ACCESS_KEY", "Lambda sets it, of the role"),
    ("AWS_SESSION_TOKEN", "Lambda sets it, of the role"),
    ("AWS_REGION", "Lambda sets it"),
    ("AWS_DEFAULT_REGION", "Lambda sets it"),
    ("AWS_LAMBDA_FUNCTION_NAME", "Lambda sets it"),
    ("AWS_LAMBDA_LOG_FORMAT", "Lambda sets it, by LoggingConfig"),
    ("AWS_LAMBDA_LOG_LEVEL", "Lambda sets it, by LoggingConfig"),
    ("AWS_LAMBDA_MAX_CONCURRENCY", "Lambda sets it where a process is handed several at once"),
    ("LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL says it"),
    ("AWS_CA_BUNDLE", "for a proxy that breaks TLS open; there is none"),
    ("SSL_CERT_FILE", "for a proxy that breaks TLS open; there is none"),
    ("AWS_ENDPOINT_URL", "for tests"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "for tests"),
    ("AWS_ENDPOINT_URL_SSM", "for tests"),
    ("STRIPE_API_BASE", "for tests"),
    ("STRIPE_SECRET", "the key is in a parameter"),
    ("STRIPE_WEBHOOK_SECRET", "the secret is in a parameter"),
    ("JWT_SECRET", "the secret is in a parameter"),
    ("STRIPE_TIMEOUT_MS", "the default fits the default budget"),
    ("STRIPE_MAX_RETRIES", "the default fits the default budget"),
    ("STRIPE_RATE_PER_SECOND", "the default fits the limits of an account at Stripe"),
    ("STRIPE_WEBHOOK_TOLERANCE", "the default is Stripe's own"),
    ("METRICS_DIMENSIONS", "alarms and the dashboard go by the default"),
    ("METRICS_NAMESPACE", "alarms and the dashboard go by the default"),
    ("OTEL_*", "the stack has no collector of spans; X-Ray has Lambda's own segments"),
];

/// Read by all programs, and of no meaning to `stripe-events`.
const OF_PAGES: &str = "CORS_ALLOW_ORIGIN";

/// The names of the variables that a program reads.
pub(crate) fn read_by(name: &str) -> BTreeSet<String> {
    let output = Command::new(program(name)).arg("--variables").env_clear().output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What is wrong with the environment of a function whose program reads these.
pub(crate) fn problems(stack: &Stack, function: &str, read: &BTreeSet<String>) -> Vec<String> {
    let set: BTreeSet<_> = stack.environment(function).into_keys().collect();
    let is_left = |name: &str| {
        let stands_for = |left: &str| match left.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == left,
        };
        LEFT.iter().any(|(left, _)| stands_for(left))
            || name == OF_PAGES && function == "StripeEventsFunction"
    };
    let unread = set.difference(read).map(|name| format!("{function} does not read {name}"));
    let unset = read.difference(&set).filter(|name| !is_left(name));
    let unset = unset.map(|name| format!("{function} is not given {name}"));
    let both = set.iter().filter(|name| is_left(name));
    let both = both.map(|name| format!("{function} is given {name}, which is to be left alone"));
    unread.chain(unset).chain(both).collect()
}

/// What is left alone and read by nobody.
pub(crate) fn forgotten(read: &BTreeSet<String>) -> Vec<&'static str> {
    let is_read = |left: &str| match left.strip_suffix('*') {
        Some(beginning) => read.iter().any(|name| name.starts_with(beginning)),
        None => read.contains(left),
    };
    LEFT.iter().map(|(left, _)| *left).filter(|left| !is_read(left)).collect()
}
