//! Measurements, run by hand: `cargo run --release -p bench -- --help`.
#![expect(clippy::print_stdout, reason = "this is what the terminal is for")]

mod canned;
mod compare;
mod concurrency;
mod contenders;
mod fallback;
mod figures;
mod growth;
mod http;
mod load;
mod observed;
mod output;
mod process;
mod programs;
mod sandbox;
mod server;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Measurements: each prints a figure, its spread, and what it is compared with.")]
struct Arguments {
    /// Prints the figures as JSON.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The Lambda program beside a bare query of the SDK and, on request, beside boto3.
    Compare(compare::Arguments),
    /// What a lookup costs as a member's orders and the table grow: read units, rows, time.
    Growth(growth::Arguments),
    /// An order that only Stripe has beside one that is stored.
    Fallback(fallback::Arguments),
    /// The local server with 1 to 64 callers at the same time.
    Concurrency(concurrency::Arguments),
    /// The local server under load from `oha`: requests a second, latencies, errors, memory.
    Load(load::Arguments),
    /// What logs, figures and spans cost the Lambda program: CPU time and output of a request.
    Observed(observed::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.what {
        What::Compare(what) => output::print(&compare::run(&what)?, arguments.json),
        What::Growth(what) => output::print(&growth::run(&what).await?, arguments.json),
        What::Fallback(what) => output::print(&fallback::run(&what).await?, arguments.json),
        What::Concurrency(what) => output::print(&concurrency::run(&what)?, arguments.json),
        What::Load(arguments) => load::run(&arguments),
        What::Observed(arguments) => observed::run(&arguments).await,
    }
}
