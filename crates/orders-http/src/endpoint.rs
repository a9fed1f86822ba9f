use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::trace::FutureExt;
use orders::{
    Answered, Caller, Clock, Fault, GetOrderError, OrderId, RequestContext, Source, Usage,
};
use serde::Serialize;
use tracing::Instrument;

use crate::UserHasher;
use crate::answer::{Answer, LambdaResponse, entity_tag, matches};
use crate::cors::{CorsPolicy, METHODS};
use crate::ending::Ending;
use crate::event::{HeaderStyle, UntrustedRequest};
use crate::find_order::FindOrder;
use crate::identity::{Unidentified, caller};
use crate::invocation::Invocation;
use crate::problem::{Problem, order_id};
use crate::report::{Degraded, Report, milliseconds};
use crate::trace::{self, Trace};

/// The most that Lambda carries in an answer is 6 MB; the rest is for the headers.
const MAX_BODY: usize = 6 * 1024 * 1024 - 64 * 1024;

/// Most answers are shorter than this, in bytes; a longer one takes more memory as it grows.
const USUAL_BODY: usize = 4 * 1024;

/// How soon a caller may try again after a 503, in seconds.
const RETRY_AFTER: &str = "2";

/// The endpoint `GET /dashboard/orders/{orderId}`.
#[derive(Debug)]
pub struct Endpoint<F, K> {
    orders: F,
    config: EndpointConfig,
    clock: K,
    /// Whether a request was answered before.
    is_warm: AtomicBool,
}

/// How requests are answered.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Which pages may read the answers.
    pub cors: CorsPolicy,
    /// The longest time for one request.
    pub budget: Duration,
    /// Names members in the log, where there is a key to do it with.
    pub user_hasher: Option<UserHasher>,
}

/// An answer, and the shape in which its asker wants it.
#[derive(Clone)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// What is known of the request, for the log.
    pub report: Report,
    load_balancer: Option<HeaderStyle>,
}

impl Reply {
    /// The answer as Lambda hands it on, and the account of the request.
    pub fn into_lambda(self) -> (LambdaResponse, Report) {
        (LambdaResponse::new(self.answer, self.load_balancer), self.report)
    }
}

impl<F: FindOrder, K: Clock> Endpoint<F, K> {
    /// The endpoint over its use case.
    pub fn new(orders: F, config: EndpointConfig, clock: K) -> Self {
        Self { orders, config, clock, is_warm: AtomicBool::new(false) }
    }

    /// Answers an event. Every event gets an answer.
    pub async fn answer(&self, event: &str, invocation: &Invocation) -> Reply {
        let started = Instant::now();
        let request = UntrustedRequest::from_event(event);
        let trace = Trace::of(&request.trace, invocation.trace.as_deref());
        let span = trace.span(&request.method);
        let reply = self.reply(started, request, invocation, &trace);
        reply.instrument(span).with_context(trace.parent.clone()).await
    }

    async fn reply(
        &self,
        started: Instant,
        request: UntrustedRequest,
        invocation: &Invocation,
        trace: &Trace,
    ) -> Reply {
        let deadline = invocation.deadline_within(self.config.budget, self.clock.now());
        let context = RequestContext::new(deadline);
        let request_id = request.request_id.as_ref().unwrap_or(&invocation.id);
        let caller = caller(&request.authorizer);
        let order = order_id(&request.order);

        let ending = if request.method == "OPTIONS" {
            Ending::Preflight
        } else {
            self.find(&request.method, caller.as_ref(), order.as_ref(), &context).await
        };
        let usage = context.ledger.usage();
        let (ending, answer) = self.write(&request, ending, request_id, &usage);
        let degraded = context.ledger.take_incidents();
        let degraded = degraded.iter().map(|it| Degraded::of(it, request_id)).collect();
        let hasher = self.config.user_hasher.as_ref();
        let user_hash = hasher.zip(caller.as_ref().ok());
        let user_hash = user_hash.map(|(hasher, caller)| hasher.name(caller.user_id()));
        let report = Report {
            level: ending.severity(),
            message: "request",
            request_id: request_id.clone(),
            lambda_request_id: invocation.id.clone(),
            trace_id: trace.id(),
            order_id: order.as_ref().map(ToString::to_string).unwrap_or_default(),
            user_hash: user_hash.unwrap_or_default(),
            outcome: ending.outcome(),
            deny_reason: ending.deny_reason(),
            reason: ending.reason(),
            status: answer.status,
            duration_ms: milliseconds(started.elapsed()),
            budget_left_ms: milliseconds(context.deadline.remaining(self.clock.now())),
            cold_start: !self.is_warm.swap(true, Ordering::Relaxed),
            usage,
            degraded,
        };
        trace::record(&report);
        Reply { answer, report, load_balancer: request.load_balancer }
    }

