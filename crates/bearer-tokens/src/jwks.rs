//! The keys of an issuer, fetched from where it publishes them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Clock, Timestamp};
use outbound::{Trust, http_client};
use reqwest::{Client, Url};

use crate::keys::{KeySet, NoUsableKey, SharedKeys};

/// The longest that a caller waits for the issuer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Larger than any set of keys.
const MOST_BYTES: usize = 512 * 1024;

/// How long the issuer is left alone once it was asked for keys that are not known, or newer.
const PAUSE: Duration = Duration::from_mins(1);

/// The same while there are none, so that a short outage at the start stays short.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(1);

/// A key that the issuer has withdrawn is believed for no longer than this.
const FRESH: Duration = Duration::from_hours(1);

/// While the issuer cannot be asked, its keys are believed for as long as this.
const BELIEVED: Duration = Duration::from_hours(24);

/// An issuer's keys (RFC 7517), kept. They are fetched anew once they are old, and when a token names
/// one that is not among them: each of the two once a minute at most.
pub struct IssuerKeys<K> {
    client: Client,
    url: Url,
    clock: K,
    state: Mutex<State>,
    /// Held while the issuer is asked, by whoever asks and those who cannot go on without the answer.
    asking: tokio::sync::Mutex<()>,
}

/// When the issuer was last asked, and what came of it.
type Asked = (Timestamp, Result<(), NoKeys>);

#[derive(Default)]
struct State {
    keys: Option<(SharedKeys, Timestamp)>,
    /// Since there were no keys, or old ones.
    renewed: Option<Asked>,
    /// Since a token named a key that is not among them.
    searched: Option<Asked>,
}

/// The issuer's keys cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    /// There is no connection to it: a wrong name, nobody who listens, or a certificate that is not
    /// trusted.
    #[error("the issuer's keys cannot be had: there is no connection to it")]
    NoConnection,
    /// It did not answer in time, or broke off.
    #[error("the issuer's keys cannot be had: it does not answer")]
    NoAnswer,
    /// It answered otherwise than with a success.
    #[error("the issuer's keys cannot be had: it answered {0}")]
    Status(u16),
    /// More bytes than any set of keys has.
    #[error("the issuer's keys cannot be had: the answer is too large")]
    TooLarge,
    /// What came are no keys that can be used.
    #[error("the issuer's keys cannot be had: {0}")]
    Unusable(#[from] NoUsableKey),
}

impl<K: Clock> IssuerKeys<K> {
    /// The keys at an address. Nothing is fetched yet.
    pub fn new(url: Url, trust: &Trust, clock: K) -> Result<Self, reqwest::Error> {
        let client = http_client(&url, trust)?;
        let (state, asking) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self { client, url, clock, state, asking })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys, if they came no longer ago.
    fn kept(&self, no_longer_than: Duration) -> Option<SharedKeys> {
        self.state().kept(self.clock.now(), no_longer_than)
    }

    /// The keys in force.
    pub(crate) async fn keys(&self) -> Result<SharedKeys, NoKeys> {
        if let Some(keys) = self.kept(FRESH) {
            return Ok(keys);
        }
        if let Some(old) = self.kept(BELIEVED) {
            // One asks; to the others they are good enough meanwhile.
            let Ok(_asking) = self.asking.try_lock() else { return Ok(old) };
            if self.just_renewed(PAUSE).is_some() {
                return Ok(old);
            }
            // Old keys are better than none, unless the issuer has said that there are none.
            return self.renewed().await;
        }
        let _asking = self.asking.lock().await;
        // Whoever was waited for may have got them, or failed only just.
        if let Some(keys) = self.kept(BELIEVED) {
            return Ok(keys);
        }
        if let Some(Err(why)) = self.just_renewed(PAUSE_WITHOUT_KEYS) {
            return Err(why);
        }
        self.renewed().await
    }

    /// What came of renewing the keys, where that was only just.
    fn just_renewed(&self, pause: Duration) -> Option<Result<(), NoKeys>> {
        just_now(self.state().renewed.as_ref(), self.clock.now(), pause)
    }

    /// The keys that there are once the issuer was asked, be it that it was asked in vain.
    async fn renewed(&self) -> Result<SharedKeys, NoKeys> {
        // Noted first: a caller who is cut off while waiting must not have the next ask at once.
        self.state().renewed = Some((self.clock.now(), Err(NoKeys::NoAnswer)));
        let outcome = self.ask().await;
        self.state().renewed = Some((self.clock.now(), outcome.clone()));
        self.kept(BELIEVED).ok_or(outcome.err().unwrap_or(NoKeys::NoAnswer))
    }

    /// Keys that came after the given ones; `None` where the issuer has no others, or was asked
    /// only just.
    pub(crate) async fn newer_than(&self, old: &SharedKeys) -> Result<Option<SharedKeys>, NoKeys> {
        let _asking = self.asking.lock().await;
        if let Some(newer) = self.state().other_than(old) {
            return Ok(Some(newer));
        }
        let searched = just_now(self.state().searched.as_ref(), self.clock.now(), PAUSE);
        if let Some(outcome) = searched {
            return outcome.map(|()| None);
        }
        self.state().searched = Some((self.clock.now(), Err(NoKeys::NoAnswer)));
        let outcome = self.ask().await;
        self.state().searched = Some((self.clock.now(), outcome.clone()));
        outcome.map(|()| self.state().other_than(old))
    }

    async fn ask(&self) -> Result<(), NoKeys> {
        let fetched = tokio::time::timeout(PATIENCE, self.fetch()).await;
        let fetched = fetched.unwrap_or(Err(NoKeys::NoAnswer));
        // An issuer that has withdrawn all its keys has answered; it is not away.
        if let Err(NoKeys::Unusable(NoUsableKey::NoneUsable)) = &fetched {
            self.state().keys = None;
        }
        fetched.map(|keys| self.state().keys = Some((Arc::new(keys), self.clock.now())))
    }

    async fn fetch(&self) -> Result<KeySet, NoKeys> {
        let request = self.client.get(self.url.clone()).header("Accept", "application/json");
        // It is asked so seldom that a connection from the last time may be dead.
        let request = request.header("Connection", "close");
        let mut answer = request.send().await.map_err(|error| no_answer(&error))?;
        if !answer.status().is_success() {
            return Err(NoKeys::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(NoKeys::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(KeySet::of_issuer(&body)?)
    }
}

fn no_answer(error: &reqwest::Error) -> NoKeys {
    if error.is_connect() { NoKeys::NoConnection } else { NoKeys::NoAnswer }
}

/// What came of asking, where that was so short a time ago that it is not done again. A clock that
/// was set back says nothing.
fn just_now(asked: Option<&Asked>, now: Timestamp, pause: Duration) -> Option<Result<(), NoKeys>> {
    let (then, outcome) = asked?;
    (*then <= now && now < then.plus(pause)).then(|| outcome.clone())
}

impl State {
    /// The keys, if they came no longer ago.
    fn kept(&self, now: Timestamp, no_longer_than: Duration) -> Option<SharedKeys> {
        let (keys, since) = self.keys.as_ref()?;
        (*since <= now && now < since.plus(no_longer_than)).then(|| Arc::clone(keys))
    }

    fn other_than(&self, old: &SharedKeys) -> Option<SharedKeys> {
        let (keys, _) = self.keys.as_ref()?;
        (!Arc::ptr_eq(keys, old)).then(|| Arc::clone(keys))
    }
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
