//! What is written about a request: identifiers and figures, never a token, an e-mail or a body.

use std::error::Error;
use std::time::Duration;

use orders::ports::{CheckoutError, StoreError};
use orders::{Answered, Denied, GetOrderError, Incident, Miss, NotFound, Source, Usage};
use tracing::{error, info, warn};

use crate::identity::Unidentified;
use crate::problem::Problem;

/// How a request ended.
pub(crate) enum Ending {
    Preflight,
    Found(Box<Answered>),
    Refused(Problem, Option<Unidentified>),
    Failed(GetOrderError),
}

impl Ending {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Found(answered) => match answered.source {
                Source::Snapshot => "snapshot_hit",
                Source::Stripe => "stripe_fallback",
                Source::Stale => "served_stale",
            },
            Self::Refused(problem, _) => match problem {
                Problem::MethodNotAllowed => "method_not_allowed",
                Problem::Unauthorized => "unauthorized",
                Problem::MissingOrderId | Problem::InvalidOrderId => "invalid",
                Problem::NotFound => "not_found",
                Problem::Unavailable => "unavailable",
                Problem::Internal => "internal",
            },
            Self::Failed(error) => match error {
                GetOrderError::NotFound(NotFound::Absent | NotFound::Remembered(Miss::Absent)) => {
                    "not_found"
                }
                GetOrderError::NotFound(
                    NotFound::Denied(_) | NotFound::Remembered(Miss::Foreign),
                ) => "denied",
                GetOrderError::Unavailable(_) => "unavailable",
                GetOrderError::Internal(_) => "internal",
            },
        }
    }

    /// Which evidence denied the order to the caller, where one did.
    fn deny_reason(&self) -> &'static str {
        match self {
            Self::Failed(GetOrderError::NotFound(NotFound::Denied(why))) => match why {
                Denied::SomebodyElse(evidence) => evidence.as_str(),
                Denied::NoEvidence => "no_evidence",
            },
            Self::Failed(GetOrderError::NotFound(NotFound::Remembered(Miss::Foreign))) => {
                "remembered"
            }
            Self::Preflight | Self::Found(_) | Self::Refused(..) | Self::Failed(_) => "",
        }
    }

    /// The evidence that decided, or the error with all that lies behind it.
    fn reason(&self) -> String {
        match self {
            Self::Preflight => String::new(),
            Self::Found(answered) => answered.evidence.as_str().to_owned(),
            Self::Refused(_, why) => why.as_ref().map(ToString::to_string).unwrap_or_default(),
            Self::Failed(error) => chain(error),
        }
    }
}

/// What is known of a request at its end.
pub(crate) struct Facts<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) lambda_request_id: &'a str,
    pub(crate) trace_id: &'a str,
    pub(crate) order: &'a str,
    pub(crate) user_hash: &'a str,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) budget_left: Duration,
    pub(crate) is_cold_start: bool,
    pub(crate) usage: &'a Usage,
    pub(crate) incidents: &'a [Incident],
    pub(crate) ending: &'a Ending,
}

/// Writes the line of a request, and one for everything that the answer does not show.
pub(crate) fn request(facts: &Facts<'_>) {
    for incident in facts.incidents {
        degraded(facts, incident);
    }
    let Facts { ending, usage, .. } = facts;
    macro_rules! line {
        ($level:ident) => {
            $level!(
                requestId = facts.request_id,
                lambdaRequestId = facts.lambda_request_id,
                traceId = facts.trace_id,
                orderId = facts.order,
                userHash = facts.user_hash,
                outcome = ending.outcome(),
                denyReason = ending.deny_reason(),
                reason = ending.reason(),
                status = facts.status,
                durationMs = milliseconds(facts.took),
                storeMs = milliseconds(usage.store_time),
                storeCalls = usage.store_calls,
                rowsRead = usage.rows_read,
                consumedReadUnits = usage.read_units,
                stripeMs = milliseconds(usage.stripe_time),
                stripeCalls = usage.stripe_calls,
                retries = usage.retries,
                stripeRequestId = usage.stripe_request_id.as_deref().unwrap_or_default(),
                coldStart = facts.is_cold_start,
                budgetLeftMs = milliseconds(facts.budget_left),
                "request"
            )
        };
    }
    match ending {
        Ending::Failed(GetOrderError::Internal(_)) => line!(error),
        Ending::Failed(GetOrderError::Unavailable(_)) => line!(warn),
        _ => line!(info),
    }
}

fn degraded(facts: &Facts<'_>, incident: &Incident) {
    let (request_id, cause) = (facts.request_id, chain(incident));
    match incident {
        // Somebody has to change something.
        Incident::ServedStale(CheckoutError::Refused(_))
        | Incident::NotMended(CheckoutError::Refused(_))
        | Incident::WriteFailed(StoreError::Refused(_)) => {
            error!(requestId = request_id, cause, "degraded");
        }
        _ => warn!(requestId = request_id, cause, "degraded"),
    }
}

/// An error and what lies behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Some wrappers repeat what they wrap.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

/// Milliseconds with a fraction of three digits.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
