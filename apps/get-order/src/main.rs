//! The Lambda program behind `GET /dashboard/orders/{orderId}`.

// The whole program is one future of futures.
#![recursion_limit = "256"]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::aws::AwsSettings;
use lambda_kit::config::{Reader, Settings};
use lambda_kit::{Observers, program, start_service};
use lambda_runtime::Error;
use orders_http::Report;

fn main() -> ExitCode {
    let read = |reader: &mut Reader<'_>| {
        let (settings, aws) = (reader.settings(), reader.aws());
        let settings = settings.zip(aws)?;
        let log_level = settings.0.log_level;
        Some((settings, log_level))
    };
    program::run("get-order", read, run)
}

async fn run(
    (settings, aws): (Settings, AwsSettings),
    observers: Observers<Report>,
) -> Result<(), Error> {
    let service = Arc::new(start_service(settings, &aws).await?);
    program::serve(observers, move |event, invocation| {
        let service = Arc::clone(&service);
        async move {
            let reply = service.answer(event.get(), &invocation).await;
            let (response, report) = reply.into_lambda();
            (Ok::<_, Infallible>(response), vec![report])
        }
    })
    .await
}
