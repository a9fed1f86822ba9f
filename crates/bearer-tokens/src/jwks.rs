//! The keys of an issuer, fetched from where it publishes them.

use std::sync::Arc;
use std::time::Duration;

use orders::{Clock, Timestamp};
use outbound::{Trust, http_client};
use reqwest::{Client, Url};
use tokio::sync::Mutex;

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

/// An issuer's keys (RFC 7517), kept, and fetched anew when they have grown old or a token names
/// one that is not among them; once a minute at most.
pub struct Jwks<K> {
    client: Client,
    url: Url,
    clock: K,
    /// Held while the issuer is asked, so that others wait for the same answer.
    state: Mutex<State>,
}

type Asked = (Timestamp, Result<(), NoKeys>);

#[derive(Default)]
struct State {
    keys: Option<(SharedKeys, Timestamp)>,
    /// When the issuer was last asked since there were no keys, or old ones; and what came of it.
    renewed: Option<Asked>,
    /// The same since a token named a key that is not among them.
    searched: Option<Asked>,
}

/// The issuer's keys cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    /// It cannot be reached, or did not answer in time.
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

impl<K: Clock> Jwks<K> {
    /// The keys at an address. Nothing is fetched yet.
    pub fn new(url: Url, trust: &Trust, clock: K) -> Result<Self, reqwest::Error> {
        let client = http_client(&url, trust)?;
        Ok(Self { client, url, clock, state: Mutex::default() })
    }

    /// The keys in force.
    pub(crate) async fn keys(&self) -> Result<SharedKeys, NoKeys> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(keys) = state.kept(now, FRESH) {
            return Ok(keys);
        }
        let pause = if state.keys.is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
        let mut outcome = just_now(state.renewed.as_ref(), now, pause);
        if outcome.is_none() {
            outcome = Some(self.ask(&mut state, now).await);
            state.renewed = outcome.clone().map(|outcome| (now, outcome));
        }
        // Old keys are better than none, for a while.
        state.kept(now, BELIEVED).ok_or_else(|| {
            let why = outcome.and_then(Result::err);
            why.unwrap_or(NoKeys::NoAnswer)
        })
    }

    /// Keys that came after the given ones; `None` where the issuer has no others, or was asked
    /// only just.
    pub(crate) async fn newer_than(&self, old: &SharedKeys) -> Result<Option<SharedKeys>, NoKeys> {
        let mut state = self.state.lock().await;
        let newer = |state: &State| {
            let (keys, _) = state.keys.as_ref()?;
            (!Arc::ptr_eq(keys, old)).then(|| Arc::clone(keys))
        };
        if let Some(keys) = newer(&state) {
            return Ok(Some(keys));
        }
        let now = self.clock.now();
        if let Some(outcome) = just_now(state.searched.as_ref(), now, PAUSE) {
            return outcome.map(|()| None);
        }
        // Noted first: a caller who is cut off while waiting must not have the next ask at once.
        state.searched = Some((now, Err(NoKeys::NoAnswer)));
        let outcome = self.ask(&mut state, now).await;
        state.searched = Some((now, outcome.clone()));
        outcome.map(|()| newer(&state))
    }

    async fn ask(&self, state: &mut State, now: Timestamp) -> Result<(), NoKeys> {
        let fetched = tokio::time::timeout(PATIENCE, self.fetch()).await;
        let fetched = fetched.unwrap_or(Err(NoKeys::NoAnswer));
        fetched.map(|keys| state.keys = Some((Arc::new(keys), now)))
    }

    async fn fetch(&self) -> Result<KeySet, NoKeys> {
        let request = self.client.get(self.url.clone()).header("Accept", "application/json");
        let mut answer = request.send().await.map_err(|_| NoKeys::NoAnswer)?;
        if !answer.status().is_success() {
            return Err(NoKeys::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| NoKeys::NoAnswer)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(NoKeys::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(KeySet::of_issuer(&body)?)
    }
}

/// What came of asking, where that was so short a time ago that it is not done again.
fn just_now(asked: Option<&Asked>, now: Timestamp, pause: Duration) -> Option<Result<(), NoKeys>> {
    let (then, outcome) = asked?;
    (now < then.plus(pause)).then(|| outcome.clone())
}

impl State {
    /// The keys, if they came no longer ago.
    fn kept(&self, now: Timestamp, no_longer_than: Duration) -> Option<SharedKeys> {
        let (keys, since) = self.keys.as_ref()?;
        (now < since.plus(no_longer_than)).then(|| Arc::clone(keys))
    }
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
