//! The Lambda program beside the least that it could be, and beside the same in Python.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use crate::canned::{Canned, Transport};
use crate::contenders::{
    self, Contender, boto3, floor, get_order, python_alone, python_entry, row,
};
use crate::figures::{Spread, Table, percentile, ratio};
use crate::output::progress;
use crate::plot;
use crate::sandbox::Sandbox;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How often each program is started.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// How many warm requests each of these starts is followed by.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,

    /// How the programs reach the table.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["http", "tls"])]
    over: Vec<Transport>,

    /// Beside the Python entry point, and Lambda's runtime for Python with nothing to do, too:
    /// installs `awslambdaric` from PyPI.
    #[arg(long)]
    python: bool,

    /// Beside the same query by boto3, too: installs it and `awslambdaric` from PyPI.
    #[arg(long)]
    boto3: bool,
}

/// What was measured of one program, a figure for each round.
#[derive(Default)]
struct Measured {
    init: Vec<f64>,
    cold_answer: Vec<f64>,
    cold_cpu: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    warm_cpu: Vec<f64>,
    memory: Vec<f64>,
}

/// The columns of the table, with the digits of each.
const COLUMNS: [(&str, usize); 8] = [
    ("size, MB", 2),
    ("init, ms", 2),
    ("cold answer, ms", 2),
    ("cold CPU, ms", 2),
    ("warm p50, us", 0),
    ("warm p99, us", 0),
    ("CPU per request, us", 0),
    ("peak memory, MB", 1),
];

pub(crate) fn run(arguments: &Arguments, charts: Option<&Path>) -> anyhow::Result<Vec<Table>> {
    let mut contenders = vec![get_order()?, floor()?];
    if arguments.python {
        contenders.extend([python_entry()?, python_alone()?]);
    }
    if arguments.boto3 {
        contenders.push(boto3()?);
    }
    let mut tables = Vec::new();
    for &transport in &arguments.over {
        let measured = measure(arguments, &contenders, transport)?;
        let figures = absolute(&contenders, &measured, transport);
        if let Some(folder) = charts {
            for (column, name) in [(2, "cold-answer"), (6, "cpu"), (7, "memory")] {
                let name = format!("{name}-{}.svg", transport.name().to_lowercase());
                plot::bars(&figures, column, &folder.join(name))?;
            }
        }
        tables.push(figures);
        tables.push(relative(&contenders, &measured, transport));
    }
    Ok(tables)
}

fn measure(
    arguments: &Arguments,
    contenders: &[Contender],
    transport: Transport,
) -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    let table = Canned::start(transport, &row(), folder.path())?;
    let mut measured: Vec<_> = contenders.iter().map(|_| Measured::default()).collect();
    for round in 0..arguments.rounds {
        let mut turns: Vec<_> = contenders.iter().zip(&mut measured).collect();
        // Who comes after whom makes a difference of some percent.
        fastrand::shuffle(&mut turns);
        for (contender, measured) in turns {
            measured.round(contender, &table, arguments.requests)?;
        }
        progress(&format!("over {}", transport.name()), round + 1, arguments.rounds);
    }
    Ok(measured)
}

impl Measured {
    fn round(
        &mut self,
        contender: &Contender,
        table: &Canned,
        requests: u32,
    ) -> anyhow::Result<()> {
        let event = contenders::event();
        let mut sandbox = Sandbox::start(&contender.over(table), &event)?;
        let cold = sandbox.cpu_time()?;
        self.init.push(millis(sandbox.init()));
        self.cold_answer.push(millis(sandbox.cold_answer()));
        self.cold_cpu.push(cold / 1000.0);
        let took = sandbox.invoke(&event, requests as usize)?;
        let took: Vec<_> = took.into_iter().map(|took| millis(took) * 1000.0).collect();
        self.warm_cpu.push((sandbox.cpu_time()? - cold) / f64::from(requests));
        self.p50.push(percentile(&took, 50));
        self.p99.push(percentile(&took, 99));
        self.memory.push(f64::from(sandbox.peak_memory()?) / 1024.0);
        sandbox.end()
    }

    fn figures(&self) -> [&Vec<f64>; 7] {
        [
            &self.init,
            &self.cold_answer,
            &self.cold_cpu,
            &self.p50,
            &self.p99,
            &self.warm_cpu,
            &self.memory,
        ]
    }
}

fn absolute(contenders: &[Contender], measured: &[Measured], transport: Transport) -> Table {
    let mut table = Table::new(
        format!("One order from a canned answer over {}", transport.name()),
        &COLUMNS.map(|(name, _)| name),
    );
    for (contender, measured) in contenders.iter().zip(measured) {
        let size = Spread::of(vec![megabytes(contender.size)]);
        let figures = measured.figures().map(|figures| Spread::of(figures.clone()));
        let digits = COLUMNS.map(|(_, digits)| digits);
        table.add(contender.name, std::iter::once(size).chain(figures).zip(digits));
    }
    table
}

/// How many times what each of the others takes get-order takes, start by start.
fn relative(contenders: &[Contender], measured: &[Measured], transport: Transport) -> Table {
    let mut table = Table::new(
        format!("get-order in relation to, over {}", transport.name()),
        &COLUMNS.map(|(name, _)| name.split(',').next().unwrap_or(name)),
    );
    let ours = &measured[0];
    for (contender, theirs) in contenders.iter().zip(measured).skip(1) {
        let size = megabytes(contenders[0].size) / megabytes(contender.size);
        let ratios = ours.figures().into_iter().zip(theirs.figures());
        let ratios = ratios.map(|(ours, theirs)| (ratio(ours, theirs), 3));
        table.add(contender.name, std::iter::once((Spread::of(vec![size]), 3)).chain(ratios));
    }
    table
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Of a size in bytes; a megabyte is a million.
fn megabytes(size: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let size = size as f64;
    size / 1_000_000.0
}
