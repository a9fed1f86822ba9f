//! The use case: the snapshot, else Stripe; verified, stored, answered.

use std::sync::Arc;

use crate::ownership::check_rows;
use crate::ports::{
    Checkout, CheckoutError, Lookup, Retrieved, SnapshotStore, StoreError, Written,
};
use crate::{
    Caller, Claim, Clock, CorruptRow, Denied, Evidence, Incident, Miss, NewSnapshot, Order,
    OrderId, OwnedCheckout, RememberedMisses, RequestContext, RowRef, Snapshot, UnverifiedCheckout,
};

/// How much of what is left of the deadline the first read may take, in percent, so that Stripe
/// can still be asked when the store hangs.
const STORE_SHARE: u32 = 40;

/// Finds a member's order.
#[derive(Debug)]
pub struct GetOrder<S, C, K> {
    store: S,
    checkout: C,
    clock: K,
    misses: RememberedMisses,
}

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
    /// A stored row cannot be read, and Stripe could not replace it.
    #[error(
        "the stored row is corrupt at the attribute {attribute}, and Stripe could not replace it"
    )]
    CorruptRow {
        /// The attribute at fault, for the log only.
        attribute: String,
    },
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

/// What the store had to say when there was no snapshot to serve.
enum Gap {
    /// It has no row of the order.
    Absent,
    /// It has rows that cannot be read.
    Corrupt(CorruptRow),
    /// It did not say, so an order that Stripe does not know may still exist.
    Unknown(StoreError),
}

impl Gap {
    /// What is answered where Stripe has nothing for the caller either.
    fn or_not_found(self, why: NotFound) -> GetOrderError {
        match self {
            Self::Absent => GetOrderError::NotFound(why),
            Self::Corrupt(row) => corrupt(row),
            Self::Unknown(error) => GetOrderError::Unavailable(error.into()),
        }
    }

    /// What is answered where Stripe could not be asked.
    fn or_failed(self, error: CheckoutError) -> GetOrderError {
        match self {
            Self::Corrupt(row) => corrupt(row),
            Self::Absent | Self::Unknown(_) => match error {
                CheckoutError::Unavailable(_) => GetOrderError::Unavailable(error.into()),
                CheckoutError::Refused(_) => GetOrderError::Internal(error.into()),
            },
        }
    }
}

fn corrupt(row: CorruptRow) -> GetOrderError {
    GetOrderError::Internal(Fault::CorruptRow { attribute: row.attribute })
}

