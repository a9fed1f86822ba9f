//! The use case: Stripe says that something happened, and the stored order comes to say the same.
//!
//! What is written comes from asking Stripe again. Of two views the newer stays, and a view is
//! newer where it was asked for after the other was answered: by the clock, or, where clocks cannot
//! tell, since it was asked for after the other had been read. A row is written only as it was
//! read, so a writer in between is always noticed.

use std::sync::Arc;
use std::time::Duration;

use crate::ownership::check_rows;
use crate::ports::{
    Checkout, Done, EventStore, Holding, Lookup, Payments, Retrieved, StoreError, Written,
};
use crate::{
    About, Caller, Clock, Denied, Heeded, Hint, Incident, KeepTrueError, NewSnapshot, Order,
    OrderId, OrderStatus, OwnedCheckout, RequestContext, RowRef, Timestamp, UnverifiedCheckout,
    Upshot, UserId,
};

/// How often one row is tried while others write to it. Each try that fails is somebody else's that
/// did not.
const TRIES: u32 = 8;

/// A change that lies further in the future than this is some program's mistake.
const MOST_AHEAD: Duration = Duration::from_mins(5);

/// Keeps stored orders true.
#[derive(Debug)]
pub struct KeepTrue<S, C, K> {
    store: S,
    checkout: C,
    clock: K,
}

/// What one try came to.
enum Step {
    Settled(Upshot, Option<OrderStatus>),
    /// The view may be older than the row. One that is asked for now is newer.
    AskAgain,
    /// The row was changed since it was read.
    ReadAgain,
}

/// A session as Stripe gave it, and what lies with one member.
struct Meeting<'a> {
    hint: &'a Hint,
    view: &'a UnverifiedCheckout,
    holding: &'a Holding,
    is_owners: bool,
    /// Whether Stripe was asked after the row was read; then the view is the newer of the two,
    /// whatever any clock says.
    asked_since: bool,
}

impl<S: EventStore, C: Checkout + Payments, K: Clock> KeepTrue<S, C, K> {
    /// The use case over its two services and a clock.
    pub fn new(store: S, checkout: C, clock: K) -> Self {
        Self { store, checkout, clock }
    }

    /// Brings the order that a hint is about up to date, unless that was done before. The hint
    /// counts as done only once the work is.
    pub async fn heed(
        &self,
        context: &RequestContext,
        hint: &Hint,
    ) -> Result<Heeded, KeepTrueError> {
        let heard_at = self.clock.now();
        if self.store.is_done(context, &hint.id).await? {
            return Ok(Heeded::without_order(Upshot::Duplicate));
        }
        let order = match &hint.about {
            About::Order(order) => Some(order.clone()),
            About::Payment(payment) => self.checkout.order_of(context, payment).await?,
            About::NoOrder => None,
        };
        let Some(order) = order else { return Ok(Heeded::without_order(Upshot::NoOrder)) };
        let heeded = self.bring_up_to_date(context, hint, order, heard_at).await?;
        self.mark_done(context, hint, &heeded).await;
        Ok(heeded)
    }

    async fn bring_up_to_date(
        &self,
        context: &RequestContext,
        hint: &Hint,
        order: OrderId,
        heard_at: Timestamp,
    ) -> Result<Heeded, KeepTrueError> {
        let Some(mut view) = self.look(context, &order, heard_at).await? else {
            return Ok(Heeded::without_order(Upshot::NoOrder));
        };
        let owner = match view.owner() {
            Ok((owner, _)) => owner,
            Err(why) => {
                let heeded = Heeded::without_order(Upshot::NotOurs(why));
                return Ok(Heeded { order: Some(order), ..heeded });
            }
        };
        let holdings = self.store.holdings(context, &owner, &order, view.created()).await?;
        let read_at = self.clock.now();
        let mut heeded = Heeded::without_order(Upshot::NotPlaced);
        for holding in holdings {
            let is_owners = holding.user == owner;
            let settled = self.settle(context, hint, &owner, &mut view, (holding, read_at)).await?;
            match settled {
                (upshot, status) if is_owners => (heeded.upshot, heeded.status) = (upshot, status),
                (Upshot::Updated, _) => heeded.copies += 1,
                _ => {}
            }
        }
        Ok(Heeded { order: Some(order), owner: Some(owner), ..heeded })
    }

