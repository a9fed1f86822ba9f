//! The Lambda program behind `GET /dashboard/orders/{orderId}`.

// The whole program is one future of futures.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_kit::aws::AwsSettings;
use lambda_kit::config::{Environment, Reader, Settings};
use lambda_kit::lines::Lines;
use lambda_kit::metrics::EmbeddedMetrics;
use lambda_kit::{Observers, Service, logging, service, stripe_key, traces};
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::tower::{self, ServiceExt};
use lambda_runtime::{Error, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use orders::{SystemClock, Timestamp};
use orders_dynamodb::CommerceTable;
use orders_http::{Invocation, LambdaResponse};
use serde_json::value::RawValue;

/// The longest that the start waits for DynamoDB. A connection and a query take some milliseconds.
const WARM_UP: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let mut reader = Reader::new(&environment);
    let (log_format, concurrency) = (reader.log_format(), reader.concurrency());
    let (settings, aws) = (reader.settings(), reader.aws());
    let observers = reader.metrics().zip(reader.traces());
    let ((settings, aws), observers) = match reader.finish(settings.zip(aws).zip(observers)) {
        Ok(read) => read,
        Err(mistakes) => return cannot_start(&mistakes),
    };
    let (metrics, traces) = observers;
    let traces = match traces::start(traces, &settings.stripe.trust) {
        Ok(traces) => traces,
        Err(mistake) => return cannot_start(&[mistake]),
    };
    logging::start(log_format, settings.log_level, traces.as_ref());
    let metrics = metrics.map(EmbeddedMetrics::new);
    let lines = Lines::new(log_format, settings.log_level, metrics);
    let observers = Observers::new(lines, traces);
    let run = |rt: tokio::runtime::Runtime| rt.block_on(run(settings, aws, observers));
    match runtime(concurrency).map_err(Error::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cannot_start(&[error]),
    }
}

/// A single thread where Lambda hands out one invocation at a time, several where it does not.
fn runtime(concurrency: u32) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if concurrency > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build()
}

async fn run(settings: Settings, aws: AwsSettings, observers: Observers) -> Result<(), Error> {
    let table = CommerceTable::new(aws.dynamodb(), settings.table.clone(), SystemClock);
    // What an order takes of DynamoDB is made ready while nobody waits for it yet.
    let (key, ()) =
        tokio::join!(stripe_key(&settings.stripe.key, || aws.parameters()), table.warm_up(WARM_UP));
    let service = Arc::new(service(settings, key?, table)?);
    let observers = Arc::new(observers);
    let handler = {
        let observers = Arc::clone(&observers);
        service_fn(move |event| handle(Arc::clone(&service), Arc::clone(&observers), event))
    };
    let observed = layer_fn(move |runtime| observed(runtime, Arc::clone(&observers)));
    Runtime::new(handler).layer(observed).run_concurrent().await
}

async fn handle(
    service: Arc<Service>,
    observers: Arc<Observers>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<LambdaResponse, Error> {
    let context = event.context;
    // Zero is no deadline, but the absence of one.
    let deadline = i64::try_from(context.deadline).ok().filter(|millis| *millis > 0);
    let deadline = deadline.and_then(|millis| Timestamp::from_millis(millis).ok());
    let invocation = Invocation { id: context.request_id, deadline, trace: context.xray_trace_id };
    let reply = service.answer(event.payload.get(), &invocation).await;
    let (response, report) = reply.into_lambda();
    observers.note(report, deadline);
    Ok(response)
}

/// What the runtime does for an invocation, and after it, while Lambda still lets the process run,
/// what there is to say of it: whoever waits for the answer has it by then.
fn observed<R>(
    runtime: R,
    observers: Arc<Observers>,
) -> impl tower::Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone + Send
where
    R: tower::Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone + Send,
{
    service_fn(move |invocation: LambdaInvocation| {
        let (runtime, observers) = (runtime.clone(), Arc::clone(&observers));
        async move {
            let id = invocation.context.request_id.clone();
            let outcome = runtime.oneshot(invocation).await;
            observers.tell(&id).await;
            outcome
        }
    })
}

#[expect(clippy::print_stderr, reason = "the program cannot start; this is where operators look")]
fn cannot_start<E: std::fmt::Display>(problems: &[E]) -> ExitCode {
    for problem in problems {
        eprintln!("get-order cannot start: {problem}");
    }
    ExitCode::FAILURE
}