fn denied(why: Denied) -> GetOrderError {
    GetOrderError::NotFound(NotFound::Denied(why))
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
        let lookup = self.store.find(&context.until(share), caller.user_id(), order).await;
        let gap = match lookup {
            Ok(Lookup::Found(snapshot)) => {
                let snapshot = snapshot.claim(caller).map_err(denied)?;
                return self.answer_snapshot(context, caller, snapshot).await;
            }
            Ok(Lookup::Absent) => Gap::Absent,
            Ok(Lookup::Corrupt(row)) => {
                check_rows(&row.filed_under, caller).map_err(denied)?;
                context.ledger.note(Incident::CorruptRow { attribute: row.attribute.clone() });
                Gap::Corrupt(row)
            }
            Err(error @ StoreError::Refused(_)) => {
                return Err(GetOrderError::Internal(error.into()));
            }
            Err(error @ StoreError::Unavailable(_)) => {
                context.ledger.note(Incident::StoreBypassed(error.clone()));
                Gap::Unknown(error)
            }
        };
        self.answer_stripe(context, caller, order, gap).await
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
        let order_id = snapshot.order.order_id.clone();
        match self.ask_stripe(context, caller, &order_id).await {
            Ok(Asked::Found(checkout)) => {
                let owned = checkout
                    .claim_with_row(caller)
                    .map_err(|why| self.deny(caller, &order_id, why))?;
                let renewed = NewSnapshot::of(&owned, Some(snapshot.order));
                if !checkout.is_open() {
                    self.refresh(context, caller, &snapshot.row, &renewed).await;
                }
                answer(renewed.order, Source::Stripe)
            }
            Ok(Asked::Missed(NotFound::Remembered(Miss::Foreign))) => {
                Err(GetOrderError::NotFound(NotFound::Remembered(Miss::Foreign)))
            }
            Ok(Asked::Missed(_)) => answer(snapshot.order, Source::Stale),
            Ok(Asked::Never) => answer(snapshot.order, Source::Snapshot),
            Err(error) => {
                context.ledger.note(Incident::ServedStale(error));
                answer(snapshot.order, Source::Stale)
            }
        }
    }

    /// Answers from Stripe, and keeps the order.
    async fn answer_stripe(
        &self,
        context: &RequestContext,
        caller: &Caller,
        order: &OrderId,
        gap: Gap,
    ) -> Result<Answered, GetOrderError> {
        let checkout = match self.ask_stripe(context, caller, order).await {
            Ok(Asked::Found(checkout)) => checkout,
            Ok(Asked::Missed(why)) => return Err(gap.or_not_found(why)),
            Ok(Asked::Never) => return Err(gap.or_not_found(NotFound::Absent)),
            Err(error) => return Err(gap.or_failed(error)),
        };
        let claimed = match &gap {
            Gap::Corrupt(_) => checkout.claim_with_row(caller),
            Gap::Absent | Gap::Unknown(_) => self.claim(context, caller, &checkout).await?,
        };
        let owned = match (claimed, gap) {
            (Ok(owned), gap) => {
                self.keep(context, caller, &owned, &gap).await;
                owned
            }
            (Err(why), Gap::Unknown(error)) => {
                self.deny(caller, order, why);
                return Err(GetOrderError::Unavailable(error.into()));
            }
            (Err(why), Gap::Absent | Gap::Corrupt(_)) => return Err(self.deny(caller, order, why)),
        };
        Ok(Answered {
            order: owned.order().clone(),
            source: Source::Stripe,
            evidence: owned.evidence(),
        })
    }

    /// Claims a session, reading the caller's profile only where nothing else can tell.
    async fn claim<'a>(
        &self,
        context: &RequestContext,
        caller: &Caller,
        checkout: &'a UnverifiedCheckout,
    ) -> Result<Result<OwnedCheckout<'a>, Denied>, GetOrderError> {
        match checkout.claim(caller) {
            Claim::Owned(owned) => Ok(Ok(owned)),
            Claim::Denied(why) => Ok(Err(why)),
            Claim::AskProfile(pending) => {
                let profile = self.store.profile_customer(context, caller.user_id()).await;
                match profile {
                    Ok(customer) => Ok(pending.with_profile(customer.as_ref())),
                    Err(error @ StoreError::Unavailable(_)) => {
                        Err(GetOrderError::Unavailable(error.into()))
                    }
                    Err(error @ StoreError::Refused(_)) => {
                        Err(GetOrderError::Internal(error.into()))
                    }
                }
            }
        }
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

    fn deny(&self, caller: &Caller, order: &OrderId, why: Denied) -> GetOrderError {
        self.misses.remember(caller.user_id(), order, Miss::Foreign, self.clock.now());
        denied(why)
    }

    /// Keeps an order that came from Stripe. Whatever becomes of it, the answer leaves.
    ///
    /// Where the store could not be read nothing is written: another program's row may be there,
    /// and ours would be a second one.
    async fn keep(
        &self,
        context: &RequestContext,
        caller: &Caller,
        owned: &OwnedCheckout<'_>,
        gap: &Gap,
    ) {
        let snapshot = NewSnapshot::of(owned, None);
        match gap {
            Gap::Corrupt(corrupt) if !owned.checkout().is_open() => {
                self.refresh(context, caller, &corrupt.row, &snapshot).await;
            }
            Gap::Absent if owned.checkout().is_placed() => {
                if let Some(created) = owned.checkout().created() {
                    let user = caller.user_id();
                    let written = self.store.insert(context, user, created, &snapshot).await;
                    note_write(context, written);
                }
            }
            Gap::Corrupt(_) | Gap::Absent | Gap::Unknown(_) => {}
        }
    }

    async fn refresh(
        &self,
        context: &RequestContext,
        caller: &Caller,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) {
        let written = self.store.refresh(context, caller.user_id(), row, snapshot).await;
        note_write(context, written);
    }
}

/// What asking Stripe came to.
enum Asked {
    Found(Arc<UnverifiedCheckout>),
    Missed(NotFound),
    Never,
}

fn note_write(context: &RequestContext, written: Result<Written, StoreError>) {
    match written {
        Ok(Written::Stored | Written::KeptExisting) => {}
        Ok(Written::TooLarge) => context.ledger.note(Incident::TooLarge),
        Err(error) => context.ledger.note(Incident::WriteFailed(error)),
    }
}