    /// The session as it is. A look at it that somebody else began may be from before that
    /// happened of which the hint tells.
    async fn look(
        &self,
        context: &RequestContext,
        order: &OrderId,
        heard_at: Timestamp,
    ) -> Result<Option<Arc<UnverifiedCheckout>>, KeepTrueError> {
        for _ in 0..TRIES {
            match self.checkout.retrieve(context, order).await? {
                Retrieved::Found(view) if view.fetched_at() >= heard_at => return Ok(Some(view)),
                Retrieved::Found(_) => {}
                Retrieved::Absent | Retrieved::NotAsked => return Ok(None),
            }
        }
        Err(KeepTrueError::Contended)
    }

    /// Tries until the row of one member says what Stripe says, or something newer.
    async fn settle(
        &self,
        context: &RequestContext,
        hint: &Hint,
        owner: &UserId,
        view: &mut Arc<UnverifiedCheckout>,
        (mut holding, mut read_at): (Holding, Timestamp),
    ) -> Result<(Upshot, Option<OrderStatus>), KeepTrueError> {
        let (user, order) = (holding.user.clone(), view.order.order_id.clone());
        let is_owners = user == *owner;
        let mut asked_since = false;
        for _ in 0..TRIES {
            let meeting = Meeting { hint, view, holding: &holding, is_owners, asked_since };
            match self.step(context, meeting).await? {
                Step::Settled(upshot, status) => return Ok((upshot, status)),
                Step::AskAgain => match self.checkout.retrieve(context, &order).await? {
                    Retrieved::Found(newer) => {
                        // It may be the answer to somebody's call that began before.
                        asked_since = newer.fetched_at() >= read_at;
                        *view = newer;
                    }
                    Retrieved::Absent | Retrieved::NotAsked => return Ok((Upshot::NoOrder, None)),
                },
                Step::ReadAgain => {
                    asked_since = false;
                    let created = view.created();
                    let all = self.store.holdings(context, owner, &order, created).await?;
                    read_at = self.clock.now();
                    match all.into_iter().find(|holding| holding.user == user) {
                        Some(again) => holding = again,
                        // A copy that is gone needs nothing.
                        None => return Ok((Upshot::Unchanged, None)),
                    }
                }
            }
        }
        Err(KeepTrueError::Contended)
    }

    /// Meets a row with a view, and writes where the view is newer.
    async fn step(
        &self,
        context: &RequestContext,
        meeting: Meeting<'_>,
    ) -> Result<Step, KeepTrueError> {
        let Meeting { view, holding, .. } = meeting;
        let caller = Caller::new(holding.user.clone(), None, false);
        let misfiled = |why: Denied| {
            context.ledger.note(Incident::Misfiled(why));
            Ok(Step::Settled(Upshot::Misfiled, None))
        };
        let owned = match view.claim_with_row(&caller) {
            Ok(owned) => owned,
            Err(why) => return misfiled(why),
        };
        match &holding.lookup {
            Lookup::Absent => self.file(context, &meeting, &owned).await,
            Lookup::Corrupt(row) => {
                if let Err(why) = check_rows(&row.filed_under, &caller) {
                    return misfiled(why);
                }
                let attribute = row.attribute.clone();
                context.ledger.note(Incident::CorruptRow { attribute });
                self.meet(context, &meeting, &owned, (&row.row, &row.salvage, false)).await
            }
            Lookup::Found(snapshot) => match snapshot.clone().claim(&caller) {
                Err(why) => misfiled(why),
                Ok(snapshot) => {
                    let is_ours = snapshot.provenance.normalizer_version.is_some();
                    let row = (&snapshot.row, &snapshot.order, is_ours);
                    self.meet(context, &meeting, &owned, row).await
                }
            },
        }
    }

