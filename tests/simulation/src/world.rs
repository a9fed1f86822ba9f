use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orders::{Clock, CustomerId, EventId, Order, OrderId, Timestamp, UserId};

/// Everything outside the use case: the time, the table, Stripe, and chance.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

pub(crate) struct State {
    /// Milliseconds since the schedule began.
    pub(crate) now: i64,
    /// When the task that is being polled wants to go on.
    pub(crate) wake_at: Option<i64>,
    pub(crate) chance: fastrand::Rng,
    /// In percent, how often a call to the store or to Stripe goes wrong.
    pub(crate) faults: u32,
    /// How much faster than usual things happen, so that they meet.
    pub(crate) haste: i64,
    /// In percent, how often an answer of Stripe's is long on its way, and old when it is there.
    pub(crate) delays: u32,
    pub(crate) rows: BTreeMap<(String, String), Row>,
    /// The customers that members' profiles name.
    pub(crate) profiles: BTreeMap<String, CustomerId>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// When each event was noted as done.
    pub(crate) marks: BTreeMap<String, Timestamp>,
    /// What Stripe does to every request; `None`: what chance says.
    pub(crate) stripe_always: Option<Fault>,
    pub(crate) violations: Vec<String>,
}

/// A row of an order.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) order: Order,
    pub(crate) updated_at: Option<Timestamp>,
    /// Until when the view was seen, where it is one of ours.
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) is_final: bool,
    pub(crate) from_fallback: bool,
    pub(crate) state: RowState,
    /// When another program wrote to it last.
    pub(crate) touched_by_other: Option<Timestamp>,
}

/// Whether a row can be read, and whether it still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowState {
    Sound,
    Corrupt,
    /// Past its time to live.
    Expired,
}

/// A session of Stripe's, which goes through stages.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) owner: String,
    pub(crate) created: Timestamp,
    /// When the buyer came; before that Stripe does not know it.
    pub(crate) known_from: i64,
    pub(crate) stage: Stage,
    /// Whether a row of it was there before the schedule began.
    pub(crate) is_stored: bool,
    /// Grows with every change; an order shows it as its amount.
    pub(crate) version: i64,
    /// How many lines it has.
    pub(crate) lines: usize,
    /// Whether it names its owner, or only a customer whom the owner's profile names.
    pub(crate) names_owner: bool,
    /// What came back of the payment.
    pub(crate) refunded: Option<i64>,
    /// Whether the payment is disputed.
    pub(crate) disputed: Option<bool>,
}

/// What goes wrong with a call to Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Fails,
    Refuses,
    Hangs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    Processing,
    Paid,
    Failed,
    Refunded,
    Expired,
}

/// Noon of some day, so that moments look like moments.
const START: i64 = 1_764_158_400_000;

/// A moment of the schedule.
pub(crate) fn moment(millis: i64) -> Timestamp {
    // Schedules last minutes, so every moment of them exists.
    Timestamp::from_millis(START + millis).unwrap_or_else(|_| unreachable!())
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: 0,
            wake_at: None,
            chance: fastrand::Rng::with_seed(seed),
            faults: 0,
            haste: 1,
            delays: 0,
            rows: BTreeMap::new(),
            profiles: BTreeMap::new(),
            sessions: BTreeMap::new(),
            marks: BTreeMap::new(),
            stripe_always: None,
            violations: Vec::new(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something happens that does in so many percent of cases.
    pub(crate) fn happens(&self, percent: u32) -> bool {
        self.lock().chance.u32(0..100) < percent
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&self, least: usize, most: usize) -> usize {
        self.lock().chance.usize(least..=most)
    }

    /// A wait of up to so many milliseconds, or less where things happen in haste.
    pub(crate) fn wait(&self, most: i64) -> i64 {
        let mut state = self.lock();
        let most = (most / state.haste).max(1);
        state.chance.i64(0..most)
    }

    /// Whether a call goes wrong.
    pub(crate) fn fails(&self) -> bool {
        let percent = self.lock().faults;
        self.happens(percent)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        moment(self.lock().now)
    }
}

impl State {
    pub(crate) fn now(&self) -> Timestamp {
        moment(self.now)
    }

    /// What goes wrong with the next call to Stripe, if anything does.
    pub(crate) fn stripe_fault(&mut self) -> Option<Fault> {
        let by_chance = self.chance.u32(0..100) < self.faults;
        let kind = match self.chance.u32(0..100) {
            0..40 => Fault::Hangs,
            40..60 => Fault::Refuses,
            _ => Fault::Fails,
        };
        self.stripe_always.or(by_chance.then_some(kind))
    }

    /// Whether an event was noted as done.
    pub(crate) fn is_marked(&self, event: &EventId) -> bool {
        self.marks.contains_key(&event.to_string())
    }

    /// The rows of an order in one partition that have not expired, with their keys.
    pub(crate) fn rows_of(&self, user: &UserId, order: &OrderId) -> Vec<(String, Row)> {
        let mine = self
            .rows
            .iter()
            .filter(|((owner, _), row)| owner == user.as_str() && row.order.order_id == *order)
            .filter(|(_, row)| row.state != RowState::Expired);
        mine.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    }
}
