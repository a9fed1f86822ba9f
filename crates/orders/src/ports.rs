//! The two remote services that an order may come from.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use crate::{
    CorruptRow, CustomerId, EventId, NewSnapshot, OrderId, OrderStatus, PaymentId, RequestContext,
    RowRef, Timestamp, UnverifiedCheckout, UnverifiedSnapshot, UserId,
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
    /// that was not final and is an older view: one that was answered before this was asked for.
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

/// An order as it lies with one member.
#[derive(Clone, Debug)]
pub struct Holding {
    /// In whose partition.
    pub user: UserId,
    /// What is there.
    pub lookup: Lookup,
    /// The last change of any of its rows by any program, as far as they say; for a row of ours
    /// until when its view was seen. A view asked for later than that is newer than all of them.
    pub changed_at: Option<Timestamp>,
}

/// That an event was dealt with, and how the order was then.
#[derive(Clone, Debug)]
pub struct Done {
    /// The event.
    pub event: EventId,
    /// What it said that happened.
    pub event_type: String,
    /// When it was done.
    pub at: Timestamp,
    /// The order that it was about.
    pub order: OrderId,
    /// How the order was then.
    pub status: Option<OrderStatus>,
}

/// What keeping orders true asks of a store besides.
///
/// As with [`SnapshotStore`], every method must end by the context's deadline, note its calls, and
/// have no effect that a repetition would double.
pub trait EventStore: SnapshotStore {
    /// Finds an order wherever it lies: first with its owner, whichever program wrote it; then
    /// with others for whom *this* program has filed it (on other evidence than the session's
    /// own word), as far as the store can find those.
    ///
    /// With the owner it MUST find every row whose write has ended before. `created` is the
    /// session's own time of creation, than which no row of the order is older.
    fn holdings(
        &self,
        context: &RequestContext,
        owner: &UserId,
        order: &OrderId,
        created: Option<Timestamp>,
    ) -> impl Future<Output = Result<Vec<Holding>, StoreError>> + Send;

    /// Writes the row of an order, with the same key as [`SnapshotStore::insert`], but only where
    /// no row stands that still counts. Any that does MUST be left alone.
    fn file(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// Updates the row that was read, in place, and MUST never make a second one. A row that has
    /// gone, or that *any* program has changed since, is left alone. Attributes that are not ours
    /// stay.
    fn update(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// Whether an event was dealt with. MUST know of every one whose mark was written before.
    fn is_done(
        &self,
        context: &RequestContext,
        event: &EventId,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Notes that an event was dealt with. One that was noted before stays as it is.
    fn mark_done(
        &self,
        context: &RequestContext,
        done: &Done,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
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

/// What the payment provider knows of payments.
pub trait Payments: Send + Sync {
    /// The order that a payment is for; `None` where it is for none, or is not known.
    ///
    /// MUST end by the context's deadline and note its calls in the context's ledger.
    fn order_of(
        &self,
        context: &RequestContext,
        payment: &PaymentId,
    ) -> impl Future<Output = Result<Option<OrderId>, CheckoutError>> + Send;
}
