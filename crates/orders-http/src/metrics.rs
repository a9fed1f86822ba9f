//! Figures over all requests, by the `metrics` facade: the program that runs the endpoint decides
//! where they go. Each metric and each value of a label costs money, so there are few.

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use orders::Incident;

use crate::log::{Facts, milliseconds};

const REQUESTS: &str = "requests_total";
const STRIPE_CALLS: &str = "stripe_calls_total";
const DENIED: &str = "denied_total";
const SERVED_STALE: &str = "served_stale_total";
const WRITE_FAILURES: &str = "snapshot_write_failures_total";
const CORRUPT_ROWS: &str = "corrupt_snapshots_total";
const COLD_STARTS: &str = "cold_starts_total";
const REQUEST_DURATION: &str = "request_duration_ms";
const STORE_DURATION: &str = "store_duration_ms";
const STRIPE_DURATION: &str = "stripe_duration_ms";

/// Tells the recorder in place what the figures are. Called once, after it was installed.
pub fn describe() {
    for (name, what) in [
        (REQUESTS, "Requests, by outcome"),
        (STRIPE_CALLS, "Calls to Stripe, repetitions included"),
        (DENIED, "Orders that exist, but were not the caller's"),
        (SERVED_STALE, "Snapshots answered although Stripe should have been asked"),
        (WRITE_FAILURES, "Orders answered that could not be kept"),
        (CORRUPT_ROWS, "Rows that could not be read"),
        (COLD_STARTS, "First requests of a process"),
    ] {
        describe_counter!(name, Unit::Count, what);
    }
    for (name, what) in [
        (REQUEST_DURATION, "How long requests took"),
        (STORE_DURATION, "How long the store took for a request"),
        (STRIPE_DURATION, "How long Stripe took for a request"),
    ] {
        describe_histogram!(name, Unit::Milliseconds, what);
    }
}

/// Counts a request.
pub(crate) fn record(facts: &Facts<'_>) {
    let outcome = facts.ending.outcome();
    counter!(REQUESTS, "outcome" => outcome).increment(1);
    histogram!(REQUEST_DURATION).record(milliseconds(facts.took));
    if facts.usage.store_calls > 0 {
        histogram!(STORE_DURATION).record(milliseconds(facts.usage.store_time));
    }
    if facts.usage.stripe_calls > 0 {
        histogram!(STRIPE_DURATION).record(milliseconds(facts.usage.stripe_time));
        counter!(STRIPE_CALLS).increment(u64::from(facts.usage.stripe_calls));
    }
    match outcome {
        "denied" => counter!(DENIED).increment(1),
        "served_stale" => counter!(SERVED_STALE).increment(1),
        _ => {}
    }
    if facts.is_cold_start {
        counter!(COLD_STARTS).increment(1);
    }
    for incident in facts.incidents {
        match incident {
            Incident::WriteFailed(_) | Incident::TooLarge => counter!(WRITE_FAILURES).increment(1),
            Incident::CorruptRow { .. } => counter!(CORRUPT_ROWS).increment(1),
            Incident::Conflict(_)
            | Incident::NotMended(_)
            | Incident::ServedStale(_)
            | Incident::StoreBypassed(_) => {}
        }
    }
}
