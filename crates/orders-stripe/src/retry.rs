use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long to wait before another attempt: exponential backoff with full jitter.
///
/// The jitter is injected, so that a test can tell how long a wait is.
#[derive(Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    jitter: Arc<dyn Fn(Duration) -> Duration + Send + Sync>,
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("first", &self.first)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Default for Backoff {
    /// Up to 200 ms, 400 ms, 800 ms, …, 2 s, each chosen evenly between nothing and that.
    fn default() -> Self {
        Self::with_jitter(|most| most.mul_f64(fastrand::f64()))
    }
}

impl Backoff {
    /// A backoff that waits what `jitter` makes of the longest wait.
    pub fn with_jitter(jitter: impl Fn(Duration) -> Duration + Send + Sync + 'static) -> Self {
        Self {
            first: Duration::from_millis(200),
            most: Duration::from_secs(2),
            jitter: Arc::new(jitter),
        }
    }

    /// The wait after the given number of failed attempts (1 or more).
    pub(crate) fn after(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        (self.jitter)(self.first.saturating_mul(doubled).min(self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_are_drawn_from_the_whole_range() {
        let longest = Backoff::with_jitter(|most| most);
        let waits: Vec<_> = (1..=6).map(|n| longest.after(n).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(longest.after(u32::MAX), Duration::from_secs(2));

        let drawn = Backoff::default();
        assert!((0..100).all(|_| drawn.after(1) <= Duration::from_millis(200)));
    }
}
