//! Events leave as Stripe's do: at least once, in no promised order, until they are answered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use crate::acting::Happening;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::events::{Attempt, LoggedEvent};
use crate::sender::Sender;
use crate::server::lock;

/// How many webhooks are on the wire at once.
const AT_ONCE: usize = 32;

/// In which order the events leave that were held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest first, each after the one before was answered or has failed.
    AsMade,
    /// The newest first, each after the one before was answered or has failed.
    Reversed,
    /// In an order drawn with this seed, each after the one before was answered or has failed.
    Shuffled(u64),
    /// All at the same time.
    AtOnce,
}

#[derive(Debug)]
pub(crate) struct Webhooks {
    state: Mutex<State>,
    clock: Mutex<Clock>,
    /// How many deliveries are neither done nor given up nor held back.
    under_way: watch::Sender<usize>,
    wires: Semaphore,
    sender: Sender,
    runtime: Handle,
    /// The start of the ids of this run's events, so that no other run's are taken for them.
    run: String,
}

#[derive(Debug, Default)]
struct State {
    endpoints: Vec<Endpoint>,
    log: Vec<LoggedEvent>,
    /// What waits, oldest first, while deliveries are paused.
    held: Option<Vec<Delivery>>,
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
struct Delivery {
    /// The event's place in the log.
    event: usize,
    endpoint: String,
    number: u32,
    attempt: u32,
}

/// Counts a delivery as under way until it is dropped.
struct UnderWay(watch::Sender<usize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Webhooks {
    /// Must be called within a runtime, in which the deliveries then run.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            clock: Mutex::default(),
            under_way: watch::Sender::new(0),
            wires: Semaphore::new(AT_ONCE),
            sender: Sender::new(),
            runtime: Handle::current(),
            run: std::iter::repeat_with(fastrand::alphanumeric).take(12).collect(),
        })
    }

    pub(crate) fn now(&self) -> i64 {
        lock(&self.clock).now()
    }

    pub(crate) fn use_clock(&self, clock: Clock) {
        *lock(&self.clock) = clock;
    }

    /// Adds an endpoint, in place of one of that address.
    pub(crate) fn register(&self, endpoint: Endpoint) {
        let mut state = lock(&self.state);
        state.endpoints.retain(|other| other.url() != endpoint.url());
        state.endpoints.push(endpoint);
    }

    /// Logs what has happened and sends it. Returns the ids of the events.
    pub(crate) fn emit(self: &Arc<Self>, told: Vec<Happening>) -> Vec<String> {
        let now = self.now();
        let mut state = lock(&self.state);
        let endpoints = state.endpoints.len();
        let mut ids = Vec::with_capacity(told.len());
        for happening in told {
            let place = state.log.len();
            let id = format!("evt_1S{}{:08}", self.run, place + 1);
            state.log.push(LoggedEvent::new(&id, happening, now, endpoints));
            ids.push(id);
            for delivery in state.deliveries(place) {
                self.send(&mut state, delivery);
            }
        }
        ids
    }

    /// Sends an event once more to every endpoint. `None`: there is no such event.
    pub(crate) fn resend(self: &Arc<Self>, id: &str) -> Option<()> {
        let mut state = lock(&self.state);
        let place = state.log.iter().position(|logged| logged.id() == id)?;
        for delivery in state.deliveries(place) {
            self.send(&mut state, delivery);
        }
        Some(())
    }

    pub(crate) fn log(&self) -> Vec<LoggedEvent> {
        lock(&self.state).log.clone()
    }

    pub(crate) fn pause(&self) {
        lock(&self.state).held.get_or_insert_default();
    }

    /// Lets go of what was held back: one after the other in the order asked for, or all at once.
    pub(crate) fn resume(self: &Arc<Self>, order: Order) {
        let mut held = lock(&self.state).held.take().unwrap_or_default();
        match order {
            Order::AsMade => {}
            Order::Reversed => held.reverse(),
            Order::Shuffled(seed) => fastrand::Rng::with_seed(seed).shuffle(&mut held),
            Order::AtOnce => {
                for delivery in held {
                    self.see_through(delivery, Duration::ZERO, self.under_way());
                }
                return;
            }
        }
        let webhooks = Arc::clone(self);
        let guarded: Vec<_> = held.into_iter().map(|it| (it, self.under_way())).collect();
        self.runtime.spawn(async move {
            for (mut delivery, guard) in guarded {
                if let Some(wait) = webhooks.attempt(&mut delivery).await {
                    // The others need not wait for one that is refused.
                    webhooks.see_through(delivery, wait, guard);
                }
            }
        });
    }

    /// Waits until nothing is under way. Returns the ids of the events that some endpoint has not
    /// taken.
    pub(crate) async fn settled(&self) -> Vec<String> {
        // It fails only when the sender is gone, which is our own.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
        let state = lock(&self.state);
        let left = state.log.iter().filter(|logged| !logged.is_delivered());
        left.map(|logged| logged.id().to_owned()).collect()
    }

    fn send(self: &Arc<Self>, state: &mut State, delivery: Delivery) {
        match &mut state.held {
            Some(held) => held.push(delivery),
            None => self.see_through(delivery, Duration::ZERO, self.under_way()),
        }
    }

    fn under_way(&self) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(self.under_way.clone())
    }

    /// Tries after a wait, again and again, until the event is taken, given up or held back.
    fn see_through(self: &Arc<Self>, mut delivery: Delivery, wait: Duration, guard: UnderWay) {
        let webhooks = Arc::clone(self);
        self.runtime.spawn(async move {
            let _guard = guard;
            let mut next = Some(wait);
            while let Some(wait) = next {
                tokio::time::sleep(wait).await;
                next = webhooks.attempt(&mut delivery).await;
            }
        });
    }

    /// One attempt, signed at its own time. Returns how long to wait before the next, if there is
    /// to be one.
    async fn attempt(&self, delivery: &mut Delivery) -> Option<Duration> {
        let _wire = self.wires.acquire().await;
        let (endpoint, event) = lock(&self.state).take_up(delivery)?;
        let body = serde_json::to_vec_pretty(&event).unwrap_or_default();
        let at = self.now();
        let signature = endpoint.signature(&body, at, event["livemode"] == true);
        let outcome = self.sender.post(endpoint.url(), body, &signature, endpoint.patience()).await;
        let attempt = Attempt {
            endpoint: delivery.endpoint.clone(),
            delivery: delivery.number,
            number: delivery.attempt,
            at,
            outcome,
        };
        let wait = if attempt.is_delivered() { None } else { endpoint.wait_after(attempt.number) };
        lock(&self.state).log[delivery.event].record(attempt);
        delivery.attempt += 1;
        wait
    }
}

impl State {
    /// The deliveries of an event that are due now: so many copies for each endpoint.
    fn deliveries(&mut self, event: usize) -> Vec<Delivery> {
        let before = self.log[event].deliveries;
        let of = |endpoint: &Endpoint| {
            let url = endpoint.url().to_owned();
            (1..=endpoint.how_many_copies()).map(move |copy| Delivery {
                event,
                endpoint: url.clone(),
                number: before + copy,
                attempt: 1,
            })
        };
        let due: Vec<Delivery> = self.endpoints.iter().flat_map(of).collect();
        self.log[event].deliveries =
            due.iter().map(|delivery| delivery.number).max().unwrap_or(before);
        due
    }

    /// Where to and what to send now. `None`: the delivery is held back.
    fn take_up(&mut self, delivery: &Delivery) -> Option<(Endpoint, Value)> {
        if let Some(held) = &mut self.held {
            held.push(delivery.clone());
            return None;
        }
        let endpoint = self.endpoints.iter().find(|it| it.url() == delivery.endpoint)?;
        Some((endpoint.clone(), self.log[delivery.event].event.clone()))
    }
}
