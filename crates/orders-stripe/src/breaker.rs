//! Stops asking Stripe while it fails, so that an outage costs a request milliseconds and not its
//! whole budget.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Deadline, Timestamp};

/// So many attempts in a row that fail open the breaker: the fourth request with the usual two
/// repetitions. A member who tries again twice does not.
const FAILURES: u32 = 10;

/// So much time lost in attempts in a row that fail opens it, too: silence costs more than errors
/// do. One request alone cannot lose it under the default budget.
const LOST: Duration = Duration::from_secs(12);

/// How long nobody is let through at first; shorter than the `Retry-After` of a 503, so that who
/// comes back then may find Stripe asked again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Each probe that fails doubles the pause up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A circuit breaker over all calls of the process.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Everybody may ask.
    Closed { failures: u32, lost: Duration },
    /// Nobody may, until the pause is over.
    Open { until: Deadline, pause: Duration },
    /// One asks; the others are refused until its outcome is known.
    HalfOpen,
}

const CLOSED: State = State::Closed { failures: 0, lost: Duration::ZERO };

/// Stripe fails, and is not asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsOpen;

/// The right to one attempt. Dropped without a word about its outcome, it counts for nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    began: Timestamp,
    /// For a probe, how long the pause before it was.
    probe: Option<Duration>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: Mutex::new(CLOSED) }
    }
}

impl State {
    /// How an attempt would be made at that moment: as one of many, or as the probe after a pause.
    fn admission(self, now: Timestamp) -> Result<Option<Duration>, IsOpen> {
        match self {
            Self::Closed { .. } => Ok(None),
            Self::Open { until, pause } => {
                let left = until.remaining(now);
                // Longer than it ever was means that the clock was set back, which must not keep
                // members waiting.
                if left.is_zero() || left > pause { Ok(Some(pause)) } else { Err(IsOpen) }
            }
            Self::HalfOpen => Err(IsOpen),
        }
    }

    /// The state after another failure while it was closed.
    fn failed(failures: u32, lost: Duration, now: Timestamp) -> Self {
        if failures >= FAILURES || lost >= LOST {
            Self::open(FIRST_PAUSE, now)
        } else {
            Self::Closed { failures, lost }
        }
    }

    fn open(pause: Duration, now: Timestamp) -> Self {
        Self::Open { until: Deadline::at(now.plus(pause)), pause }
    }
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an attempt at that moment would be refused.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), IsOpen> {
        self.lock().admission(now).map(|_| ())
    }

    /// Lets an attempt through, or refuses it.
    pub(crate) fn admit(&self, now: Timestamp) -> Result<Permit<'_>, IsOpen> {
        let mut state = self.lock();
        let probe = state.admission(now)?;
        if probe.is_some() {
            *state = State::HalfOpen;
        }
        Ok(Permit { breaker: self, began: now, probe })
    }
}

impl Permit<'_> {
    /// Stripe answered, whatever it said.
    pub(crate) fn answered(mut self) {
        self.probe = None;
        *self.breaker.lock() = CLOSED;
    }

    /// Stripe failed, by that moment.
    pub(crate) fn failed(mut self, now: Timestamp) {
        let took = Deadline::at(now).remaining(self.began);
        let mut state = self.breaker.lock();
        *state = match (*state, self.probe.take()) {
            (State::HalfOpen, Some(pause)) => State::open((pause * 2).min(LONGEST_PAUSE), now),
            (State::Closed { failures, lost }, _) => State::failed(failures + 1, lost + took, now),
            // It began before the breaker opened, and says nothing new.
            (unchanged, _) => unchanged,
        };
    }
}

impl Drop for Permit<'_> {
    /// A probe that was given up leaves its place to the next.
    fn drop(&mut self) {
        let Some(pause) = self.probe else { return };
        let mut state = self.breaker.lock();
        if let State::HalfOpen = *state {
            *state = State::Open { until: Deadline::at(self.began), pause };
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
    fn an_answer_beside_a_probe_closes_it_and_the_probes_failure_is_one_of_many() {
        let breaker = Breaker::default();
        let early = breaker.admit(at(0)).unwrap();
        for _ in 0..FAILURES {
            breaker.admit(at(0)).unwrap().failed(at(0));
        }
        let probe = breaker.admit(at(1000)).unwrap();
        early.answered();
        probe.failed(at(1500));
        assert_eq!(breaker.check(at(1500)), Ok(()));
    }

    #[test]
    fn time_lost_in_a_row_opens_it_before_the_count_does() {
        let breaker = Breaker::default();
        let mut now = 0;
        for _ in 0..3 {
            let attempt = breaker.admit(at(now)).unwrap();
            now += 4000;
            attempt.failed(at(now));
        }
        assert_eq!(breaker.check(at(now)), Err(IsOpen));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let breaker = opened_at(at(3_600_000));
        assert_eq!(breaker.check(at(0)), Ok(()));
    }
}
