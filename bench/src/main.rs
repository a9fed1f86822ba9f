//! Measurements, run by hand: `cargo run --release -p bench -- --help`.
#![expect(clippy::print_stdout, reason = "this is what the terminal is for")]

mod accounts;
mod canned;
mod compare;
mod concurrency;
mod contenders;
mod events;
mod fallback;
mod figures;
mod growth;
mod guard;
mod http;
mod load;
mod observed;
mod output;
mod plot;
mod process;
mod programs;
mod sandbox;
mod server;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Measurements: each prints a figure, its spread, and what it is compared with.")]
struct Arguments {
    /// Prints the figures as JSON.
    #[arg(long, global = true)]
    json: bool,

    /// Draws charts of the figures into this folder, as SVG.
    #[arg(long, global = true, value_name = "FOLDER")]
    plot: Option<PathBuf>,

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
    /// Stripe's events: from their arrival to their answer, and how many calls they take.
    Events(events::Arguments),
    /// The local server with 1 to 64 callers at the same time.
    Concurrency(concurrency::Arguments),
    /// Counts instructions and bytes and holds them against those in `bench/guard.json`.
    Guard(guard::Arguments),
    /// The local server under load from `oha`: requests a second, latencies, errors, memory.
    Load(load::Arguments),
    /// What logs, figures and spans cost the Lambda program: CPU time and output of a request.
    Observed(observed::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let charts = arguments.plot.as_deref();
    if let Some(folder) = charts {
        std::fs::create_dir_all(folder)?;
    }
    let tables = match arguments.what {
        What::Compare(what) => compare::run(&what, charts)?,
        What::Growth(what) => growth::run(&what, charts).await?,
        What::Fallback(what) => fallback::run(&what).await?,
        What::Events(what) => events::run(&what).await?,
        What::Concurrency(what) => concurrency::run(&what, charts)?,
        What::Guard(what) => return guard::run(&what),
        What::Load(what) => return load::run(&what),
        What::Observed(what) => return observed::run(&what).await,
    };
    output::print(&tables, arguments.json)
}
