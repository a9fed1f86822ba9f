use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt, stream};
use opentelemetry::trace::FutureExt;
use orders::ports::{Checkout, EventStore, Payments};
use orders::{Clock, KeepTrue, OrderStatus, RequestContext, Timestamp};
use orders_http::{
    Answer, Degraded, Invocation, Posted, Trace, TraceHeaders, UserHasher, milliseconds,
};
use orders_stripe::{Event, Mode, Tolerance, UnverifiedEvent, WebhookSecrets, read_event};
use tracing::Instrument;

use crate::door::{Delivery, Door, Message, Record};
use crate::ending::Ending;
use crate::problem::Problem;
use crate::reply::{Failure, NotDone, Reply, Response, answer};
use crate::report::EventReport;
use crate::span::{record, span};

/// How many records of a batch are dealt with at a time.
const AT_A_TIME: usize = 4;

/// Where Stripe's events come in.
#[derive(Debug)]
pub struct Doors<S, C, K> {
    keeper: KeepTrue<S, C, K>,
    config: DoorsConfig,
    clock: K,
    /// Whether an event was dealt with before.
    is_warm: AtomicBool,
}

/// How events are believed and dealt with.
#[derive(Clone, Debug)]
pub struct DoorsConfig {
    /// What messages to the webhook are signed with. Without one none is believed.
    pub secrets: Option<WebhookSecrets>,
    /// How old, or how early, a signature may be.
    pub tolerance: Tolerance,
    /// The mode of Stripe's key; events of the other are not ours.
    pub mode: Mode,
    /// The longest time for one event.
    pub budget: Duration,
    /// Names members in the log.
    pub user_hasher: UserHasher,
}

/// One message on its way through a door.
struct Arrival<'a> {
    door: Door,
    request_id: String,
    trace: TraceHeaders,
    message: Message<'a>,
    /// When it arrived, where that was before this invocation.
    queued_at: Option<Timestamp>,
}

impl<S: EventStore, C: Checkout + Payments, K: Clock> Doors<S, C, K> {
    /// The doors before a use case.
    pub fn new(keeper: KeepTrue<S, C, K>, config: DoorsConfig, clock: K) -> Self {
        Self { keeper, config, clock, is_warm: AtomicBool::new(false) }
    }

    /// Lets in whatever Lambda hands on.
    pub async fn take(&self, event: &str, invocation: &Invocation) -> Reply {
        match Delivery::of(event) {
            Delivery::One(door, message) => self.one(door, message, invocation).await,
            Delivery::Batch(records) => self.batch(&records, invocation).await,
        }
    }

    /// Answers what was posted, for who serves it without Lambda.
    pub async fn answer(&self, event: &str, invocation: &Invocation) -> (Answer, EventReport) {
        let posted = Posted::from_event(event);
        let message = Message::Posted(Box::new(posted));
        let arrival = Arrival::at(Door::Webhook, message, invocation);
        let (ending, report) = self.through(&arrival, invocation).await;
        (answer(&ending, &report.request_id), report)
    }

    async fn one(&self, door: Door, message: Message<'_>, invocation: &Invocation) -> Reply {
        let arrival = Arrival::at(door, message, invocation);
        let (ending, report) = self.through(&arrival, invocation).await;
        let outcome = ending.outcome();
        let response = match &arrival.message {
            Message::Posted(posted) => {
                Ok(Response::Posted(posted.respond(answer(&ending, &report.request_id))))
            }
            _ if ending.has_to_come_again() => Err(NotDone { outcome }),
            _ => Ok(Response::Handed { outcome }),
        };
        Reply { response, reports: vec![report] }
    }

    async fn batch(&self, records: &[Record], invocation: &Invocation) -> Reply {
        // Boxed, or the compiler cannot tell for how long each borrows.
        let each: Vec<BoxFuture<'_, _>> =
            records.iter().map(|record| self.record(record, invocation).boxed()).collect();
        let ended: Vec<_> = stream::iter(each).buffered(AT_A_TIME).collect().await;
        let (failures, reports): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
        let batch_item_failures = failures.into_iter().flatten().collect();
        Reply { response: Ok(Response::Batch { batch_item_failures }), reports }
    }

    /// Deals with a record. One that can never be dealt with is done with, or it would come for ever.
    async fn record(
        &self,
        record: &Record,
        invocation: &Invocation,
    ) -> (Option<Failure>, EventReport) {
        let mut arrival = Arrival::at(Door::Queue, record.message(), invocation);
        record.id.clone_into(&mut arrival.request_id);
        arrival.queued_at = record.sent_at;
        let (ending, report) = self.through(&arrival, invocation).await;
        let failure = Failure { item_identifier: record.id.clone() };
        (ending.has_to_come_again().then_some(failure), report)
    }

    async fn through(
        &self,
        arrival: &Arrival<'_>,
        invocation: &Invocation,
    ) -> (Ending, EventReport) {
        let started = Instant::now();
        let trace = Trace::of(&arrival.trace, invocation.trace.as_deref());
        let span = {
            let _parent = trace.parent.clone().attach();
            span(arrival.door)
        };
        let through = self.account(started, arrival, invocation, &trace);
        through.instrument(span).with_context(trace.parent.clone()).await
    }

