use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orders::{Clock, Order, OrderId, Timestamp, UserId};

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
    pub(crate) rows: BTreeMap<(String, String), Row>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) violations: Vec<String>,
}

/// A row of an order.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) order: Order,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) is_final: bool,
    pub(crate) from_fallback: bool,
    pub(crate) corrupt: bool,
    /// When another program wrote to it last.
    pub(crate) touched_by_other: Option<Timestamp>,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    Processing,
    Paid,
    Failed,
    Refunded,
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
            rows: BTreeMap::new(),
            sessions: BTreeMap::new(),
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

    /// The rows of an order in one partition, with their keys.
    pub(crate) fn rows_of(&self, user: &UserId, order: &OrderId) -> Vec<(String, Row)> {
        let mine = self
            .rows
            .iter()
            .filter(|((owner, _), row)| owner == user.as_str() && row.order.order_id == *order);
        mine.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    }
}
