use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::FutureExt;
use orders::ports::{Checkout, CheckoutError, Retrieved};
use orders::{Clock, OrderId, RequestContext};
use outbound::{Trust, http_client};
use reqwest::{Client, Url};
use serde::de::DeserializeOwned;
use tracing::{Instrument, Span};

use crate::attempt::{Attempt, Failure, attempt};
use crate::breaker::{Breaker, IsOpen, Permit};
use crate::flights::{Flight, Flights};
use crate::normalize::{checkout, expect_session};
use crate::pace::{Pace, TooLate};
use crate::wire::{LineList, Session};
use crate::{Backoff, Malformed, Mode, SecretKey, StripeError, StripeKeys};

/// The version of Stripe's API that every request asks for, whatever the account's own is. The
/// one against whose published schema the wire types were written.
pub const STRIPE_VERSION: &str = "2026-09-30.endive";

/// What comes with a session. Stripe takes no others that would be of use (`shipping_details` is
/// none, and asking for it is an error), and none deeper than 4 levels.
const EXPAND_SESSION: [&str; 4] =
    ["line_items", "line_items.data.price.product", "customer", "payment_intent.latest_charge"];

/// What comes with a page of lines.
const EXPAND_LINES: [&str; 1] = ["data.price.product"];

/// An attempt with less time than this would only cost a call.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(50);

/// An attempt that had this long and was not answered tells that Stripe is slow, and not only that
/// the request had little time left.
const TELLING_ATTEMPT: Duration = Duration::from_millis(500);

/// No session has this many pages of 100 lines; a list that goes on makes no sense.
const MOST_PAGES: usize = 100;

/// How Stripe is asked.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// The key, which also says the mode.
    pub keys: StripeKeys,
    /// Where Stripe's API is; a path is kept as a prefix.
    pub base: Url,
    /// The longest time for one attempt.
    pub timeout: Duration,
    /// The most repetitions of one call.
    pub max_retries: u32,
    /// The most calls per second of this process, repetitions included.
    pub rate_per_second: NonZeroU32,
    /// Whose word is taken that it is Stripe.
    pub trust: Trust,
    /// How long to wait before a repetition.
    pub backoff: Backoff,
}

/// Stripe's Checkout Sessions.
#[derive(Clone, Debug)]
pub struct StripeCheckout<K> {
    pub(crate) inner: Arc<Inner<K>>,
    flights: Flights,
}

#[derive(Debug)]
pub(crate) struct Inner<K> {
    config: StripeConfig,
    client: Client,
    pace: Pace,
    breaker: Breaker,
    clock: K,
}

impl<K: Clock + 'static> StripeCheckout<K> {
    /// A client that keeps its connections. Nothing is sent yet.
    pub fn new(config: StripeConfig, clock: K) -> Result<Self, reqwest::Error> {
        let client = http_client(&config.base, &config.trust)?;
        let pace = Pace::new(config.rate_per_second);
        let inner = Arc::new(Inner { config, client, pace, breaker: Breaker::default(), clock });
        Ok(Self { inner, flights: Flights::default() })
    }
}

impl<K: Clock + 'static> Checkout for StripeCheckout<K> {
    async fn retrieve(
        &self,
        context: &RequestContext,
        order: &OrderId,
    ) -> Result<Retrieved, CheckoutError> {
        if Mode::of_session(order) != Some(self.inner.config.keys.mode()) {
            return Ok(Retrieved::NotAsked);
        }
        loop {
            let (flight, is_ours) = self.join(context, order);
            if is_ours {
                // It ends by our deadline, and is not to be cut off before its last attempt has
                // said how it failed.
                return Ok(flight.await?);
            }
            let left = self.inner.left(context);
            match tokio::time::timeout(left, flight).await {
                Err(_elapsed) => return Err(StripeError::OutOfTime.into()),
                // Somebody else's call, which had less time than we have: once more.
                Ok(Err(error))
                    if error.is_want_of_time()
                        && self.inner.left(context) > self.inner.telling_attempt() => {}
                Ok(outcome) => return Ok(outcome?),
            }
        }
    }
}

impl<K: Clock + 'static> StripeCheckout<K> {
    /// Joins the call for an order that is under way, or starts one. Also says whether it was
    /// started here.
    fn join(&self, context: &RequestContext, order: &OrderId) -> (Flight, bool) {
        self.flights.join(order, || {
            let (inner, context, order) = (Arc::clone(&self.inner), context.clone(), order.clone());
            let call = async move { inner.retrieve(&context, &order).await };
            // Whoever drives it, it belongs to the trace of who started it.
            call.instrument(Span::current()).with_context(Context::current())
        })
    }
}

impl<K: Clock> Inner<K> {
    async fn retrieve(
        &self,
        context: &RequestContext,
        order: &OrderId,
    ) -> Result<Retrieved, StripeError> {
        let fetched_at = self.clock.now();
        let url = self.url(&[order.as_str()], &EXPAND_SESSION);
        let Some(mut session) = self.get::<Session>(context, &url).await? else {
            return Ok(Retrieved::Absent);
        };
        let nonsense = |malformed| nonsense(context, malformed);
        expect_session(&session, order).map_err(nonsense)?;
        if let Some(lines) = &mut session.line_items {
            self.complete(context, order, lines).await?;
        }
        let found = checkout(order.clone(), session, fetched_at).map_err(nonsense)?;
        let found = found.answered_at(self.clock.now());
        Ok(Retrieved::Found(Arc::new(found)))
    }

