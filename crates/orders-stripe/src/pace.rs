//! Keeps the calls of the process to their rate.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

/// So many calls per second, handed out in the order of asking.
#[derive(Debug)]
pub(crate) struct Pace {
    budget: DefaultDirectRateLimiter,
    /// Held by the one whose turn is next.
    next: Mutex<()>,
    /// How many are in the queue.
    waiting: AtomicU32,
    interval: Duration,
}

/// The turn would come too late.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLate;

/// A place in the queue, given up when dropped.
#[derive(Debug)]
struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The head of the queue.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pace: &'a Pace,
    _next: MutexGuard<'a, ()>,
    _place: Place<'a>,
}

impl Pace {
    /// At most `rate` calls in any second: a quarter of them at once, so that the pages of a long
    /// order need not wait, and the others evenly.
    pub(crate) fn new(rate: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(rate.get() / 4).unwrap_or(NonZeroU32::MIN);
        let evenly = NonZeroU32::new(rate.get() - burst.get()).unwrap_or(rate);
        Self {
            budget: RateLimiter::direct(Quota::per_second(evenly).allow_burst(burst)),
            next: Mutex::new(()),
            waiting: AtomicU32::new(0),
            interval: Duration::from_secs(1) / evenly.get(),
        }
    }

    /// Queues, for as long as the given time at most. Who would wait in vain, since so many are
    /// ahead that less than `needed` would be left for the call, is told so at once.
    pub(crate) async fn queue(
        &self,
        left: Duration,
        needed: Duration,
    ) -> Result<Head<'_>, TooLate> {
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.waiting);
        if left.is_zero() || left.saturating_sub(needed) < self.interval * ahead {
            return Err(TooLate);
        }
        let next = timeout(left, self.next.lock()).await.map_err(|_elapsed| TooLate)?;
        Ok(Head { pace: self, _next: next, _place: place })
    }
}

impl Head<'_> {
    /// Waits for the turn, which comes within the given time or not at all.
    pub(crate) async fn turn(self, left: impl Fn() -> Duration) -> Result<(), TooLate> {
        while let Err(not_until) = self.pace.budget.check() {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            if left() < wait {
                return Err(TooLate);
            }
            sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn turns_come_in_order_at_their_rate_and_nobody_waits_in_vain() {
        let pace = Pace::new(NonZeroU32::new(40).unwrap());
        let started = Instant::now();
        let half_a_second = || Duration::from_millis(500).saturating_sub(started.elapsed());
        // 10 at once, and 30 in a second after that.
        let outcomes = join_all((0..1000).map(|_| async {
            let turn = async {
                pace.queue(half_a_second(), Duration::ZERO).await?.turn(half_a_second).await
            };
            (turn.await.is_ok(), started.elapsed())
        }))
        .await;
        let served = outcomes.iter().filter(|(ok, _)| *ok).count();
        assert!((11..=26).contains(&served), "{served}");
        let (first, rest) = outcomes.split_at(served);
        assert!(first.iter().all(|(ok, _)| *ok), "first come, first served");
        assert!(first.is_sorted_by_key(|(_, at)| *at));
        // Those at the end of the queue were told before the first of them had to wait.
        let told = rest.iter().rev().take(900).map(|(_, at)| *at).max().unwrap();
        assert!(told < Duration::from_millis(250), "{told:?}");
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
    }
}
