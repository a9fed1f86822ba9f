//! What is written about a request: identifiers and figures, never a token, an e-mail or a body.

use std::error::Error;
use std::time::Duration;

use orders::ports::{CheckoutError, StoreError};
use orders::{Answered, GetOrderError, Incident, Miss, NotFound, OrderId, RequestContext, Source};
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
    fn outcome(&self) -> &'static str {
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

/// What identifies a request in the log.
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) order: Option<&'a OrderId>,
    pub(crate) status: u16,
}

/// Writes the line of a request, and one for everything that the answer does not show.
pub(crate) fn request(line: &Line<'_>, took: Duration, context: &RequestContext, ending: &Ending) {
    let request_id = line.request_id;
    for incident in context.ledger.take_incidents() {
        let cause = chain(&incident);
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
    let usage = context.ledger.usage();
    let order = line.order.map(OrderId::as_str).unwrap_or_default();
    let (outcome, reason) = (ending.outcome(), ending.reason());
    macro_rules! line {
        ($level:ident) => {
            $level!(
                requestId = request_id,
                orderId = order,
                outcome,
                reason,
                status = line.status,
                durationMs = milliseconds(took),
                storeMs = milliseconds(usage.store_time),
                storeCalls = usage.store_calls,
                rowsRead = usage.rows_read,
                consumedReadUnits = usage.read_units,
                stripeMs = milliseconds(usage.stripe_time),
                stripeCalls = usage.stripe_calls,
                retries = usage.retries,
                stripeRequestId = usage.stripe_request_id.as_deref().unwrap_or_default(),
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
