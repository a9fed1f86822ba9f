//! The use case: the snapshot, else Stripe; verified, stored, answered.

use std::sync::Arc;
use std::time::Duration;

use crate::ownership::check_rows;
use crate::ports::{
    Checkout, CheckoutError, Lookup, Retrieved, SnapshotStore, StoreError, Written,
};
use crate::{
    Answered, Caller, Claim, Clock, CorruptRow, Deadline, Denied, Evidence, Fault, GetOrderError,
    Incident, Miss, NewSnapshot, NotFound, Order, OrderId, OwnedCheckout, RememberedMisses,
    RequestContext, RowRef, Snapshot, Source, UnverifiedCheckout,
};

/// How much of what is left of the deadline the first read may take, in percent, so that Stripe
/// can still be asked when the store hangs.
const STORE_SHARE: u32 = 40;

/// The longest that a member waits for her order to be kept; the next request can do it as well.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Finds a member's order.
#[derive(Debug)]
pub struct GetOrder<S, C, K> {
    store: S,
    checkout: C,
    clock: K,
    misses: RememberedMisses,
}

/// What asking Stripe came to.
enum Asked {
    Found(Arc<UnverifiedCheckout>),
    Missed(NotFound),
    /// The id is none that Stripe could know.
    Never,
}

/// What renewing a stored order came to.
enum Renewal {
    Renewed(Box<Order>),
    /// Stripe does not know it, or knows it as somebody else's.
    Missed,
    /// Stripe could not be asked for it.
    NotAsked,
    Failed(CheckoutError),
}

impl<S: SnapshotStore, C: Checkout, K: Clock> GetOrder<S, C, K> {
    /// The use case over its two services and a clock.
    pub fn new(store: S, checkout: C, clock: K) -> Self {
        Self { store, checkout, clock, misses: RememberedMisses::default() }
    }

    /// Finds the order, if it is the caller's.
    pub async fn find(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
    ) -> Result<Answered, GetOrderError> {
        let share = context.deadline.share(self.clock.now(), STORE_SHARE);
        match self.store.find(&context.until(share), caller.user_id(), order).await {
            Ok(Lookup::Found(snapshot)) => {
                let snapshot = snapshot.claim(caller).map_err(denied)?;
                self.answer_snapshot(context, caller, snapshot).await
            }
            Ok(Lookup::Corrupt(row)) => self.replace(context, caller, *row).await,
            Ok(Lookup::Absent) => self.fall_back(context, caller, order, None).await,
            Err(error @ StoreError::Refused(_)) => Err(error.into()),
            Err(error @ StoreError::Unavailable(_)) => {
                context.ledger.note(Incident::StoreBypassed(error.clone()));
                self.fall_back(context, caller, order, Some(error)).await
            }
        }
    }

    /// Answers a snapshot, after a look at Stripe where it may have changed.
    async fn answer_snapshot(
        &self,
        context: &RequestContext,
        caller: &Caller,
        snapshot: Snapshot,
    ) -> Result<Answered, GetOrderError> {
        let answer = |order, source| Ok(Answered { order, source, evidence: Evidence::Row });
        if !snapshot.needs_refresh() {
            return answer(snapshot.order, Source::Snapshot);
        }
        match self.renew(context, caller, &snapshot.row, &snapshot.order).await {
            Renewal::Renewed(order) => answer(*order, Source::Stripe),
            Renewal::NotAsked => answer(snapshot.order, Source::Snapshot),
            Renewal::Missed => answer(snapshot.order, Source::Stale),
            Renewal::Failed(error) => {
                context.ledger.note(Incident::ServedStale(error));
                answer(snapshot.order, Source::Stale)
            }
        }
    }

    /// Answers from Stripe where no row of the order can be read, and mends the row.
    async fn replace(
        &self,
        context: &RequestContext,
        caller: &Caller,
        corrupt: CorruptRow,
    ) -> Result<Answered, GetOrderError> {
        check_rows(&corrupt.filed_under, caller).map_err(denied)?;
        context.ledger.note(Incident::CorruptRow { attribute: corrupt.attribute.clone() });
        match self.renew(context, caller, &corrupt.row, &corrupt.salvage).await {
            Renewal::Renewed(order) => {
                Ok(Answered { order: *order, source: Source::Stripe, evidence: Evidence::Row })
            }
            unrenewed => {
                if let Renewal::Failed(error) = unrenewed {
                    context.ledger.note(Incident::NotMended(error));
                }
                Err(GetOrderError::Internal(Fault::CorruptRow { attribute: corrupt.attribute }))
            }
        }
    }

