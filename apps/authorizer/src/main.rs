//! The Lambda authorizer of the REST API: says whose a bearer token is, or that it is nobody's.

// The whole program is one future of futures.
#![recursion_limit = "256"]

mod authorizer;
mod config;
mod event;
mod policy;
mod report;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_kit::config::Reader;
use lambda_kit::{Observers, program};
use lambda_runtime::Error;

use crate::authorizer::Authorizer;
use crate::config::Settings;
use crate::report::Authorization;

fn main() -> ExitCode {
    let read = |reader: &mut Reader<'_>| {
        let settings = Settings::read(reader)?;
        let log_level = settings.log_level;
        Some((settings, log_level))
    };
    program::run("authorizer", read, run)
}

async fn run(settings: Settings, observers: Observers<Authorization>) -> Result<(), Error> {
    let authorizer = Arc::new(Authorizer::new(settings.verifier().await?));
    authorizer.warm_up().await;
    program::serve(observers, move |event, invocation| {
        let authorizer = Arc::clone(&authorizer);
        async move {
            let (decision, account) = authorizer.decide(event.get(), &invocation).await;
            (decision, vec![account])
        }
    })
    .await
}
