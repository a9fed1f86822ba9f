//! Runs many schedules and prints what they came to.
#![expect(clippy::print_stdout, reason = "this is what the terminal is for")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulation::{Figures, run};

/// Finding an order under random schedules of faults, delays, crashes and other writers.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many schedules to run.
    #[arg(long, default_value_t = 1_000_000)]
    schedules: u64,

    /// The seed of the first; the next ones follow. A failing seed replays with `--schedules 1`.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { schedules, seed } = Arguments::parse();
    let started = Instant::now();
    let mut total = Figures::default();
    let mut failed = 0_u64;
    for n in 0..schedules {
        match run(seed + n) {
            Ok(figures) => total.add(&figures),
            Err(violations) => {
                failed += 1;
                println!("seed {}: {}", seed + n, violations.join("; "));
            }
        }
        if (n + 1) % 100_000 == 0 {
            println!("{} schedules, {failed} failed, {:.0?}", n + 1, started.elapsed());
        }
    }
    let Figures { steps, answered, refused, rows } = total;
    println!(
        "schedules {schedules}, seeds {seed} to {}, failed {failed}",
        seed + schedules.max(1) - 1
    );
    println!("steps {steps}, rows at the end {rows}, {:.1?}", started.elapsed());
    println!("answered: snapshot {}, stripe {}, stale {}", answered[0], answered[1], answered[2]);
    println!("refused: 404 {}, 503 {}, 500 {}", refused[0], refused[1], refused[2]);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
