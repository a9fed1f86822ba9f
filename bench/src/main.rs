//! Measurements, run by hand: `cargo run --release -p bench -- --help`.
#![expect(clippy::print_stdout, reason = "this is what the terminal is for")]

mod figures;
mod load;
mod observed;
mod programs;
mod server;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Measurements: each prints a figure, its spread, and what it is compared with.")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The local server under load from `oha`: requests a second, latencies, errors, memory.
    Load(load::Arguments),
    /// What logs, figures and spans cost the Lambda program: CPU time and output of a request.
    Observed(observed::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().what {
        What::Load(arguments) => load::run(&arguments),
        What::Observed(arguments) => observed::run(&arguments).await,
    }
}