    /// Writes the first row of an order.
    async fn file(
        &self,
        context: &RequestContext,
        meeting: &Meeting<'_>,
        owned: &OwnedCheckout<'_>,
    ) -> Result<Step, KeepTrueError> {
        let status = owned.order().status.clone();
        let placed = meeting.view.created().filter(|_| meeting.view.is_placed());
        let Some(created) = placed.filter(|_| meeting.is_owners) else {
            return Ok(Step::Settled(Upshot::NotPlaced, status));
        };
        let snapshot = NewSnapshot::of(owned, None);
        let written = self.store.file(context, &meeting.holding.user, created, &snapshot).await;
        written_as(context, written, Upshot::Stored, status)
    }

    /// Updates a row, unless it says the same, or the view may be an older one. `row` is where it
    /// lies, what it says, and whether this program wrote it.
    async fn meet(
        &self,
        context: &RequestContext,
        meeting: &Meeting<'_>,
        owned: &OwnedCheckout<'_>,
        (row, before, is_ours): (&RowRef, &Order, bool),
    ) -> Result<Step, KeepTrueError> {
        let Meeting { hint, view, holding, asked_since, .. } = *meeting;
        // The buyer is at it again; what is there says more.
        if view.is_open() {
            return Ok(Step::Settled(Upshot::NotPlaced, before.status.clone()));
        }
        let mut renewed = NewSnapshot::of(owned, Some(before.clone()));
        let is_later = holding.changed_at.is_none_or(|changed| changed < view.fetched_at());
        let is_newer = is_later || asked_since;
        if is_ours && renewed.order == *before {
            let upshot = if is_newer { Upshot::Unchanged } else { Upshot::Kept };
            return Ok(Step::Settled(upshot, before.status.clone()));
        }
        let refunded = Some(OrderStatus::Refunded);
        let takes_refund_back = before.status == refunded && renewed.order.status != refunded;
        if takes_refund_back && !hint.is_of_refund {
            return Ok(Step::Settled(Upshot::Kept, refunded));
        }
        if !is_newer || takes_refund_back && !asked_since {
            return Ok(Step::AskAgain);
        }
        renewed.fetched_at = later_than(holding.changed_at, view.fetched_at(), self.clock.now());
        renewed.answered_at = renewed.answered_at.max(renewed.fetched_at);
        let status = renewed.order.status.clone();
        let written = self.store.update(context, &holding.user, row, &renewed).await;
        written_as(context, written, Upshot::Updated, status)
    }

    /// Notes that a hint was heeded. What is no order of ours leaves no trace: there was nothing
    /// to do, nor will there be.
    async fn mark_done(&self, context: &RequestContext, hint: &Hint, heeded: &Heeded) {
        let Some(order) = heeded.order.clone().filter(|_| heeded.owner.is_some()) else { return };
        let done = Done {
            event: hint.id.clone(),
            event_type: hint.event_type.clone(),
            at: self.clock.now(),
            order,
            status: heeded.status.clone(),
        };
        if let Err(error) = self.store.mark_done(context, &done).await {
            context.ledger.note(Incident::NotMarked(error));
        }
    }
}

fn written_as(
    context: &RequestContext,
    written: Result<Written, StoreError>,
    upshot: Upshot,
    status: Option<OrderStatus>,
) -> Result<Step, KeepTrueError> {
    Ok(match written? {
        Written::Stored => Step::Settled(upshot, status),
        Written::KeptExisting => Step::ReadAgain,
        Written::TooLarge => {
            context.ledger.note(Incident::TooLarge);
            Step::Settled(Upshot::TooLarge, status)
        }
    })
}

/// When a view counts as asked for that replaces another: at least a moment after it, whatever
/// the clocks of two processes say, or the next reader could not tell which is newer.
fn later_than(changed: Option<Timestamp>, asked: Timestamp, now: Timestamp) -> Timestamp {
    let after = changed.map(|changed| changed.plus(Duration::from_millis(1)));
    after.filter(|after| *after <= now.plus(MOST_AHEAD)).map_or(asked, |after| after.max(asked))
}
