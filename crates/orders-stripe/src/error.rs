use std::sync::Arc;

use orders::ports::CheckoutError;

/// A field of Stripe's answer that cannot be read. The value is never part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Stripe's answer makes no sense at `{field}`")]
pub struct Malformed {
    /// The field, as a path: `line_items.data[3].amount_total`; `body` for the whole.
    pub field: String,
}

/// The field of a body that is no JSON, or no object.
pub(crate) const WHOLE_BODY: &str = "body";

impl Malformed {
    pub(crate) fn at(field: impl Into<String>) -> Self {
        Self { field: field.into() }
    }
}

/// Why Stripe could not be asked, or did not answer. Says identifiers only: Stripe's own messages
/// may quote a part of the key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StripeError {
    /// No answer within the time for one attempt.
    #[error("Stripe did not answer in time")]
    Timeout,
    /// No connection, or one that broke.
    #[error("the connection to Stripe failed: {0}")]
    Connection(String),
    /// An answer other than a success.
    #[error("Stripe answered {status}: {kind}{} (request {request_id})", .code.as_ref().map(|code| format!(", {code}")).unwrap_or_default())]
    Status {
        /// The HTTP status.
        status: u16,
        /// Stripe's `error.type`.
        kind: String,
        /// Stripe's `error.code`.
        code: Option<String>,
        /// Stripe's `Request-Id`.
        request_id: String,
    },
    /// A success that cannot be read.
    #[error("{malformed} (request {request_id})")]
    Malformed {
        /// What cannot be read.
        malformed: Malformed,
        /// Stripe's `Request-Id`.
        request_id: String,
    },
    /// More bytes than any session has.
    #[error("Stripe's answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The request's deadline leaves no time for an attempt.
    #[error("no time is left to ask Stripe")]
    OutOfTime,
    /// An attempt failed, and the deadline is nearer than the next could begin.
    #[error("{0}; no time was left to ask again")]
    NoTimeToRepeat(Box<StripeError>),
    /// The budget of calls per second is spent, and the deadline is nearer than the next call.
    #[error("the budget of calls to Stripe is spent for now")]
    RateBudget,
    /// Stripe failed so often in a row that it is left alone for a moment.
    #[error("Stripe failed repeatedly, and is not asked for a moment")]
    Paused,
}

impl StripeError {
    /// Whether a repetition will not help until somebody changes something.
    pub(crate) fn is_our_fault(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                (400..500).contains(status) && !matches!(status, 404 | 408 | 409 | 425 | 429)
            }
            Self::NoTimeToRepeat(error) => error.is_our_fault(),
            Self::Timeout
            | Self::Connection(_)
            | Self::Malformed { .. }
            | Self::TooLarge(_)
            | Self::OutOfTime
            | Self::RateBudget
            | Self::Paused => false,
        }
    }

    /// Whether Stripe does not take the key, since it was rolled or is none of its own. A key that
    /// lacks a permission is answered otherwise.
    pub(crate) fn is_about_the_key(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }

    /// Whether an attempt that failed so says that Stripe is away or overloaded. A refusal says
    /// that it is there; so does a conflict about one object (409, or `lock_timeout`, which comes
    /// with 429), and an object with a field that cannot be read.
    pub(crate) fn is_an_outage(&self) -> bool {
        match self {
            Self::Status { status, code, .. } => {
                let about_one_object = *status == 409 || code.as_deref() == Some("lock_timeout");
                !self.is_our_fault() && !about_one_object
            }
            Self::Malformed { malformed, .. } => malformed.field == WHOLE_BODY,
            Self::Timeout | Self::Connection(_) => true,
            Self::NoTimeToRepeat(error) => error.is_an_outage(),
            Self::TooLarge(_) | Self::OutOfTime | Self::RateBudget | Self::Paused => false,
        }
    }

    /// Whether a request with more time might have fared better.
    pub(crate) fn is_want_of_time(&self) -> bool {
        matches!(self, Self::NoTimeToRepeat(_) | Self::OutOfTime | Self::RateBudget)
    }
}

impl From<StripeError> for CheckoutError {
    fn from(error: StripeError) -> Self {
        if error.is_our_fault() {
            Self::Refused(Arc::new(error))
        } else {
            Self::Unavailable(Arc::new(error))
        }
    }
}
