//! The Lambda program behind `GET /dashboard/orders/{orderId}`.

use std::process::ExitCode;
use std::sync::Arc;

use get_order::aws::AwsSettings;
use get_order::config::{Environment, Reader, Settings};
use get_order::{Service, logging, metrics, service, stripe_key};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use metrics_cloudwatch_embedded::Collector;
use orders::Timestamp;
use orders_http::{Invocation, LambdaResponse};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let mut reader = Reader::new(&environment);
    let (log_format, concurrency) = (reader.log_format(), reader.concurrency());
    let (settings, aws, metrics) = (reader.settings(), reader.aws(), reader.metrics());
    let ((settings, aws), metrics) = match reader.finish(settings.zip(aws).zip(metrics)) {
        Ok(read) => read,
        Err(mistakes) => return cannot_start(&mistakes),
    };
    logging::start(log_format, settings.log_level);
    let figures = match metrics.map(metrics::start).transpose() {
        Ok(figures) => figures,
        Err(mistake) => return cannot_start(&[mistake]),
    };
    let run = |rt: tokio::runtime::Runtime| rt.block_on(run(settings, aws, figures));
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

async fn run(
    settings: Settings,
    aws: AwsSettings,
    figures: Option<&'static Collector>,
) -> Result<(), Error> {
    let key = stripe_key(&settings.stripe.key, || aws.ssm()).await?;
    let service = Arc::new(service(settings, key, aws.dynamodb())?);
    let handler = service_fn(move |event| handle(Arc::clone(&service), figures, event));
    Runtime::new(handler).run_concurrent().await
}

async fn handle(
    service: Arc<Service>,
    figures: Option<&'static Collector>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<LambdaResponse, Error> {
    let context = event.context;
    // Zero is no deadline, but the absence of one.
    let deadline = i64::try_from(context.deadline).ok().filter(|millis| *millis > 0);
    let deadline = deadline.and_then(|millis| Timestamp::from_millis(millis).ok());
    let invocation = Invocation { id: context.request_id, deadline, trace: context.xray_trace_id };
    let reply = service.answer(event.payload.get(), &invocation).await;
    if let Some(collector) = figures {
        metrics::flush(collector);
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