    /// Fetches the lines that did not come with the session.
    async fn complete(
        &self,
        context: &RequestContext,
        order: &OrderId,
        lines: &mut LineList,
    ) -> Result<(), StripeError> {
        let nonsense = |field: &str| nonsense(context, Malformed::at(field));
        for _ in 0..MOST_PAGES {
            if lines.has_more != Some(true) {
                return Ok(());
            }
            let last = lines.last_id().ok_or_else(|| nonsense("line_items.data[].id"))?.to_owned();
            let mut url = self.url(&[order.as_str(), "line_items"], &EXPAND_LINES);
            url.query_pairs_mut().append_pair("limit", "100").append_pair("starting_after", &last);
            let page = self.get::<LineList>(context, &url).await?;
            // The session was there a moment ago.
            let page = page.ok_or_else(|| nonsense("line_items"))?;
            // A page that ends where the last one did would go on for ever.
            let goes_on = page.last_id().is_some_and(|id| id != last);
            if page.has_more == Some(true) && !goes_on {
                return Err(nonsense("line_items.has_more"));
            }
            lines.data.extend(page.data);
            lines.has_more = page.has_more;
        }
        Err(nonsense("line_items.has_more"))
    }

    pub(crate) fn url(&self, segments: &[&str], expand: &[&str]) -> Url {
        let mut url = self.config.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "checkout", "sessions"]).extend(segments);
        }
        url.query_pairs_mut().extend_pairs(expand.iter().map(|field| ("expand[]", field)));
        url
    }

    /// Gets an object, repeating the request as far as the deadline allows. `None`: Stripe knows
    /// no such object.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        context: &RequestContext,
        url: &Url,
    ) -> Result<Option<T>, StripeError> {
        let (mut failures, mut has_other_key) = (0, false);
        loop {
            let key = self.config.keys.current();
            let number = failures + 1 + u32::from(has_other_key);
            let failure = match self.try_once(context, url, &key, number).await? {
                Attempt::Found(object) => return Ok(Some(object)),
                Attempt::Absent => return Ok(None),
                Attempt::Failed(failure) => failure,
            };
            let is_refused = failure.error.is_about_the_key() && !has_other_key;
            if is_refused && self.config.keys.replace(&key, context, &self.clock).await {
                has_other_key = true;
                continue;
            }
            failures += 1;
            let wait =
                self.config.backoff.after(failures).max(failure.retry_after.unwrap_or_default());
            let too_late = self.left(context) < wait.saturating_add(SHORTEST_ATTEMPT);
            // What has just failed is a better answer than that nobody is let through.
            let refused = self.breaker.check(self.clock.now().plus(wait)).is_err();
            if refused || !failure.is_worth_repeating() {
                return Err(failure.error);
            }
            if too_late {
                return Err(StripeError::NoTimeToRepeat(Box::new(failure.error)));
            }
            if failures > self.config.max_retries {
                return Err(failure.error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes one attempt, once it is its turn.
    async fn try_once<T: DeserializeOwned>(
        &self,
        context: &RequestContext,
        url: &Url,
        key: &SecretKey,
        number: u32,
    ) -> Result<Attempt<T>, StripeError> {
        let permit = self.admit(context).await?;
        let left = self.left(context);
        if left < SHORTEST_ATTEMPT {
            return Err(StripeError::OutOfTime);
        }
        let timeout = left.min(self.config.timeout);
        let outcome = attempt(&self.client, key, url, timeout, context, number).await;
        match &outcome {
            // Cut off by the request's own deadline so early that it says nothing about Stripe.
            Attempt::Failed(Failure { error: StripeError::Timeout, .. })
                if timeout < self.telling_attempt() => {}
            Attempt::Failed(failure) if failure.error.is_an_outage() => {
                permit.failed(self.clock.now());
            }
            _ => permit.answered(),
        }
        Ok(outcome)
    }

    /// Waits until another call is within the rate, unless Stripe is known to fail.
    async fn admit(&self, context: &RequestContext) -> Result<Permit<'_>, StripeError> {
        let left = || self.left(context).saturating_sub(SHORTEST_ATTEMPT);
        // Before the queue and at its head, or an outage would cost waiting and turns.
        self.breaker.check(self.clock.now())?;
        let head = self.pace.queue(left(), self.telling_attempt()).await?;
        self.breaker.check(self.clock.now())?;
        head.turn(left).await?;
        Ok(self.breaker.admit(self.clock.now())?)
    }

    fn telling_attempt(&self) -> Duration {
        self.config.timeout.min(TELLING_ATTEMPT)
    }

    fn left(&self, context: &RequestContext) -> Duration {
        context.deadline.remaining(self.clock.now())
    }
}

impl From<IsOpen> for StripeError {
    fn from(IsOpen: IsOpen) -> Self {
        Self::Paused
    }
}

impl From<TooLate> for StripeError {
    fn from(TooLate: TooLate) -> Self {
        Self::RateBudget
    }
}

pub(crate) fn nonsense(context: &RequestContext, malformed: Malformed) -> StripeError {
    let request_id = context.ledger.usage().stripe_request_id;
    StripeError::Malformed {
        malformed,
        request_id: request_id.unwrap_or_else(|| "unknown".to_owned()),
    }
}
