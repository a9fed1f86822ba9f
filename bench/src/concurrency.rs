//! The local server with more and more callers at the same time.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use crate::figures::{Spread, Table, percentile};
use crate::http::Message;
use crate::output::progress;
use crate::plot;
use crate::server::Server;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many callers there are, in turn.
    #[arg(long, value_delimiter = ',', default_values = ["1", "2", "4", "8", "16", "32", "64"])]
    callers: Vec<usize>,

    /// How long each number of them is measured at a time, in seconds.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,

    /// How often; the numbers take turns.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// What a round came to.
#[derive(Default)]
struct Measured {
    per_second: Vec<f64>,
    per_core: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

pub(crate) fn run(arguments: &Arguments, charts: Option<&Path>) -> anyhow::Result<Vec<Table>> {
    let server = Server::start()?;
    let mut measured: Vec<_> = arguments.callers.iter().map(|_| Measured::default()).collect();
    // Connections, memory, the pages of the programs.
    call(&server, 8, Duration::from_secs(1))?;
    for round in 0..arguments.rounds {
        for (callers, measured) in arguments.callers.iter().zip(&mut measured) {
            let (cpu, started) = (server.cpu_time()?, Instant::now());
            let took = call(&server, *callers, Duration::from_secs_f64(arguments.seconds))?;
            let elapsed = started.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let requests = took.len() as f64;
            measured.per_second.push(requests / elapsed);
            measured.per_core.push(requests / (server.cpu_time()? - cpu) * 1_000_000.0);
            measured.p50.push(percentile(&took, 50));
            measured.p99.push(percentile(&took, 99));
        }
        progress("rounds", round + 1, arguments.rounds);
    }
    let mut table = Table::new(
        "The local server: a stored order, asked for by so many callers at the same time",
        &["requests/s", "requests/s and core of its CPU", "p50, ms", "p99, ms"],
    );
    for (callers, measured) in arguments.callers.iter().zip(measured) {
        table.add(
            callers.to_string(),
            [
                (Spread::of(measured.per_second), 0),
                (Spread::of(measured.per_core), 0),
                (Spread::of(measured.p50), 2),
                (Spread::of(measured.p99), 2),
            ],
        );
    }
    if let Some(folder) = charts {
        plot::bars(&table, 0, &folder.join("concurrency.svg"))?;
    }
    Ok(vec![table])
}

/// Calls for a while, and says how long each request took, in milliseconds.
fn call(server: &Server, callers: usize, time: Duration) -> anyhow::Result<Vec<f64>> {
    let is_over = AtomicBool::new(false);
    let took = std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..callers).map(|_| scope.spawn(|| caller(server, &is_over))).collect();
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
        let join = |caller: std::thread::ScopedJoinHandle<'_, anyhow::Result<Vec<f64>>>| {
            caller.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a caller panicked")))
        };
        callers.into_iter().map(join).collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(took.concat())
}

fn caller(server: &Server, is_over: &AtomicBool) -> anyhow::Result<Vec<f64>> {
    let address = server.url.strip_prefix("http://").context("an address without TLS")?;
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    let request = format!(
        "GET /dashboard/orders/cs_test_demoWebhook HTTP/1.1\r\nHost: {address}\r\n\
         Authorization: Bearer {}\r\n\r\n",
        server.token
    );
    let (mut stream, mut took) = (BufReader::new(connection), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        let started = Instant::now();
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = Message::read(&mut stream)?.context("the server closed the connection")?;
        took.push(started.elapsed().as_secs_f64() * 1000.0);
        ensure!(answer.status() == Some(200), "{}", answer.first_line);
    }
    Ok(took)
}
