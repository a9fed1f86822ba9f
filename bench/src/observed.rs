//! What it costs the Lambda program to be observed: the CPU time and the output of a request that
//! is answered from the table, with logs, figures and spans, and without.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value;
use table_sim::{EmbeddedTable, INDEX, Storage, TABLE, webhook_row};
use test_support::{Asker, Lambda, rest_event};

use crate::figures::Spread;
use crate::process::cpu_time;
use crate::programs::released;

const ORDER: &str = "cs_test_measured";

/// Each way to run the program; the first is what the others are compared with.
const WAYS: [(&str, &[(&str, &str)]); 6] = [
    ("nothing", NOTHING),
    // What the measurement itself is worth.
    ("nothing once more", NOTHING),
    ("logs", &[("METRICS_NAMESPACE", "off")]),
    ("figures", &[("LOG_LEVEL", "error")]),
    ("logs and figures", &[]),
    (SPANS, &[]),
];

const NOTHING: &[(&str, &str)] = &[("LOG_LEVEL", "error"), ("METRICS_NAMESPACE", "off")];

/// The way with a collector.
const SPANS: &str = "all, and spans";

/// Requests of each way that are not counted.
const WARM_UP: u32 = 500;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many requests each slice of each way has.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,

    /// In how many slices; the ways take turns.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    slices: u32,
}

struct Way {
    name: &'static str,
    lambda: Lambda,
    /// CPU time per request of each slice, in microseconds.
    cpu: Vec<f64>,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let program = released("get-order")?;
    let table = EmbeddedTable::start(&Storage::Memory).await?;
    table.put(&webhook_row("ava", ORDER, 1_764_192_504)).await?;
    let event = rest_event(&Asker::user("ava"), ORDER);
    let collector = collector().await?;
    let mut ways = Vec::new();
    for (name, settings) in WAYS {
        let mut settings = settings.to_vec();
        if name == SPANS {
            settings.push(("OTEL_EXPORTER_OTLP_ENDPOINT", &collector));
        }
        let lambda = start(&program, table.endpoint(), &settings).await?;
        // Connections are made, memory is there.
        ask(&lambda, &event, WARM_UP).await?;
        ways.push(Way { name, lambda, cpu: Vec::new() });
    }
    for _ in 0..arguments.slices {
        let mut turns: Vec<_> = ways.iter_mut().collect();
        // Who comes after whom makes a difference of some percent.
        fastrand::shuffle(&mut turns);
        for way in turns {
            let before = cpu_time(way.lambda.program.id())?;
            ask(&way.lambda, &event, arguments.requests).await?;
            let spent = cpu_time(way.lambda.program.id())? - before;
            way.cpu.push(spent / f64::from(arguments.requests));
        }
    }
    report(&ways, f64::from(arguments.requests * arguments.slices + WARM_UP));
    Ok(())
}

async fn start(
    program: &Path,
    dynamodb: &str,
    settings: &[(&str, &str)],
) -> anyhow::Result<Lambda> {
    let mut environment = vec![
        ("COMMERCE_TABLE", TABLE),
        ("ORDER_INDEX", INDEX),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("STRIPE_SECRET", "sk_test_Measured"),
        // Never asked.
        ("STRIPE_API_BASE", "http://127.0.0.1:9"),
    ];
    environment.extend_from_slice(settings);
    let program = program.to_str().context("a path that is text")?;
    Ok(Lambda::start(program, &environment).await)
}

/// A collector of spans that looks at none.
async fn collector() -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let router = axum::Router::new().fallback(|_: axum::body::Bytes| async {});
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn ask(lambda: &Lambda, event: &Value, times: u32) -> anyhow::Result<()> {
    for _ in 0..times {
        let answer = lambda.invoke(event).await;
        ensure!(answer.header("X-Order-Source") == "snapshot", "{}", answer.raw);
    }
    Ok(())
}

fn report(ways: &[Way], requests: f64) {
    println!(
        "CPU time of the Lambda program per request that the table answers; {requests} requests each"
    );
    println!(
        "{:20} {:>22} {:>24} {:>14}",
        "", "microseconds", "more than nothing, %", "bytes written"
    );
    for way in ways {
        let more =
            way.cpu.iter().zip(&ways[0].cpu).map(|(it, without)| (it / without - 1.0) * 100.0);
        let written: usize = way.lambda.program.output().iter().map(|line| line.len() + 1).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let written = written as f64 / requests;
        println!(
            "{:20} {:>22} {:>24} {written:>14.0}",
            way.name,
            Spread::of(way.cpu.clone()).text(1),
            Spread::of(more.collect()).text(1),
        );
    }
}