    async fn account(
        &self,
        started: Instant,
        arrival: &Arrival<'_>,
        invocation: &Invocation,
        trace: &Trace,
    ) -> (Ending, EventReport) {
        let deadline = invocation.deadline_within(self.config.budget, self.clock.now());
        let context = RequestContext::new(deadline);
        let (event, ending) = match self.believe(arrival) {
            Ok(event) => {
                let ending = self.heed(&context, &event).await;
                (Some(event), ending)
            }
            Err(ending) => (None, ending),
        };
        let now = self.clock.now();
        let created = event.as_ref().and_then(|event| event.created);
        let lag = created.filter(|_| ending.has_stored()).map(|created| between(created, now));
        let event_type = event.as_ref().map(|event| &event.event_type);
        let degraded = context.ledger.take_incidents();
        let degraded = degraded.iter().map(|it| Degraded::of(it, &arrival.request_id)).collect();
        let heeded = ending.heeded();
        let status = heeded.and_then(|heeded| heeded.status.as_ref()).map(OrderStatus::as_str);
        let owner = heeded.and_then(|heeded| heeded.owner.as_ref());
        let order = heeded.and_then(|heeded| heeded.order.as_ref());
        let report = EventReport {
            level: ending.severity(),
            message: "event",
            request_id: arrival.request_id.clone(),
            lambda_request_id: invocation.id.clone(),
            trace_id: trace.id(),
            door: arrival.door.as_str(),
            event_id: event.as_ref().map(|event| event.id.to_string()).unwrap_or_default(),
            event_type: event_type.map(ToString::to_string).unwrap_or_default(),
            kind: event_type.map_or("none", |event_type| event_type.family()),
            order_id: order.map(ToString::to_string).unwrap_or_default(),
            order_status: status.unwrap_or_default().to_owned(),
            user_hash: owner.map(|owner| self.config.user_hasher.name(owner)).unwrap_or_default(),
            outcome: ending.outcome(),
            reason: ending.reason(),
            status: ending.problem().map_or(200, Problem::status),
            copies: heeded.map_or(0, |heeded| heeded.copies),
            duration_ms: milliseconds(started.elapsed()),
            lag_ms: lag.map(milliseconds).unwrap_or_default(),
            usage: context.ledger.usage(),
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
            budget_left_ms: milliseconds(deadline.remaining(now)),
            degraded,
        };
        record(&report);
        (ending, report)
    }

    /// Believes a message, or says what it came to instead. What was posted is not parsed before
    /// its signature is verified.
    fn believe(&self, arrival: &Arrival<'_>) -> Result<Event, Ending> {
        let event = match &arrival.message {
            Message::Posted(posted) => {
                if posted.method != "POST" {
                    return Err(Ending::MethodNotAllowed);
                }
                let secrets = self.config.secrets.as_ref().ok_or(Ending::NoSecret)?;
                let Some(body) = &posted.body else {
                    return Err(Ending::NoEvent("the body was not handed on whole"));
                };
                let signature = posted.header("Stripe-Signature");
                // What waited in a queue is as old as it was when it came there, or an outage of
                // some minutes would make a forgery of it.
                let now = self.clock.now();
                let arrived_at = arrival.queued_at.map_or(now, |queued| queued.min(now));
                UnverifiedEvent::new(body, signature.as_deref())
                    .verify(secrets, self.config.tolerance, arrived_at)
                    .map_err(Ending::NotVerified)?
                    .read()
            }
            Message::Guarded(json) => read_event(json.as_bytes()),
            Message::Nothing => return Err(Ending::NoEvent("there is no event in it")),
        };
        event.map_err(Ending::Malformed)
    }

    async fn heed(&self, context: &RequestContext, event: &Event) -> Ending {
        if !event.is_ours(self.config.mode) {
            return Ending::Elsewhere;
        }
        let Some(hint) = event.hint() else { return Ending::Ignored };
        // Boxed, for it is large and many layers deep, and so are those around it.
        match Box::pin(self.keeper.heed(context, &hint)).await {
            Ok(heeded) => Ending::Heeded(heeded),
            Err(error) => Ending::Failed(error),
        }
    }
}

impl<'a> Arrival<'a> {
    fn at(door: Door, mut message: Message<'a>, invocation: &Invocation) -> Self {
        let (request_id, trace) = match &mut message {
            Message::Posted(posted) => {
                (posted.request_id.take(), std::mem::take(&mut posted.trace))
            }
            Message::Guarded(_) | Message::Nothing => (None, TraceHeaders::default()),
        };
        let request_id = request_id.unwrap_or_else(|| invocation.id.clone());
        Self { door, request_id, trace, message, queued_at: None }
    }
}

/// From one moment to another; nothing where Stripe's clock is ahead of ours.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(to.millis() - from.millis()).unwrap_or(0))
}
