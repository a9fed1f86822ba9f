//! Stops asking Stripe while it fails, so that an outage costs a request milliseconds and not its
//! whole budget.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Deadline, Timestamp};

/// So many attempts that fail one after another open the breaker: the fourth request with the
/// usual two repetitions. A member who tries again twice does not, and a crowd whose attempts fail
/// at the same moment counts as one.
const FAILURES: u32 = 10;

/// So much time lost in such attempts opens it, too: silence costs more than errors
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
    /// Everybody may ask. The failures since the last answer, the time that they took, and when
    /// the last of them ended.
    Closed { failures: u32, lost: Duration, last: Option<Timestamp> },
    /// Nobody may, until the pause is over.
    Open { until: Deadline, pause: Duration },
    /// One asks; the others are refused until its outcome is known.
    HalfOpen,
}

const CLOSED: State = State::Closed { failures: 0, lost: Duration::ZERO, last: None };

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
            Self::Closed { failures, lost, last: Some(now) }
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
            (State::Closed { failures, lost, last }, _)
                if last.is_none_or(|at| self.began > at) =>
            {
                State::failed(failures + 1, lost + took, now)
            }
            // It was under way with one that has failed before, and says nothing new.
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

    /// Lets attempts fail one after another, each in a millisecond, so that the last fails at that
    /// moment.
    fn fail(breaker: &Breaker, times: u32, until: i64) {
        for n in (0..i64::from(times)).rev() {
            breaker.admit(at(until - 2 * n - 1)).unwrap().failed(at(until - 2 * n));
        }
    }

    fn opened_at(now: i64) -> Breaker {
        let breaker = Breaker::default();
        fail(&breaker, FAILURES, now);
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_starts_the_count_again() {
        let breaker = Breaker::default();
        for round in 1..=3 {
            fail(&breaker, FAILURES - 1, round * 100);
            breaker.admit(at(round * 100)).unwrap().answered();
        }
        fail(&breaker, FAILURES - 1, 1000);
        assert_eq!(breaker.check(at(1000)), Ok(()));
        fail(&breaker, 1, 1002);
        assert_eq!(breaker.check(at(2001)), Err(IsOpen));
        assert_eq!(breaker.admit(at(2001)).err(), Some(IsOpen));
    }

    #[test]
    fn a_crowd_that_fails_at_the_same_moment_counts_as_one() {
        let breaker = Breaker::default();
        for round in 0..i64::from(FAILURES) - 1 {
            let crowd: Vec<_> = (0..50).map(|_| breaker.admit(at(round * 100)).unwrap()).collect();
            for (n, attempt) in (1..).zip(crowd) {
                attempt.failed(at(round * 100 + n));
            }
        }
        assert_eq!(breaker.check(at(2000)), Ok(()));
        fail(&breaker, 1, 2000);
        assert_eq!(breaker.check(at(2000)), Err(IsOpen));
    }

    #[test]
    fn after_the_pause_one_probe_is_let_through_and_closes_it_or_doubles_the_pause() {
        let breaker = opened_at(100);
        let mut now = 100;
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
        let breaker = opened_at(100);
        drop(breaker.admit(at(1100)).unwrap());
        breaker.admit(at(1100)).unwrap().failed(at(1100));
        assert_eq!(breaker.check(at(3099)), Err(IsOpen));
    }

    #[test]
    fn an_attempt_from_before_it_opened_may_close_it_but_not_prolong_it() {
        let breaker = Breaker::default();
        let early: Vec<_> = (0..2).map(|_| breaker.admit(at(0)).unwrap()).collect();
        fail(&breaker, FAILURES, 100);
        let mut early = early.into_iter();
        early.next().unwrap().failed(at(900));
        assert_eq!(breaker.check(at(1100)), Ok(()));
        early.next().unwrap().answered();
        assert_eq!(breaker.check(at(100)), Ok(()));
    }

    #[test]
    fn an_answer_beside_a_probe_closes_it_and_the_probes_failure_is_one_of_many() {
        let breaker = Breaker::default();
        let early = breaker.admit(at(0)).unwrap();
        fail(&breaker, FAILURES, 100);
        let probe = breaker.admit(at(1100)).unwrap();
        early.answered();
        probe.failed(at(1500));
        assert_eq!(breaker.check(at(1500)), Ok(()));
    }

    #[test]
    fn time_lost_in_a_row_opens_it_before_the_count_does() {
        let breaker = Breaker::default();
        let mut now = 0;
        for _ in 0..3 {
            let attempt = breaker.admit(at(now + 1)).unwrap();
            now += 4001;
            attempt.failed(at(now));
        }
        assert_eq!(breaker.check(at(now)), Err(IsOpen));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let breaker = opened_at(3_600_000);
        assert_eq!(breaker.check(at(0)), Ok(()));
    }
}
