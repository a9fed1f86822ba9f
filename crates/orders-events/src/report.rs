//! What is known of an event at its end: identifiers and figures, never an e-mail, a name, a
//! signature or a body.

use orders::Usage;
use orders_http::{Degraded, Figure, Severity, milliseconds, usage};
use serde::Serialize;

/// The account of one event, and its line in the log: a text is empty and a figure 0 where there
/// is nothing to say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventReport {
    /// How much it matters.
    pub level: Severity,
    /// `event`, which tells these lines from others.
    pub message: &'static str,
    /// The gateway's id of the request, or the queue's of the record.
    pub request_id: String,
    /// The invocation's id.
    pub lambda_request_id: String,
    /// The trace that it belongs to.
    pub trace_id: String,
    /// Through which door it came.
    pub door: &'static str,
    /// The event, as Stripe names it.
    pub event_id: String,
    /// What happened, in Stripe's word.
    pub event_type: String,
    /// The family of types that it is counted with.
    pub kind: &'static str,
    /// The order that it was about.
    pub order_id: String,
    /// How that is now.
    pub order_status: String,
    /// The order's member, by a name that tells nobody who she is.
    pub user_hash: String,
    /// How it ended, in a word.
    pub outcome: &'static str,
    /// The error with its causes, or why it was let be.
    pub reason: String,
    /// The status that the webhook answers; of the other doors what it would be.
    pub status: u16,
    /// How many copies of the order were brought up to date as well.
    pub copies: u32,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// How long after it happened something was stored, in milliseconds.
    pub lag_ms: f64,
    /// What it cost.
    #[serde(flatten, serialize_with = "usage")]
    pub usage: Usage,
    /// Whether it was the process's first.
    pub cold_start: bool,
    /// How much of its time was left, in milliseconds.
    pub budget_left_ms: f64,
    /// What went wrong and the outcome does not show; each has a line of its own.
    #[serde(skip)]
    pub degraded: Vec<Degraded>,
}

impl EventReport {
    /// The fields of its line, and of no other use in it.
    pub const FIELDS: [&str; 30] = [
        "timestamp",
        "level",
        "message",
        "requestId",
        "lambdaRequestId",
        "traceId",
        "door",
        "eventId",
        "eventType",
        "kind",
        "orderId",
        "orderStatus",
        "userHash",
        "outcome",
        "reason",
        "status",
        "copies",
        "durationMs",
        "lagMs",
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

    /// What the event adds to each figure. Those it has nothing to do with are left out.
    pub fn figures(&self) -> impl Iterator<Item = (Figure, f64)> {
        let asked_store = self.usage.store_calls > 0;
        let asked_stripe = self.usage.stripe_calls > 0;
        let is = |outcome| self.outcome == outcome;
        let figures = [
            (Figure::Events, true, 1.0),
            (Figure::EventDuration, true, self.duration_ms),
            (Figure::EventLag, self.lag_ms > 0.0, self.lag_ms),
            (Figure::Forged, is("forged"), 1.0),
            (Figure::Duplicates, is("duplicate"), 1.0),
            (Figure::NotOurs, is("not_ours"), 1.0),
            (Figure::StoreDuration, asked_store, milliseconds(self.usage.store_time)),
            (Figure::StripeDuration, asked_stripe, milliseconds(self.usage.stripe_time)),
            (Figure::StripeCalls, asked_stripe, f64::from(self.usage.stripe_calls)),
            (Figure::ColdStarts, self.cold_start, 1.0),
        ];
        let there = figures.into_iter().filter(|(_, is_there, _)| *is_there);
        let of_degraded = self.degraded.iter().filter_map(|it| Some((it.counted_as?, 1.0)));
        there.map(|(figure, _, value)| (figure, value)).chain(of_degraded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_that_are_written() {
        let report = EventReport {
            level: Severity::Info,
            message: "event",
            request_id: String::new(),
            lambda_request_id: String::new(),
            trace_id: String::new(),
            door: "webhook",
            event_id: String::new(),
            event_type: String::new(),
            kind: "other",
            order_id: String::new(),
            order_status: String::new(),
            user_hash: String::new(),
            outcome: "ignored",
            reason: String::new(),
            status: 200,
            copies: 0,
            duration_ms: 1.0,
            lag_ms: 0.0,
            usage: Usage::default(),
            cold_start: false,
            budget_left_ms: 0.0,
            degraded: Vec::new(),
        };
        let line = serde_json::to_value(&report).unwrap();
        let mut written: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
        // Whoever writes the line says when.
        written.push("timestamp");
        let mut fields = EventReport::FIELDS;
        fields.sort_unstable();
        written.sort_unstable();
        assert_eq!(written, fields);
        let figures: Vec<_> = report.figures().map(|(figure, _)| figure).collect();
        assert_eq!(figures, [Figure::Events, Figure::EventDuration]);
    }
}
