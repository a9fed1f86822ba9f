//! What finding an order comes to.

use crate::ports::{CheckoutError, StoreError};
use crate::{Denied, Evidence, Miss, Order};

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The store.
    Snapshot,
    /// Stripe, just now.
    Stripe,
    /// The store, although Stripe should have been asked and could not answer.
    Stale,
}

/// An order that is the caller's.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The order.
    pub order: Order,
    /// Where it came from.
    pub source: Source,
    /// What made it the caller's.
    pub evidence: Evidence,
}

/// Why there is no order for this caller. The caller is never told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// Neither the store nor Stripe knows it.
    #[error("neither the store nor Stripe knows the order")]
    Absent,
    /// It exists, but is not the caller's.
    #[error("the order is not the caller's: {0}")]
    Denied(Denied),
    /// One of these was found less than a minute ago.
    #[error("the order was lately not found for this caller")]
    Remembered(Miss),
}

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// In the store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// In Stripe.
    #[error("{0}")]
    Checkout(#[from] CheckoutError),
    /// The answer is larger than its way to the caller can carry.
    #[error("the answer is too large to be handed on")]
    TooLarge,
    /// A stored row cannot be read, and Stripe could not replace it.
    #[error(
        "the stored row is corrupt at the attribute {attribute}, and Stripe could not replace it"
    )]
    CorruptRow {
        /// The attribute at fault, for the log only.
        attribute: String,
    },
    /// The program has not started, so that nothing can be looked up.
    #[error("the program has not started: {0}")]
    NotStarted(String),
    /// The program has a fault of its own.
    #[error("the program panicked")]
    Panicked,
}

impl Fault {
    /// Whether it may go away by itself.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Store(StoreError::Unavailable(_))
            | Self::Checkout(CheckoutError::Unavailable(_)) => true,
            Self::Store(StoreError::Refused(_))
            | Self::Checkout(CheckoutError::Refused(_))
            | Self::TooLarge
            | Self::CorruptRow { .. }
            | Self::NotStarted(_)
            | Self::Panicked => false,
        }
    }
}

/// Why the use case ended without an order.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GetOrderError {
    /// It is known that there is none for this caller.
    #[error("not found")]
    NotFound(#[source] NotFound),
    /// It cannot be known now; it may be later.
    #[error("a dependency is not available")]
    Unavailable(#[source] Fault),
    /// It cannot be known until somebody changes something.
    #[error("the service is at fault")]
    Internal(#[source] Fault),
}

impl<E: Into<Fault>> From<E> for GetOrderError {
    fn from(error: E) -> Self {
        let fault = error.into();
        if fault.may_pass() { Self::Unavailable(fault) } else { Self::Internal(fault) }
    }
}
