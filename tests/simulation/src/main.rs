//! Runs many schedules of both kinds and prints what they came to.
#![expect(clippy::print_stdout, reason = "this is what the terminal is for")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulation::{Figures, Kept, run, run_events};

/// Finding an order, and keeping orders true, under random schedules of faults, delays, crashes and
/// other writers.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many schedules of each kind to run.
    #[arg(long, default_value_t = 1_000_000)]
    schedules: u64,

    /// The seed of the first; the next ones follow. A failing seed replays with `--schedules 1`.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { schedules, seed } = Arguments::parse();
    let found = find(schedules, seed);
    let kept = keep(schedules, seed);
    if found && kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs schedules of members who open orders. Gives whether all of them held.
fn find(schedules: u64, seed: u64) -> bool {
    let mut total = Figures::default();
    let held = each("", schedules, seed, |seed| run(seed).map(|figures| total.add(&figures)));
    let Figures { steps, answered, refused, rows } = total;
    println!("steps {steps}, rows at the end {rows}");
    println!("answered: snapshot {}, stripe {}, stale {}", answered[0], answered[1], answered[2]);
    println!("refused: 404 {}, 503 {}, 500 {}", refused[0], refused[1], refused[2]);
    held
}

/// Runs schedules of events. Gives whether all of them held.
fn keep(schedules: u64, seed: u64) -> bool {
    let mut total = Kept::default();
    let held =
        each(" of events", schedules, seed, |seed| run_events(seed).map(|kept| total.add(&kept)));
    println!("steps {}, events {}, rows at the end {}", total.steps, total.events, total.rows);
    held
}

fn each(
    what: &str,
    schedules: u64,
    seed: u64,
    mut run: impl FnMut(u64) -> Result<(), Vec<String>>,
) -> bool {
    let started = Instant::now();
    let mut failed = 0_u64;
    for n in 0..schedules {
        if let Err(violations) = run(seed + n) {
            failed += 1;
            println!("seed{what} {}: {}", seed + n, violations.join("; "));
        }
        if (n + 1) % 100_000 == 0 {
            println!("{} schedules{what}, {failed} failed, {:.0?}", n + 1, started.elapsed());
        }
    }
    let last = seed + schedules.max(1) - 1;
    println!("schedules{what} {schedules}, seeds {seed} to {last}, failed {failed}");
    failed == 0
}
