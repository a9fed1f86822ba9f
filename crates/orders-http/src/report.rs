//! What is known of a request at its end: identifiers and figures, never a token, an e-mail or a
//! body. The program that runs the endpoint decides where it goes.

use std::time::Duration;

use orders::ports::{CheckoutError, StoreError};
use orders::{Incident, KeyRefresh, Usage};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Figure;
use crate::ending::chain;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Nobody has to do anything.
    Info,
    /// It may go away by itself.
    Warn,
    /// Somebody has to change something.
    Error,
}

/// The account of one request, and its line in the log: a text is empty and a figure 0 where there
/// is nothing to say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How much it matters.
    pub level: Severity,
    /// `request`, which tells these lines from others.
    pub message: &'static str,
    /// The gateway's id of the request.
    pub request_id: String,
    /// The invocation's id.
    pub lambda_request_id: String,
    /// The trace that it belongs to.
    pub trace_id: String,
    /// The order asked for, where it could be one.
    pub order_id: String,
    /// The member, by a name that tells nobody who she is.
    pub user_hash: String,
    /// How it ended, in a word.
    pub outcome: &'static str,
    /// Which evidence denied the order to the caller.
    pub deny_reason: &'static str,
    /// The evidence that decided, or the error with its causes.
    pub reason: String,
    /// The answer's status.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// What it cost.
    #[serde(flatten, serialize_with = "usage")]
    pub usage: Usage,
    /// Whether it was the process's first request.
    pub cold_start: bool,
    /// How much of the request's time was left, in milliseconds.
    pub budget_left_ms: f64,
    /// What went wrong and the answer does not show; each has a line of its own.
    #[serde(skip)]
    pub degraded: Vec<Degraded>,
}

/// The line of something that went wrong and that the answer does not show.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Degraded {
    /// How much it matters.
    pub level: Severity,
    /// `degraded`, which tells these lines from others.
    pub message: &'static str,
    /// The request's.
    pub request_id: String,
    /// What went wrong.
    pub cause: String,
    /// The figure that it adds one to.
    #[serde(skip)]
    pub counted_as: Option<Figure>,
}

impl Degraded {
    /// Something that went wrong for a request.
    pub fn new(level: Severity, request_id: &str, cause: String) -> Self {
        let request_id = request_id.to_owned();
        Self { level, message: "degraded", request_id, cause, counted_as: None }
    }

    /// An incident of a request.
    pub fn of(incident: &Incident, request_id: &str) -> Self {
        let level = match incident {
            Incident::ServedStale(CheckoutError::Refused(_))
            | Incident::NotMended(CheckoutError::Refused(_))
            | Incident::NotMarked(StoreError::Refused(_))
            | Incident::KeyNotRefreshed(_)
            | Incident::WriteFailed(StoreError::Refused(_)) => Severity::Error,
            _ => Severity::Warn,
        };
        let counted_as = match incident {
            Incident::WriteFailed(_) | Incident::TooLarge => Some(Figure::WriteFailures),
            Incident::CorruptRow { .. } => Some(Figure::CorruptRows),
            Incident::Conflict(_)
            | Incident::KeyNotRefreshed(_)
            | Incident::Misfiled(_)
            | Incident::NotMarked(_)
            | Incident::NotMended(_)
            | Incident::ServedStale(_)
            | Incident::StoreBypassed(_) => None,
        };
        Self { counted_as, ..Self::new(level, request_id, chain(incident)) }
    }
}

impl Report {
    /// The fields of its line, and of no other use in it.
    pub const FIELDS: [&str; 24] = [
        "timestamp",
        "level",
        "message",
        "requestId",
        "lambdaRequestId",
        "traceId",
        "orderId",
        "userHash",
        "outcome",
        "denyReason",
        "reason",
        "status",
        "durationMs",
        "storeMs",
        "storeCalls",
        "rowsRead",
        "consumedReadUnits",
        "stripeMs",
        "stripeCalls",
        "retries",
        "stripeRequestId",
        "stripeKeyRefresh",
        "coldStart",
        "budgetLeftMs",
    ];

    /// What the request adds to each figure. Those it has nothing to do with are left out.
    pub fn figures(&self) -> impl Iterator<Item = (Figure, f64)> {
        let asked_store = self.usage.store_calls > 0;
        let asked_stripe = self.usage.stripe_calls > 0;
        let counted = [
            (Figure::Requests, true),
            (Figure::Denied, self.outcome == "denied"),
            (Figure::ServedStale, self.outcome == "served_stale"),
            (Figure::ColdStarts, self.cold_start),
        ];
        let measured = [
            (Figure::RequestDuration, true, self.duration_ms),
            (Figure::StoreDuration, asked_store, milliseconds(self.usage.store_time)),
            (Figure::StripeDuration, asked_stripe, milliseconds(self.usage.stripe_time)),
            (Figure::StripeCalls, asked_stripe, f64::from(self.usage.stripe_calls)),
        ];
        let once = |(figure, happened): (Figure, bool)| happened.then_some((figure, 1.0));
        let of_degraded = self.degraded.iter().filter_map(|it| Some((it.counted_as?, 1.0)));
        let measured = measured.into_iter().filter(|(_, is_there, _)| *is_there);
        let measured = measured.map(|(figure, _, value)| (figure, value));
        counted.into_iter().filter_map(once).chain(measured).chain(of_degraded)
    }
}

/// The fields of what a request cost, for `serialize_with`.
pub fn usage<S: Serializer>(usage: &Usage, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_map(None)?;
    fields.serialize_entry("storeMs", &milliseconds(usage.store_time))?;
    fields.serialize_entry("storeCalls", &usage.store_calls)?;
    fields.serialize_entry("rowsRead", &usage.rows_read)?;
    fields.serialize_entry("consumedReadUnits", &usage.read_units)?;
    fields.serialize_entry("stripeMs", &milliseconds(usage.stripe_time))?;
    fields.serialize_entry("stripeCalls", &usage.stripe_calls)?;
    fields.serialize_entry("retries", &usage.retries)?;
    let request_id = usage.stripe_request_id.as_deref().unwrap_or_default();
    fields.serialize_entry("stripeRequestId", request_id)?;
    let refresh = usage.key_refresh.map_or("", KeyRefresh::word);
    fields.serialize_entry("stripeKeyRefresh", refresh)?;
    fields.end()
}

/// Milliseconds with a fraction of three digits.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_that_are_written() {
        let report = Report {
            level: Severity::Info,
            message: "request",
            request_id: String::new(),
            lambda_request_id: String::new(),
            trace_id: String::new(),
            order_id: String::new(),
            user_hash: String::new(),
            outcome: "snapshot_hit",
            deny_reason: "",
            reason: String::new(),
            status: 200,
            duration_ms: 1.0,
            usage: Usage::default(),
            cold_start: true,
            budget_left_ms: 0.0,
            degraded: Vec::new(),
        };
        let line = serde_json::to_value(&report).unwrap();
        let mut written: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
        // Whoever writes the line says when.
        written.push("timestamp");
        let mut fields = Report::FIELDS;
        fields.sort_unstable();
        written.sort_unstable();
        assert_eq!(written, fields);
    }
}