    /// Writes the answer. An order that cannot be handed on turns into a failure.
    fn write(
        &self,
        request: &UntrustedRequest,
        ending: Ending,
        request_id: &str,
        usage: &Usage,
    ) -> (Ending, Answer) {
        let (ending, mut answer) = match ending {
            Ending::Found(answered) => {
                match found(&answered, request.if_none_match.as_deref(), usage) {
                    Some(answer) => (Ending::Found(answered), answer),
                    None => failed(GetOrderError::Internal(Fault::TooLarge), request_id),
                }
            }
            Ending::Failed(error) => failed(error, request_id),
            Ending::Refused(problem, _) => (ending, refusal(problem, request_id)),
            Ending::Preflight => {
                let mut answer = bare(204);
                answer.headers.extend(CorsPolicy::preflight_headers());
                (ending, answer)
            }
        };
        if request.method == "HEAD" {
            answer.body.clear();
        }
        answer.headers.push(("X-Request-Id", request_id.to_owned()));
        answer.headers.extend(self.config.cors.headers(request.origin.as_deref()));
        (ending, answer)
    }

    /// The checks of the contract, in its order; the first that fails ends the request.
    async fn find(
        &self,
        method: &str,
        caller: Result<&Caller, &Unidentified>,
        order: Result<&OrderId, &Problem>,
        context: &RequestContext,
    ) -> Ending {
        if !matches!(method, "GET" | "HEAD") {
            return Ending::Refused(Problem::MethodNotAllowed, None);
        }
        let caller = match caller {
            Ok(caller) => caller,
            Err(why) => return Ending::Refused(Problem::Unauthorized, Some(*why)),
        };
        let order = match order {
            Ok(order) => order,
            Err(problem) => return Ending::Refused(*problem, None),
        };
        match self.orders.find(context, caller, order).await {
            Ok(answered) => Ending::Found(Box::new(answered)),
            Err(error) => Ending::Failed(error),
        }
    }
}

/// An answer with the headers of every answer, but those that depend on the request.
fn bare(status: u16) -> Answer {
    // An order, changed or not, is one member's.
    let vary = if matches!(status, 200 | 304) { "Origin, Authorization" } else { "Origin" };
    let headers = vec![
        ("Content-Type", "application/json; charset=utf-8".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Vary", vary.to_owned()),
    ];
    Answer { status, headers, body: String::new() }
}

fn refusal(problem: Problem, request_id: &str) -> Answer {
    let mut answer = bare(problem.status());
    answer.body = problem.body(request_id);
    let own = match problem {
        Problem::MethodNotAllowed => Some(("Allow", METHODS)),
        Problem::Unauthorized => Some(("WWW-Authenticate", "Bearer")),
        Problem::Unavailable => Some(("Retry-After", RETRY_AFTER)),
        Problem::MissingOrderId
        | Problem::InvalidOrderId
        | Problem::NotFound
        | Problem::Internal => None,
    };
    answer.headers.extend(own.map(|(name, value)| (name, value.to_owned())));
    answer
}

fn failed(error: GetOrderError, request_id: &str) -> (Ending, Answer) {
    let answer = refusal(Problem::from(&error), request_id);
    (Ending::Failed(error), answer)
}

/// The answer with an order. `None`: nobody could hand it on.
fn found(answered: &Answered, if_none_match: Option<&str>, usage: &Usage) -> Option<Answer> {
    #[derive(Serialize)]
    struct Body<'a> {
        order: &'a orders::Order,
    }

    // An order is text, numbers, lists and maps with text keys, all of which JSON can hold.
    let mut body = Vec::with_capacity(USUAL_BODY);
    serde_json::to_writer(&mut body, &Body { order: &answered.order }).ok()?;
    let body = String::from_utf8(body).ok()?;
    // On its way it is a text within JSON, in which these take two bytes.
    let doubled = || body.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    if body.len() > MAX_BODY / 2 && body.len() + doubled() > MAX_BODY {
        return None;
    }
    let tag = entity_tag(&body);
    let unchanged = if_none_match.is_some_and(|header| matches(header, &tag));
    let mut answer = bare(if unchanged { 304 } else { 200 });
    if !unchanged {
        answer.body = body;
    }
    let timing = format!(
        "store;dur={}, stripe;dur={}",
        milliseconds(usage.store_time),
        milliseconds(usage.stripe_time)
    );
    let source = match answered.source {
        Source::Snapshot => "snapshot",
        Source::Stripe => "stripe",
        Source::Stale => "stale",
    };
    answer.headers.extend([
        ("Cache-Control", "private, no-cache".to_owned()),
        ("ETag", tag),
        ("X-Order-Source", source.to_owned()),
        ("Server-Timing", timing),
    ]);
    Some(answer)
}
