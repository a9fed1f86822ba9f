use orders::{Heeded, KeepTrueError, Upshot};
use orders_http::{Severity, chain};
use orders_stripe::{MalformedEvent, NotVerified};

use crate::problem::Problem;

/// How an event ended, or what came in its place.
pub(crate) enum Ending {
    Heeded(Heeded),
    /// Of a type that no order has to do with.
    Ignored,
    /// Of another account, or of the other mode than the key's.
    Elsewhere,
    NotVerified(NotVerified),
    Malformed(MalformedEvent),
    /// Nothing that an event could be in, or a body that was not handed on whole.
    NoEvent(&'static str),
    MethodNotAllowed,
    /// There is no secret to verify a signature with.
    NoSecret,
    Failed(KeepTrueError),
}

impl Ending {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Heeded(heeded) => match heeded.upshot {
                Upshot::Duplicate => "duplicate",
                Upshot::NoOrder => "no_order",
                Upshot::NotOurs(_) => "not_ours",
                Upshot::NotPlaced => "not_placed",
                Upshot::Stored => "stored",
                Upshot::Updated => "updated",
                Upshot::Unchanged => "unchanged",
                Upshot::Kept => "kept_newer",
                Upshot::Misfiled => "misfiled",
                Upshot::TooLarge => "too_large",
            },
            Self::Ignored => "ignored",
            Self::Elsewhere => "not_ours",
            Self::NotVerified(_) => "forged",
            Self::Malformed(_) | Self::NoEvent(_) => "malformed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NoSecret | Self::Failed(KeepTrueError::Internal(_)) => "internal",
            Self::Failed(KeepTrueError::Unavailable(_) | KeepTrueError::Contended) => "unavailable",
        }
    }

    /// What the webhook answers; `None` for a success.
    pub(crate) fn problem(&self) -> Option<Problem> {
        Some(match self {
            Self::Heeded(_) | Self::Ignored | Self::Elsewhere => return None,
            Self::NotVerified(why) => match why {
                NotVerified::TooLarge(_) => Problem::TooLarge,
                NotVerified::Unsigned => Problem::Unsigned,
                NotVerified::Unreadable(_) | NotVerified::Forged => Problem::InvalidSignature,
                NotVerified::TooOld(_) | NotVerified::TooEarly(_) => Problem::OutsideTolerance,
            },
            Self::Malformed(_) | Self::NoEvent(_) => Problem::Malformed,
            Self::MethodNotAllowed => Problem::MethodNotAllowed,
            Self::NoSecret | Self::Failed(KeepTrueError::Internal(_)) => Problem::Internal,
            Self::Failed(KeepTrueError::Unavailable(_) | KeepTrueError::Contended) => {
                Problem::Unavailable
            }
        })
    }

    /// Whether it has to come again: the fault is ours, so it may end otherwise then.
    pub(crate) fn has_to_come_again(&self) -> bool {
        matches!(self, Self::NoSecret | Self::Failed(_))
    }

    /// How much it matters.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Self::NoSecret | Self::Failed(KeepTrueError::Internal(_)) => Severity::Error,
            Self::Failed(KeepTrueError::Unavailable(_) | KeepTrueError::Contended)
            | Self::NotVerified(_)
            | Self::Malformed(_)
            | Self::NoEvent(_) => Severity::Warn,
            Self::Heeded(heeded) => match heeded.upshot {
                Upshot::TooLarge | Upshot::Misfiled => Severity::Warn,
                _ => Severity::Info,
            },
            Self::Ignored | Self::Elsewhere | Self::MethodNotAllowed => Severity::Info,
        }
    }

    /// What is behind the outcome, where the word alone does not say.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Heeded(Heeded { upshot: Upshot::NotOurs(why), .. }) => why.to_string(),
            Self::Elsewhere => "the event is of another account, or of the other mode".to_owned(),
            Self::NotVerified(why) => why.to_string(),
            Self::Malformed(why) => why.to_string(),
            Self::NoEvent(why) => (*why).to_owned(),
            Self::NoSecret => "neither STRIPE_WEBHOOK_SECRET nor STRIPE_WEBHOOK_SECRET_PARAMETER \
                 is set, so nothing that is posted can be verified"
                .to_owned(),
            Self::Failed(error) => chain(error),
            Self::Heeded(_) | Self::Ignored | Self::MethodNotAllowed => String::new(),
        }
    }

    /// What came of the order, where there is one.
    pub(crate) fn heeded(&self) -> Option<&Heeded> {
        match self {
            Self::Heeded(heeded) => Some(heeded),
            _ => None,
        }
    }

    /// Whether something was stored.
    pub(crate) fn has_stored(&self) -> bool {
        self.heeded().is_some_and(|heeded| {
            matches!(heeded.upshot, Upshot::Stored | Upshot::Updated) || heeded.copies > 0
        })
    }
}
