//! What a program costs, counted in instructions and bytes and held against what it cost before: a
//! guard that no busy machine can mislead.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::canned::{Canned, Transport};
use crate::contenders::{self, get_order, row};
use crate::output::line;
use crate::sandbox::{Sandbox, Start};

/// How many warm requests are counted; the count is of one of them.
const HITS: u64 = 200;

/// By how much a figure may differ from the one that is kept, in percent.
const TOLERANCE: f64 = 5.0;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Keeps the figures of this run, instead of holding them against those that are kept.
    #[arg(long)]
    keep: bool,
}

/// What is counted. The figures are kept in `bench/guard.json`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Counted {
    /// Instructions from the start to the first answer, and to what follows it.
    cold_start_instructions: u64,
    /// Instructions of a request that the table answers.
    snapshot_hit_instructions: u64,
    /// The program, in bytes.
    size: u64,
}

impl Counted {
    fn figures(&self) -> [(&'static str, u64); 3] {
        [
            ("instructions of a cold start", self.cold_start_instructions),
            ("instructions of a snapshot hit", self.snapshot_hit_instructions),
            ("bytes of the program", self.size),
        ]
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("guard.json");
    let program = get_order()?;
    let folder = tempfile::tempdir()?;
    let table = Canned::start(Transport::Http, &row(), folder.path())?;
    let start = program.over(&table);
    let cold = instructions(&start, folder.path(), 0)?;
    let all = instructions(&start, folder.path(), HITS)?;
    let counted = Counted {
        cold_start_instructions: cold,
        snapshot_hit_instructions: (all - cold) / HITS,
        size: program.size,
    };
    if arguments.keep {
        std::fs::write(&kept, serde_json::to_string_pretty(&counted)? + "\n")?;
        line(&format!("{counted:?} is kept in {}", kept.display()));
        return Ok(());
    }
    let text = std::fs::read_to_string(&kept).with_context(|| kept.display().to_string())?;
    let before: Counted = serde_json::from_str(&text)?;
    let mut is_worse = false;
    for ((name, now), (_, before)) in counted.figures().into_iter().zip(before.figures()) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let percent = (now as f64 / before as f64 - 1.0) * 100.0;
        line(&format!("{name}: {now}, kept {before} ({percent:+.2}%)"));
        is_worse |= percent > TOLERANCE;
        if percent < -TOLERANCE {
            line("  it costs less: keep it, by `cargo run --release -p bench -- guard --keep`");
        }
    }
    ensure!(!is_worse, "more than {TOLERANCE} percent above what is kept in {}", kept.display());
    Ok(())
}

/// How many instructions the program takes for its first request and so many more (callgrind).
fn instructions(start: &Start, folder: &Path, hits: u64) -> anyhow::Result<u64> {
    let report = folder.join(format!("callgrind.{hits}"));
    let mut profiled = start.clone();
    let valgrind = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", report.display()),
    ];
    profiled.command.splice(0..0, valgrind);
    // To be found, it and whatever it starts.
    let path = Command::new("sh").args(["-c", "printf %s \"$PATH\""]).output()?.stdout;
    profiled.environment.push(("PATH".to_owned(), String::from_utf8(path)?));
    let event = contenders::event();
    let mut sandbox = Sandbox::start(&profiled, &event)
        .context("under callgrind (`apt-get install valgrind` has it)")?;
    sandbox.invoke_each(std::iter::repeat_n(Arc::clone(&event), usize::try_from(hits)?))?;
    // Told to stop, it writes its report; killed, it does not.
    sandbox.stop()?;
    let report = std::fs::read_to_string(report)?;
    let total = report.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).context("no totals in callgrind's report")
}
