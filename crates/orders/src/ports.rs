//! The two remote services that an order may come from.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use crate::{
    CorruptRow, CustomerId, NewSnapshot, OrderId, RequestContext, RowRef, Timestamp,
    UnverifiedCheckout, UnverifiedSnapshot, UserId,
};

/// What lies behind an error. Shared, since one failed call may answer several requests.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// What the store knows of an order in one member's partition.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Nothing, or nothing that has not expired.
    Absent,
    /// The order, from one row or several.
    Found(Box<UnverifiedSnapshot>),
    /// Rows, but none that can be read as an order.
    Corrupt(Box<CorruptRow>),
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Stored,
    /// Another row, or a newer view, stands in its place and was left alone.
    KeptExisting,
    /// It would pass the store's size limit; nothing was written.
    TooLarge,
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It may work later: throttled, slow, unreachable, or an answer that makes no sense.
    #[error("the store is not available")]
    Unavailable(#[source] Cause),
    /// It will not work until somebody changes something: a missing permission, table or index.
    #[error("the store refuses")]
    Refused(#[source] Cause),
}

/// The snapshots of members' orders.
///
/// Every method must end by the context's deadline, note its calls in the context's ledger, and
/// have no effect that a repetition would double.
pub trait SnapshotStore: Send + Sync {
    /// Finds an order in the member's own partition, and MUST read no other.
    ///
    /// Rows past their time to live MUST be treated as gone. Of several rows of the order the
    /// newest MUST serve, with its gaps filled from those that were read with it (a store need not
    /// read on once it has one that serves). A corrupt row MUST be passed over where another
    /// serves.
    fn find(
        &self,
        context: &RequestContext,
        user: &UserId,
        order: &OrderId,
    ) -> impl Future<Output = Result<Lookup, StoreError>> + Send;

    /// The Stripe customer that the member's profile names, if it names one.
    fn profile_customer(
        &self,
        context: &RequestContext,
        user: &UserId,
    ) -> impl Future<Output = Result<Option<CustomerId>, StoreError>> + Send;

    /// Writes the row of an order that the member has no row of. The row's key MUST follow from
    /// the user, `created` (the session's own time of creation) and the order alone.
    ///
    /// A row that is there already MUST be left alone, unless it has expired, or is one of ours
    /// that was not final and is an older view.
    fn insert(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// Updates the row that was read, in place, and MUST never make a second one. A row that has
    /// meanwhile gone, or holds a newer view, is left alone. Attributes that are not ours stay.
    fn refresh(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;
}

/// What the payment provider knows of an order.
#[derive(Clone, Debug)]
pub enum Retrieved {
    /// The session, all its lines included.
    Found(Arc<UnverifiedCheckout>),
    /// It knows no such session.
    Absent,
    /// It was not asked: the id is none of its own, or of the other mode.
    NotAsked,
}

/// Why the payment provider did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckoutError {
    /// It may work later: unreachable, slow, busy, or an answer that makes no sense.
    #[error("Stripe is not available")]
    Unavailable(#[source] Cause),
    /// It will not work until somebody changes something: a wrong key, a missing permission.
    #[error("Stripe refuses our request")]
    Refused(#[source] Cause),
}

/// The payment provider.
pub trait Checkout: Send + Sync {
    /// Retrieves a session with all its lines.
    ///
    /// MUST end by the context's deadline and note its calls in the context's ledger. The session
    /// returned MUST be the one asked for.
    fn retrieve(
        &self,
        context: &RequestContext,
        order: &OrderId,
    ) -> impl Future<Output = Result<Retrieved, CheckoutError>> + Send;
}