    /// Asks Stripe again for an order of which the caller has a row, and updates that row.
    async fn renew(
        &self,
        context: &RequestContext,
        caller: &Caller,
        row: &RowRef,
        before: &Order,
    ) -> Renewal {
        let checkout = match self.ask_stripe(context, caller, &before.order_id).await {
            Ok(Asked::Found(checkout)) => checkout,
            Ok(Asked::Missed(why)) => {
                if why == NotFound::Remembered(Miss::Foreign) {
                    context.ledger.note(Incident::Conflict(why));
                }
                return Renewal::Missed;
            }
            Ok(Asked::Never) => return Renewal::NotAsked,
            Err(error) => return Renewal::Failed(error),
        };
        let owned = match checkout.claim_with_row(caller) {
            Ok(owned) => owned,
            Err(why) => {
                self.remember_foreign(caller, &before.order_id);
                context.ledger.note(Incident::Conflict(NotFound::Denied(why)));
                return Renewal::Missed;
            }
        };
        let renewed = NewSnapshot::of(&owned, Some(before.clone()));
        // An open session is no order yet, and has nothing that is worth a write.
        if !checkout.is_open() {
            let in_time = self.write_context(context);
            let written = self.store.refresh(&in_time, caller.user_id(), row, &renewed).await;
            note_write(context, written);
        }
        Renewal::Renewed(Box::new(renewed.order))
    }

    /// Answers from Stripe, and keeps the order. `store_error` says why the store could not be
    /// read: then an order that Stripe does not know may still exist, and nothing is written, for
    /// another program's row may be there and ours would be a second one.
    async fn fall_back(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
        store_error: Option<StoreError>,
    ) -> Result<Answered, GetOrderError> {
        let not_found = |why| match &store_error {
            None => GetOrderError::NotFound(why),
            Some(error) => error.clone().into(),
        };
        let checkout = match self.ask_stripe(context, caller, order).await? {
            Asked::Found(checkout) => checkout,
            Asked::Missed(why) => return Err(not_found(why)),
            Asked::Never => return Err(not_found(NotFound::Absent)),
        };
        let owned = match self.claim(context, caller, &checkout).await? {
            Ok(owned) => owned,
            Err(why) => {
                self.remember_foreign(caller, order);
                return Err(not_found(NotFound::Denied(why)));
            }
        };
        let snapshot = NewSnapshot::of(&owned, None);
        if store_error.is_none() {
            self.keep(context, caller, &checkout, &snapshot).await;
        }
        Ok(Answered { order: snapshot.order, source: Source::Stripe, evidence: owned.evidence() })
    }

    /// Claims a session, reading the caller's profile only where nothing else can tell.
    async fn claim<'a>(
        &self,
        context: &RequestContext,
        caller: &Caller,
        checkout: &'a UnverifiedCheckout,
    ) -> Result<Result<OwnedCheckout<'a>, Denied>, StoreError> {
        let pending = match checkout.claim(caller) {
            Claim::Owned(owned) => return Ok(Ok(owned)),
            Claim::Denied(why) => return Ok(Err(why)),
            Claim::AskProfile(pending) => pending,
        };
        let customer = self.store.profile_customer(context, caller.user_id()).await?;
        Ok(pending.with_profile(customer.as_ref()))
    }

    /// Asks Stripe, unless it lately had nothing for this caller.
    async fn ask_stripe(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
    ) -> Result<Asked, CheckoutError> {
        if let Some(miss) = self.misses.recall(caller.user_id(), order, self.clock.now()) {
            return Ok(Asked::Missed(NotFound::Remembered(miss)));
        }
        Ok(match self.checkout.retrieve(context, order).await? {
            Retrieved::Found(checkout) => Asked::Found(checkout),
            Retrieved::NotAsked => Asked::Never,
            Retrieved::Absent => {
                self.misses.remember(caller.user_id(), order, Miss::Absent, self.clock.now());
                Asked::Missed(NotFound::Absent)
            }
        })
    }

    fn remember_foreign(&self, caller: &Caller, order: &OrderId) {
        self.misses.remember(caller.user_id(), order, Miss::Foreign, self.clock.now());
    }

    /// Keeps an order that came from Stripe. Whatever becomes of it, the answer leaves.
    async fn keep(
        &self,
        context: &RequestContext,
        caller: &Caller,
        checkout: &UnverifiedCheckout,
        snapshot: &NewSnapshot,
    ) {
        let Some(created) = checkout.created().filter(|_| checkout.is_placed()) else { return };
        let in_time = self.write_context(context);
        let written = self.store.insert(&in_time, caller.user_id(), created, snapshot).await;
        note_write(context, written);
    }

    /// The context of a write, which may not take all the time that is left.
    fn write_context(&self, context: &RequestContext) -> RequestContext {
        let enough = Deadline::at(self.clock.now().plus(WRITE_PATIENCE));
        context.until(context.deadline.min(enough))
    }
}

fn denied(why: Denied) -> GetOrderError {
    GetOrderError::NotFound(NotFound::Denied(why))
}

fn note_write(context: &RequestContext, written: Result<Written, StoreError>) {
    match written {
        Ok(Written::Stored | Written::KeptExisting) => {}
        Ok(Written::TooLarge) => context.ledger.note(Incident::TooLarge),
        Err(error) => context.ledger.note(Incident::WriteFailed(error)),
    }
}
