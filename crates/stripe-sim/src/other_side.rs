//! The other side in the process: what happens to orders, and who is told of it.

use serde_json::Value;

use crate::acting::happening;
use crate::clock::Clock;
use crate::server::lock;
use crate::{Act, CannotAct, Endpoint, LoggedEvent, Order, StripeSim};

/// There is no event with this id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("event: there is none with the id {0}")]
pub struct NoSuchEvent(pub String);

impl StripeSim {
    /// Lets something happen to the order of a session, as far as Stripe would, and sends the
    /// events that tell of it. Returns their ids, without waiting for their delivery.
    pub fn act(&self, session: &str, act: Act) -> Result<Vec<String>, CannotAct> {
        self.state.act(session, act)
    }

    /// Sends an event of any type about any object, and returns its id.
    pub fn emit(&self, kind: &str, object: Value) -> String {
        self.state.webhooks.emit(vec![happening(kind, object, None)]).remove(0)
    }

    /// Sends the events from now on to an endpoint as well; one of the same address gives way.
    pub fn register(&self, endpoint: Endpoint) {
        self.state.webhooks.register(endpoint);
    }

    /// Every event so far, oldest first, with the attempts to deliver it.
    pub fn events(&self) -> Vec<LoggedEvent> {
        self.state.webhooks.log()
    }

    /// Sends an event once more to every endpoint, whether it was taken before or not.
    pub fn resend(&self, event: &str) -> Result<(), NoSuchEvent> {
        self.state.webhooks.resend(event).ok_or_else(|| NoSuchEvent(event.to_owned()))
    }

    /// Holds events back from now on, repetitions included. What is on the wire still arrives.
    pub fn pause_deliveries(&self) {
        self.state.webhooks.pause();
    }

    /// Lets go of what was held back, and of what follows.
    pub fn resume_deliveries(&self, order: Order) {
        self.state.webhooks.resume(order);
    }

    /// Waits until every delivery is done, given up or held back. Returns the ids of the events
    /// that some endpoint has not taken; none, if all is well.
    pub async fn settled(&self) -> Vec<String> {
        self.state.webhooks.settled().await
    }

    /// Tells the time by another clock, in epoch seconds. Waits between attempts keep the
    /// runtime's time.
    pub fn use_clock(&self, now: impl Fn() -> i64 + Send + Sync + 'static) {
        self.state.webhooks.use_clock(Clock::new(now));
    }
}

impl crate::server::Shared {
    /// The shop is locked until the events are in the log, so that they stand there in the order
    /// in which things happened.
    pub(crate) fn act(&self, session: &str, act: Act) -> Result<Vec<String>, CannotAct> {
        let mut shop = lock(&self.shop);
        let told = shop.act(session, act, self.webhooks.now())?;
        Ok(self.webhooks.emit(told))
    }
}
