//! What heeding a hint comes to.

use crate::{Fault, OrderId, OrderStatus, Ownerless, UserId};

/// What heeding a hint came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heeded {
    /// In a word.
    pub upshot: Upshot,
    /// The order that the hint was about, where there is one.
    pub order: Option<OrderId>,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// How the order is now.
    pub status: Option<OrderStatus>,
    /// How many copies of it were brought up to date, which members had got on other evidence.
    pub copies: u32,
}

/// What heeding a hint came to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upshot {
    /// It was dealt with before.
    Duplicate,
    /// It is about a payment or a session that is no order.
    NoOrder,
    /// The order is nobody's who could be named.
    NotOurs(Ownerless),
    /// The buyer has not finished, or never will, and there is no row to say so in.
    NotPlaced,
    /// The order has a row now.
    Stored,
    /// Its row was updated.
    Updated,
    /// Its row said so already.
    Unchanged,
    /// Its row says something newer, or that it was refunded, which is not taken back.
    Kept,
    /// Its row carries somebody else's user id, and was left alone.
    Misfiled,
    /// It would pass the store's size limit, and is not stored.
    TooLarge,
}

/// Why a hint could not be heeded. It has to come again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeepTrueError {
    /// It may work later.
    #[error("a dependency is not available")]
    Unavailable(#[source] Fault),
    /// It will not work until somebody changes something.
    #[error("the service is at fault")]
    Internal(#[source] Fault),
    /// Others wrote to the order as often as it was tried.
    #[error("the order changes too often to be written")]
    Contended,
}

impl<E: Into<Fault>> From<E> for KeepTrueError {
    fn from(error: E) -> Self {
        let fault = error.into();
        if fault.may_pass() { Self::Unavailable(fault) } else { Self::Internal(fault) }
    }
}

impl Heeded {
    pub(crate) fn without_order(upshot: Upshot) -> Self {
        Self { upshot, order: None, owner: None, status: None, copies: 0 }
    }
}
