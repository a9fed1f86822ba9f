//! The local stack: the endpoint over HTTP, with everything it needs, in one command.

mod banner;
mod cli;
mod demo;
mod figures;
mod gateway;
mod stack;

use std::process::ExitCode;

use clap::Parser;
use lambda_kit::config::Environment;

use crate::cli::Arguments;
use crate::stack::{CannotStart, Stack};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse(), Environment::of_process()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(CannotStart(problems)) => {
            banner::cannot_start(&problems);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, environment: Environment) -> Result<(), CannotStart> {
    let stack = Stack::build(&arguments, environment).await?;
    if arguments.emit_env {
        banner::environment(&stack);
    } else {
        banner::welcome(&stack);
    }
    stack.serve().await
}
