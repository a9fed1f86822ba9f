//! The Lambda program that keeps stored orders true: Stripe's events in, by any of three doors.

// The whole program is one future of futures.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::aws::AwsSettings;
use lambda_kit::config::{Reader, Settings};
use lambda_kit::webhook::WebhookSettings;
use lambda_kit::{Observers, event_service, program, stripe_keys, webhook_secrets};
use lambda_runtime::Error;
use orders::SystemClock;
use orders_dynamodb::CommerceTable;
use orders_events::EventReport;

fn main() -> ExitCode {
    let read = |reader: &mut Reader<'_>| {
        let (settings, webhook, aws) = (reader.settings(), reader.webhook(), reader.aws());
        let (settings, (webhook, aws)) = settings.zip(webhook.zip(aws))?;
        let log_level = settings.log_level;
        Some(((settings, webhook, aws), log_level))
    };
    program::run("stripe-events", read, run)
}

async fn run(
    (settings, webhook, aws): (Settings, WebhookSettings, AwsSettings),
    observers: Observers<EventReport>,
) -> Result<(), Error> {
    let table = CommerceTable::new(aws.dynamodb(), settings.table.clone(), SystemClock);
    // What an event takes of DynamoDB is made ready while nobody waits for it yet.
    let (keys, secrets, ()) = tokio::join!(
        stripe_keys(&settings.stripe.key, || aws.parameters()),
        webhook_secrets(&webhook, || aws.parameters()),
        table.warm_up(program::WARM_UP)
    );
    let doors = Arc::new(event_service(&settings, &webhook, secrets?, keys?, table)?);
    program::serve(observers, move |event, invocation| {
        let doors = Arc::clone(&doors);
        async move {
            let reply = doors.take(event.get(), &invocation).await;
            (reply.response, reply.reports)
        }
    })
    .await
}
