//! The local server under load.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value;

use crate::figures::Spread;
use crate::server::Server;

/// What the dashboard asks for on a busy evening: stored orders of a member, one of another
/// member's, and one that is nowhere. All of it was asked for before.
const MIX: [&str; 10] = [
    "cs_test_demoWebhook",
    "cs_test_demoThreeLines",
    "cs_test_demoSync",
    "cs_test_demoOldFallback",
    "cs_test_demoTwoRows",
    "cs_test_demoFortyLines",
    "cs_test_demoYen",
    "cs_test_demoRefunded",
    "cs_test_demoOfBen",
    "cs_test_demoNowhere",
];

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long the mix is asked for, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,

    /// How many connections ask at the same time.
    #[arg(long, default_value_t = 32)]
    connections: u32,

    /// In how many slices; between them the server's floor is measured, an answer without work.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..))]
    slices: u32,
}

/// What a slice came to.
struct Slice {
    per_second: f64,
    p50: f64,
    p99: f64,
    statuses: BTreeMap<String, u64>,
    errors: u64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::start()?;
    let folder = tempfile::tempdir()?;
    let urls = folder.path().join("urls");
    let mix = MIX.map(|order| format!("{}/dashboard/orders/{order}\n", server.url)).concat();
    std::fs::write(&urls, mix)?;
    let urls = urls.to_str().context("a path that is text")?;
    let health = format!("{}/healthz", server.url);
    let seconds = (arguments.seconds / arguments.slices).max(1);

    let at_start = server.memory()?;
    // What is not stored yet comes from Stripe, once.
    slice(&server, arguments, 2, &["--urls-from-file", urls])?;
    let when_warm = server.memory()?;
    let (mut floor, mut mixed) = (Vec::new(), Vec::new());
    for n in 1..=arguments.slices {
        floor.push(slice(&server, arguments, 2, &[&health])?);
        mixed.push(slice(&server, arguments, seconds, &["--urls-from-file", urls])?);
        println!("slice {n} of {}: {} KiB", arguments.slices, server.memory()?);
    }
    let at_end = server.memory()?;

    println!(
        "\n{} connections, {} s of the mix",
        arguments.connections,
        seconds * arguments.slices
    );
    println!("{:16} {:>24} {:>20} {:>20}", "", "requests/s", "p50 ms", "p99 ms");
    row("an answer alone", &floor);
    row("the hot mix", &mixed);
    let mut statuses = BTreeMap::new();
    for (status, count) in mixed.iter().flat_map(|slice| &slice.statuses) {
        *statuses.entry(status).or_insert(0) += count;
    }
    let errors: u64 = mixed.iter().map(|slice| slice.errors).sum();
    println!("of the mix: statuses {statuses:?}, errors {errors}");
    println!("memory: {at_start} KiB at start, {when_warm} when warm, {at_end} at the end");
    ensure!(errors == 0, "there were errors");
    ensure!(
        statuses.keys().all(|status| ["200", "404"].contains(&status.as_str())),
        "{statuses:?}"
    );
    Ok(())
}

fn slice(
    server: &Server,
    arguments: &Arguments,
    seconds: u32,
    what: &[&str],
) -> anyhow::Result<Slice> {
    let output = Command::new("oha")
        .args(["--no-tui", "--output-format", "json", "--wait-ongoing-requests-after-deadline"])
        .args(["-z", &format!("{seconds}s"), "-c", &arguments.connections.to_string()])
        .args(["-H", &format!("Authorization: Bearer {}", server.token)])
        .args(what)
        .output()
        .context("`oha` cannot be run; `cargo install oha --locked` installs it")?;
    ensure!(output.status.success(), "oha: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).context("oha's report")?;
    let milliseconds = |percentile: &str| {
        let seconds = report["latencyPercentiles"][percentile].as_f64();
        seconds.map(|seconds| seconds * 1000.0).context("no latencies in oha's report")
    };
    let counts = |kind: &str| -> BTreeMap<String, u64> {
        let counts = report[kind].as_object().into_iter().flatten();
        counts.map(|(name, count)| (name.clone(), count.as_u64().unwrap_or(0))).collect()
    };
    Ok(Slice {
        per_second: report["summary"]["requestsPerSec"].as_f64().context("no rate")?,
        p50: milliseconds("p50")?,
        p99: milliseconds("p99")?,
        statuses: counts("statusCodeDistribution"),
        errors: counts("errorDistribution").values().sum(),
    })
}

/// A line of the table, over the slices.
fn row(name: &str, slices: &[Slice]) {
    let figure =
        |of: fn(&Slice) -> f64, digits| Spread::of(slices.iter().map(of).collect()).text(digits);
    println!(
        "{name:16} {:>24} {:>20} {:>20}",
        figure(|slice| slice.per_second, 0),
        figure(|slice| slice.p50, 2),
        figure(|slice| slice.p99, 2)
    );
}
