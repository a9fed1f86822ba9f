//! What is known of a decision at its end: identifiers and figures, never a token or whose it was.

use lambda_kit::Account;
use orders_http::{Degraded, Figure, Severity};
use serde::Serialize;

/// The account of one decision, and its line in the log: a text is empty where there is nothing to
/// say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorization {
    /// How much it matters.
    pub(crate) level: Severity,
    /// `authorization`, which tells these lines from others.
    pub(crate) message: &'static str,
    /// The gateway's id of the request; it gives none for a `TOKEN`.
    pub(crate) request_id: String,
    /// The invocation's id.
    pub(crate) lambda_request_id: String,
    /// How it ended: `allowed`, `refused`, `unavailable`, `internal`.
    pub(crate) outcome: &'static str,
    /// Why, in a word of ours or as an error.
    pub(crate) reason: String,
    /// How long it took, in milliseconds.
    pub(crate) duration_ms: f64,
    /// Whether it was the process's first.
    pub(crate) cold_start: bool,
}

impl Account for Authorization {
    const COUNTED_AS: Figure = Figure::Authorizations;

    fn level(&self) -> Severity {
        self.level
    }

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn degraded(&self) -> &[Degraded] {
        &[]
    }

    fn figures(&self) -> impl Iterator<Item = (Figure, f64)> {
        let cold_start = self.cold_start.then_some((Figure::ColdStarts, 1.0));
        let always =
            [(Figure::Authorizations, 1.0), (Figure::AuthorizationDuration, self.duration_ms)];
        always.into_iter().chain(cold_start)
    }

    fn counted_by(&self) -> Vec<&str> {
        vec![self.outcome]
    }
}
