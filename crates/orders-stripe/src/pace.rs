//! Keeps the calls of the process to their rate.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// So many calls per second, handed out in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct Pace {
    budget: DefaultDirectRateLimiter,
    /// Held by the one whose turn is next.
    next: Mutex<()>,
    /// How many are in the line.
    waiting: AtomicU32,
    interval: Duration,
}

/// The turn would come too late.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLate;

/// A place in the line, given up when dropped.
struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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

    /// Waits for a turn that comes within the given time. Who would wait in vain, since too many
    /// stand in line, is told so at once.
    pub(crate) async fn turn(&self, left: impl Fn() -> Duration) -> Result<(), TooLate> {
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _place = Place(&self.waiting);
        if left() < self.interval * ahead {
            return Err(TooLate);
        }
        let Ok(_next) = timeout(left(), self.next.lock()).await else { return Err(TooLate) };
        while let Err(not_until) = self.budget.check() {
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
            let turn = pace.turn(half_a_second).await;
            (turn.is_ok(), started.elapsed())
        }))
        .await;
        let served = outcomes.iter().filter(|(ok, _)| *ok).count();
        assert!((11..=26).contains(&served), "{served}");
        let (first, rest) = outcomes.split_at(served);
        assert!(first.iter().all(|(ok, _)| *ok), "first come, first served");
        assert!(first.is_sorted_by_key(|(_, at)| *at));
        // Those at the end of the line were told before the first of them had to wait.
        let told = rest.iter().rev().take(900).map(|(_, at)| *at).max().unwrap();
        assert!(told < Duration::from_millis(250), "{told:?}");
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
    }
}
