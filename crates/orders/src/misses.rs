use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;

use crate::{OrderId, Timestamp, UserId};

/// Why an order was not found in Stripe for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Stripe does not know it.
    Absent,
    /// Stripe knows it, but it is not the caller's.
    Foreign,
}

/// How long a miss is believed.
const BELIEVED: Duration = Duration::from_mins(1);

/// How many misses are kept; the ones used least recently go first. A few megabytes at most.
const CAPACITY: usize = 10_000;

/// The orders that were lately not found in Stripe, per caller, so that a repetition does not
/// reach Stripe. The store is always asked first, so a row written meanwhile is found at once.
#[derive(Debug)]
pub struct RememberedMisses {
    entries: Mutex<LruCache<(UserId, OrderId), (Miss, Timestamp)>>,
}

impl Default for RememberedMisses {
    fn default() -> Self {
        // Bounded by hand: a bounded cache takes all of its memory at once, at every start.
        Self { entries: Mutex::new(LruCache::unbounded()) }
    }
}

impl RememberedMisses {
    /// The miss, if it happened within the last minute.
    pub fn recall(&self, user: &UserId, order: &OrderId, now: Timestamp) -> Option<Miss> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (user.clone(), order.clone());
        let (miss, since) = *entries.get(&key)?;
        if now < since.plus(BELIEVED) {
            return Some(miss);
        }
        entries.pop(&key);
        None
    }

    /// Remembers a miss.
    pub fn remember(&self, user: &UserId, order: &OrderId, miss: Miss, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.put((user.clone(), order.clone()), (miss, now));
        if entries.len() > CAPACITY {
            entries.pop_lru();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_believed_for_a_minute_and_only_of_that_caller_and_order() {
        let misses = RememberedMisses::default();
        let (ava, ben): (UserId, UserId) = ("ava".parse().unwrap(), "ben".parse().unwrap());
        let order: OrderId = "cs_test_1".parse().unwrap();
        let start = Timestamp::from_millis(0).unwrap();
        misses.remember(&ava, &order, Miss::Foreign, start);

        let at = |seconds| start.plus(Duration::from_secs(seconds));
        assert_eq!(misses.recall(&ava, &order, at(59)), Some(Miss::Foreign));
        assert_eq!(misses.recall(&ben, &order, at(1)), None);
        assert_eq!(misses.recall(&ava, &"cs_test_2".parse().unwrap(), at(1)), None);
        assert_eq!(misses.recall(&ava, &order, at(60)), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_are_forgotten() {
        let misses = RememberedMisses::default();
        let ava: UserId = "ava".parse().unwrap();
        let now = Timestamp::from_millis(0).unwrap();
        let order = |number: usize| format!("cs_test_{number}").parse::<OrderId>().unwrap();
        for number in 0..=CAPACITY {
            misses.remember(&ava, &order(number), Miss::Absent, now);
        }
        assert_eq!(misses.recall(&ava, &order(0), now), None);
        assert_eq!(misses.recall(&ava, &order(1), now), Some(Miss::Absent));
    }
}
