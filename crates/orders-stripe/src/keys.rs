//! The key in use, and where a new one comes from once Stripe refuses it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use orders::ports::Cause;
use orders::{Clock, Incident, KeyRefresh, RequestContext, Timestamp};
use tokio::time::timeout;

use crate::{Mode, SecretKey};

/// How long the source of keys is left alone once it was asked.
const PAUSE: Duration = Duration::from_mins(1);

/// The longest that a request waits for the source of keys. What it waited for goes on with the
/// next that is refused.
const PATIENCE: Duration = Duration::from_secs(2);

/// A reading of the key from where it is kept.
type Reading = BoxFuture<'static, Result<SecretKey, Cause>>;

/// The key in use. Where it is kept somewhere it is read again when Stripe refuses it, once a
/// minute at most, so that a key that was rolled needs no new process.
///
/// Cheap to clone; clones share the key.
#[derive(Clone)]
pub struct StripeKeys(Arc<Inner>);

struct Inner {
    mode: Mode,
    current: Mutex<SecretKey>,
    source: Option<Box<dyn Fn() -> Reading + Send + Sync>>,
    /// Held while the source is being asked, so that others wait.
    asked: tokio::sync::Mutex<Asked>,
}

/// What is known of the last time that the source was asked.
#[derive(Default)]
struct Asked {
    at: Option<Timestamp>,
    /// Not over yet: whoever began it ran out of time, or was given up.
    reading: Option<Reading>,
}

/// A key that Stripe would see other sessions with than those that this process is for.
#[derive(Debug, thiserror::Error)]
#[error("the key that is kept now is of the other mode")]
struct OtherMode;

/// The source of keys took too long.
#[derive(Debug, thiserror::Error)]
#[error("it took too long")]
struct TooSlow;

impl From<SecretKey> for StripeKeys {
    /// A key that stays, whatever Stripe says of it.
    fn from(key: SecretKey) -> Self {
        Self::new(key, None)
    }
}

impl fmt::Debug for StripeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeKeys").field("mode", &self.0.mode).finish_non_exhaustive()
    }
}

impl StripeKeys {
    /// A key that is kept somewhere, and can be read from there again.
    pub fn kept(key: SecretKey, source: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self::new(key, Some(Box::new(source)))
    }

    fn new(key: SecretKey, source: Option<Box<dyn Fn() -> Reading + Send + Sync>>) -> Self {
        let mode = key.mode();
        let current = Mutex::new(key);
        Self(Arc::new(Inner { mode, current, source, asked: tokio::sync::Mutex::default() }))
    }

    /// The mode of every key that is ever in use.
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// The key in use.
    pub fn current(&self) -> SecretKey {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is another key than the one that Stripe has just refused. Asks for it where
    /// that is due, and notes in the ledger what came of it.
    pub(crate) async fn replace(
        &self,
        refused: &SecretKey,
        context: &RequestContext,
        clock: &impl Clock,
    ) -> bool {
        let Some(source) = &self.0.source else { return false };
        let patience = context.deadline.remaining(clock.now()).min(PATIENCE);
        let Ok(mut asked) = timeout(patience, self.0.asked.lock()).await else {
            return self.current() != *refused;
        };
        if self.current() != *refused {
            return true;
        }
        let now = clock.now();
        // A clock that was set back says nothing.
        if asked.at.is_none_or(|then| now < then || now >= then.plus(PAUSE)) {
            *asked = Asked { at: Some(now), reading: Some(source()) };
        }
        let Some(reading) = &mut asked.reading else { return false };
        let patience = context.deadline.remaining(now).min(PATIENCE);
        let Ok(read) = timeout(patience, reading).await else {
            context.ledger.note(Incident::KeyNotRefreshed(Arc::new(TooSlow)));
            context.ledger.key_refresh(KeyRefresh::Failed);
            return false;
        };
        asked.reading = None;
        let refresh = match read {
            Ok(key) if key == *refused => KeyRefresh::Unchanged,
            Ok(key) if key.mode() == self.0.mode => {
                *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = key;
                KeyRefresh::Refreshed
            }
            Ok(_) => {
                context.ledger.note(Incident::KeyNotRefreshed(Arc::new(OtherMode)));
                KeyRefresh::Failed
            }
            Err(cause) => {
                context.ledger.note(Incident::KeyNotRefreshed(cause));
                KeyRefresh::Failed
            }
        };
        context.ledger.key_refresh(refresh);
        refresh == KeyRefresh::Refreshed
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
