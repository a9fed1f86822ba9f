//! Stops asking Stripe while it fails, so that an outage costs a request milliseconds and not its
//! whole budget.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Deadline, Timestamp};

/// So many attempts in a row that fail open the breaker: the fourth request with the usual two
/// repetitions. A member who tries again twice does not.
const FAILURES: u32 = 10;

/// How long nobody is let through at first; shorter than the `Retry-After` of a 503, so that who
/// comes back then may find Stripe asked again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Each probe that fails doubles the pause up to this, which is also the longest that a Stripe
/// which is back goes unnoticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A circuit breaker over all calls of the process.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Everybody may ask.
    Closed { failures: u32 },
    /// Nobody may, until the pause is over.
    Open { until: Deadline, pause: Duration },
    /// One asks, and the others wait for what it finds.
    Probing,
}

/// Stripe fails, and is not asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsOpen;

/// The right to one attempt. Dropped without a word about its outcome, it counts for nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    /// For a probe, when it began and how long the pause before it was.
    probe: Option<(Timestamp, Duration)>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }) }
    }
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an attempt at that moment would be refused.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), IsOpen> {
        match *self.lock() {
            State::Open { until, pause } => paused(until, pause, now).map_or(Ok(()), Err),
            State::Probing => Err(IsOpen),
            State::Closed { .. } => Ok(()),
        }
    }

    /// Lets an attempt through, or refuses it.
    pub(crate) fn admit(&self, now: Timestamp) -> Result<Permit<'_>, IsOpen> {
        self.check(now)?;
        let mut state = self.lock();
        let probe = match *state {
            State::Closed { .. } => None,
            State::Open { pause, .. } => {
                *state = State::Probing;
                Some((now, pause))
            }
            // Another was quicker.
            State::Probing => return Err(IsOpen),
        };
        Ok(Permit { breaker: self, probe })
    }
}

/// Whether the pause still lasts. Longer than it ever was means that the clock was set back, and
/// must not keep members waiting.
fn paused(until: Deadline, pause: Duration, now: Timestamp) -> Option<IsOpen> {
    let left = until.remaining(now);
    (!left.is_zero() && left <= pause).then_some(IsOpen)
}

impl Permit<'_> {
    /// Stripe answered, whatever it said.
    pub(crate) fn answered(mut self) {
        self.probe = None;
        *self.breaker.lock() = State::Closed { failures: 0 };
    }

    /// Stripe failed, by that moment.
    pub(crate) fn failed(mut self, now: Timestamp) {
        let open = |pause| State::Open { until: Deadline::at(now.plus(pause)), pause };
        let mut state = self.breaker.lock();
        *state = match (self.probe.take(), *state) {
            (Some((_, pause)), _) => open((pause * 2).min(LONGEST_PAUSE)),
            (None, State::Closed { failures }) if failures + 1 >= FAILURES => open(FIRST_PAUSE),
            (None, State::Closed { failures }) => State::Closed { failures: failures + 1 },
            // It began before the breaker opened, and says nothing new.
            (None, unchanged) => unchanged,
        };
    }
}

impl Drop for Permit<'_> {
    /// A probe that was given up leaves its place to the next.
    fn drop(&mut self) {
        if let Some((began, pause)) = self.probe {
            let mut state = self.breaker.lock();
            if let State::Probing = *state {
                *state = State::Open { until: Deadline::at(began), pause };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn opened_at(now: Timestamp) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.admit(now).unwrap().failed(now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_starts_the_count_again() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                breaker.admit(at(0)).unwrap().failed(at(0));
            }
            breaker.admit(at(0)).unwrap().answered();
        }
        for _ in 0..FAILURES {
            assert_eq!(breaker.check(at(0)), Ok(()));
            breaker.admit(at(0)).unwrap().failed(at(0));
        }
        assert_eq!(breaker.check(at(999)), Err(IsOpen));
        assert_eq!(breaker.admit(at(999)).err(), Some(IsOpen));
    }

    #[test]
    fn after_the_pause_one_probe_is_let_through_and_closes_it_or_doubles_the_pause() {
        let breaker = opened_at(at(0));
        let mut now = 0;
        for pause in [1000, 2000, 4000, 4000] {
            assert_eq!(breaker.check(at(now + pause - 1)), Err(IsOpen), "{pause}");
            now += pause;
            let probe = breaker.admit(at(now)).unwrap();
            assert_eq!(breaker.admit(at(now)).err(), Some(IsOpen), "one at a time");
            probe.failed(at(now));
        }
        now += 4000;
        breaker.admit(at(now)).unwrap().answered();
        let (first, second) = (breaker.admit(at(now)), breaker.admit(at(now)));
        assert!(first.is_ok() && second.is_ok());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_place_to_the_next() {
        let breaker = opened_at(at(0));
        drop(breaker.admit(at(1000)).unwrap());
        breaker.admit(at(1000)).unwrap().failed(at(1000));
        assert_eq!(breaker.check(at(2999)), Err(IsOpen));
    }

    #[test]
    fn an_attempt_from_before_it_opened_may_close_it_but_not_prolong_it() {
        let breaker = Breaker::default();
        let early: Vec<_> = (0..2).map(|_| breaker.admit(at(0)).unwrap()).collect();
        for _ in 0..FAILURES {
            breaker.admit(at(0)).unwrap().failed(at(0));
        }
        let mut early = early.into_iter();
        early.next().unwrap().failed(at(900));
        assert_eq!(breaker.check(at(1000)), Ok(()));
        early.next().unwrap().answered();
        assert_eq!(breaker.check(at(0)), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let breaker = opened_at(at(3_600_000));
        assert_eq!(breaker.check(at(0)), Ok(()));
    }
}
