use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A moment in UTC, in milliseconds since 1970, between the years 0 and 9999.
///
/// Read tolerantly (any offset, any fraction, epoch seconds), written one way:
/// `2025-11-26T21:28:24.990Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no moment that this program can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 8601 date and time, nor seconds since 1970")]
pub struct InvalidTimestamp;

/// Between the years 0 and 9999, so that every moment can be written.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// No order is older than this many *milliseconds* nor younger than this many *seconds* (the year
/// 5138), so a larger number is taken as milliseconds.
const SECONDS_OR_MILLIS: u64 = 100_000_000_000;

impl Timestamp {
    /// Milliseconds since 1970.
    pub fn from_millis(millis: i64) -> Result<Self, InvalidTimestamp> {
        RANGE.contains(&millis).then_some(Self(millis)).ok_or(InvalidTimestamp)
    }

    /// Seconds since 1970; a number too large for that is read as milliseconds.
    pub fn from_epoch(number: i64) -> Result<Self, InvalidTimestamp> {
        let seconds = number.unsigned_abs() < SECONDS_OR_MILLIS;
        let millis = if seconds { number * 1000 } else { number };
        Self::from_millis(millis)
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment, later by a duration; the end of time where that is out of range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis).min(*RANGE.end()))
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_epoch(number);
        }
        let parsed = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&as_rfc3339(text), &Rfc3339))
            .map_err(|_| InvalidTimestamp)?;
        let millis = parsed.unix_timestamp_nanos().div_euclid(1_000_000);
        Self::from_millis(i64::try_from(millis).map_err(|_| InvalidTimestamp)?)
    }
}

/// What other programs write, as RFC 3339 has it: Python's `str()` of a time has a blank for the
/// `T`, its `isoformat()` of a naive time no offset (such times are UTC), and its `strftime("%z")`
/// an offset without a colon.
fn as_rfc3339(text: &str) -> String {
    // Nothing of another alphabet is a time, and its bytes are no character boundaries.
    if !text.is_ascii() {
        return String::new();
    }
    let text = text.replacen(' ', "T", 1);
    let offset = text.get(19..).and_then(|rest| rest.find(['+', '-']).map(|at| 19 + at));
    match offset {
        Some(at) if text.len() == at + 5 => format!("{}:{}", &text[..at + 3], &text[at + 3..]),
        Some(at) if text.len() == at + 3 => format!("{text}:00"),
        Some(_) => text,
        None => format!("{text}Z"),
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| {
                moment
                    .format(format_description!(
                        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
                    ))
                    .ok()
            })
            .ok_or(fmt::Error)?;
        f.write_str(&written)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the time comes from. Injected, so that a test can stop it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(since)
    }
}

/// When the answer has to have left.
///
/// In the wall clock's terms, since Lambda states an invocation's deadline so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Timestamp);

impl Deadline {
    /// The deadline at a moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(moment)
    }

    /// What is left of it; nothing once it has passed.
    pub fn remaining(self, now: Timestamp) -> Duration {
        let millis = self.0.millis() - now.millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// An earlier deadline that leaves the given part (in percent) of what remains to this step,
    /// and the rest to the steps after it.
    #[must_use]
    pub fn share(self, now: Timestamp, percent: u32) -> Self {
        Self(now.plus(self.remaining(now) * percent / 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_spelling_and_written_in_one() {
        for spelling in [
            "2025-11-26T21:28:24.990Z",
            "2025-11-26T21:28:24.990123+00:00",
            "2025-11-26T22:28:24.990+01:00",
            "2025-11-26T21:28:24.990999",
            "2025-11-26 21:28:24.990+00:00",
            "2025-11-26T23:28:24.990+0200",
            "2025-11-26T16:28:24.990-05",
            "2025-11-26t21:28:24.99z",
            "1764192504990",
        ] {
            let moment: Timestamp = spelling.parse().unwrap();
            assert_eq!(moment.to_string(), "2025-11-26T21:28:24.990Z", "{spelling}");
        }
        assert_eq!(
            "1764192504".parse::<Timestamp>().unwrap().to_string(),
            "2025-11-26T21:28:24.000Z"
        );
        assert_eq!(
            "1969-12-31T23:59:59.5Z".parse::<Timestamp>().unwrap().to_string(),
            "1969-12-31T23:59:59.500Z"
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-13-01T00:00:00Z",
            "2025-11-26",
            "9223372036854775807",
            "-9223372036854775808",
            "2025-11-26T21:28:24+1é2",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text:?}");
        }
    }

    #[test]
    fn a_deadline_never_has_less_than_nothing_left() {
        let now = Timestamp::from_millis(10_000).unwrap();
        let deadline = Deadline::at(Timestamp::from_millis(12_000).unwrap());
        assert_eq!(deadline.remaining(now), Duration::from_secs(2));
        assert_eq!(deadline.share(now, 40).remaining(now), Duration::from_millis(800));
        assert_eq!(deadline.remaining(now.plus(Duration::from_secs(9))), Duration::ZERO);
    }
}
