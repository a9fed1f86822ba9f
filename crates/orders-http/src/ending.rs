use std::error::Error;

use orders::{Answered, Denied, GetOrderError, Miss, NotFound, Source};

use crate::identity::Unidentified;
use crate::problem::Problem;
use crate::report::Severity;

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
    pub(crate) fn deny_reason(&self) -> &'static str {
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

    /// How much it matters.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::Failed(GetOrderError::Internal(_)) => Severity::Error,
            Self::Failed(GetOrderError::Unavailable(_)) => Severity::Warn,
            _ => Severity::Info,
        }
    }

    /// The evidence that decided, or the error with all that lies behind it.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Preflight => String::new(),
            Self::Found(answered) => answered.evidence.as_str().to_owned(),
            Self::Refused(_, why) => why.as_ref().map(ToString::to_string).unwrap_or_default(),
            Self::Failed(error) => chain(error),
        }
    }
}

/// An error and what lies behind it.
pub fn chain(error: &dyn Error) -> String {
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
