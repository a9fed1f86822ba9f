//! The Lambda program behind `GET /dashboard/orders/{orderId}`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use get_order::aws::AwsSettings;
use get_order::config::{Environment, Reader, Settings};
use get_order::lines::Lines;
use get_order::metrics::EmbeddedMetrics;
use get_order::traces::Traces;
use get_order::{Service, logging, service, stripe_key, traces};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use orders::{Clock, Deadline, SystemClock, Timestamp};
use orders_http::{Degraded, Invocation, LambdaResponse, Severity};
use serde_json::value::RawValue;

/// What is left of an invocation's time for handing the answer over.
const LAMBDAS_SHARE: Duration = Duration::from_millis(100);

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
    let traces = match traces::start(traces) {
        Ok(traces) => traces,
        Err(mistake) => return cannot_start(&[mistake]),
    };
    logging::start(log_format, settings.log_level, traces.as_ref());
    let metrics = metrics.map(EmbeddedMetrics::new);
    let observers =
        Observers { lines: Lines::new(log_format, settings.log_level, metrics), traces };
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

/// Who gets to know what happened.
struct Observers {
    lines: Lines,
    traces: Option<Traces>,
}

async fn run(settings: Settings, aws: AwsSettings, observers: Observers) -> Result<(), Error> {
    let key = stripe_key(&settings.stripe.key, || aws.ssm()).await?;
    let service = Arc::new(service(settings, key, aws.dynamodb())?);
    let observers = Arc::new(observers);
    let handler =
        service_fn(move |event| handle(Arc::clone(&service), Arc::clone(&observers), event));
    Runtime::new(handler).run_concurrent().await
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
    observers.lines.write(&reply.report);
    if let Some(traces) = &observers.traces {
        // Once the answer is out, the process may be stopped for hours.
        let left =
            deadline.map_or(Duration::MAX, |at| Deadline::at(at).remaining(SystemClock.now()));
        if let Err(not_sent) = traces.flush(left.saturating_sub(LAMBDAS_SHARE)).await {
            let cause = not_sent.to_string();
            let line = Degraded::new(Severity::Warn, &reply.report.request_id, cause);
            observers.lines.write_degraded(&line);
        }
    }
    Ok(reply.into_lambda())
}

#[expect(clippy::print_stderr, reason = "the program cannot start; this is where operators look")]
fn cannot_start<E: std::fmt::Display>(problems: &[E]) -> ExitCode {
    for problem in problems {
        eprintln!("get-order cannot start: {problem}");
    }
    ExitCode::FAILURE
}
