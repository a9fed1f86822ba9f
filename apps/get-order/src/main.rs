//! The Lambda program behind `GET /dashboard/orders/{orderId}`.

use std::process::ExitCode;
use std::sync::Arc;

use get_order::aws::AwsSettings;
use get_order::config::{Environment, Reader, Settings};
use get_order::{Service, logging, service, stripe_key};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use orders::Timestamp;
use orders_http::{Invocation, LambdaResponse};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let mut reader = Reader::new(&environment);
    let (log_format, concurrency) = (reader.log_format(), reader.concurrency());
    let (settings, aws) = (reader.settings(), reader.aws());
    let (settings, aws) = match reader.finish(settings.zip(aws)) {
        Ok(read) => read,
        Err(mistakes) => return cannot_start(&mistakes),
    };
    logging::start(log_format, settings.log_level);
    match runtime(concurrency).map_err(Error::from).and_then(|rt| rt.block_on(run(settings, aws))) {
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

async fn run(settings: Settings, aws: AwsSettings) -> Result<(), Error> {
    let key = stripe_key(&settings.stripe.key, || aws.ssm()).await?;
    let service = Arc::new(service(settings, key, aws.dynamodb())?);
    let handler = service_fn(move |event| handle(Arc::clone(&service), event));
    Runtime::new(handler).run_concurrent().await
}

async fn handle(
    service: Arc<Service>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<LambdaResponse, Error> {
    let context = event.context;
    // Zero is no deadline, but the absence of one.
    let deadline = i64::try_from(context.deadline).ok().filter(|millis| *millis > 0);
    let deadline = deadline.and_then(|millis| Timestamp::from_millis(millis).ok());
    let invocation = Invocation { id: context.request_id, deadline, trace: context.xray_trace_id };
    Ok(service.answer(event.payload.get(), &invocation).await.into_lambda())
}

#[expect(clippy::print_stderr, reason = "the program cannot start; this is where operators look")]
fn cannot_start<E: std::fmt::Display>(problems: &[E]) -> ExitCode {
    for problem in problems {
        eprintln!("get-order cannot start: {problem}");
    }
    ExitCode::FAILURE
}
