//! What a lookup costs as a member's orders, and the table, grow.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use table_sim::{EmbeddedTable, Storage, webhook_row};
use test_support::{Asker, rest_event};

use crate::contenders::get_order;
use crate::figures::{Spread, Table};
use crate::output::progress;
use crate::plot;
use crate::sandbox::{Sandbox, Start};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many orders the member has, in turn.
    #[arg(long, value_delimiter = ',', default_values = ["1", "10", "100", "1000", "10000"])]
    orders: Vec<u32>,

    /// How many orders the table has, in turn.
    #[arg(long, value_delimiter = ',', default_values = ["1000", "10000", "100000", "1000000"])]
    table: Vec<u32>,

    /// How many lookups are measured of each.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    lookups: u32,
}

/// Which of her orders a member opens.
#[derive(Clone, Copy)]
enum Opened {
    Newest,
    Oldest,
}

const COLUMNS: [&str; 5] = ["read units", "rows read", "calls", "store, ms", "whole request, us"];

pub(crate) async fn run(
    arguments: &Arguments,
    charts: Option<&Path>,
) -> anyhow::Result<Vec<Table>> {
    let program = get_order()?;
    let mut tables = vec![
        Table::new("With the index: a member's oldest order", &COLUMNS),
        Table::new("With the index: an order of a table of that many orders", &COLUMNS),
        Table::new("Without the index: a member's newest order", &COLUMNS),
        Table::new("Without the index: a member's oldest order", &COLUMNS),
    ];
    for &orders in &arguments.orders {
        let table = EmbeddedTable::start(&Storage::Memory).await?;
        fill(&table, orders, |n| (MEMBER.to_owned(), order(n))).await?;
        for (at, index, opened) in
            [(0, true, Opened::Oldest), (2, false, Opened::Newest), (3, false, Opened::Oldest)]
        {
            let id = match opened {
                Opened::Newest => order(orders - 1),
                Opened::Oldest => order(0),
            };
            let start = start(&program.over_endpoint(table.endpoint()), index);
            measure(&start, &id, arguments.lookups, orders, &mut tables[at])?;
        }
    }
    let (table, mut there) = (EmbeddedTable::start(&Storage::Memory).await?, 0);
    for &orders in &arguments.table {
        ensure!(orders >= there, "--table takes its figures in ascending order");
        // A member has ten orders.
        let from = there;
        let row = |n: u32| (format!("user_{}", (from + n) / 10), order(from + n));
        fill(&table, orders - there, row).await?;
        there = orders;
        let start = start(&program.over_endpoint(table.endpoint()), true);
        let id = order(orders / 2);
        measure_of(
            &start,
            &format!("user_{}", orders / 20),
            &id,
            arguments.lookups,
            orders,
            &mut tables[1],
        )?;
    }
    if let Some(folder) = charts {
        let all: Vec<_> = tables.iter().collect();
        for (column, name) in [(0, "growth-read-units.svg"), (4, "growth-time.svg")] {
            let title = format!("A lookup's {} by the number of orders", COLUMNS[column]);
            plot::lines(&title, &all, column, &folder.join(name))?;
        }
    }
    Ok(tables)
}

const MEMBER: &str = "user_ava";

fn order(number: u32) -> String {
    format!("cs_test_a1grown{number:07}")
}

/// Puts rows into the table, several at a time.
async fn fill(
    table: &EmbeddedTable,
    rows: u32,
    row: impl Fn(u32) -> (String, String),
) -> anyhow::Result<()> {
    let what = format!("{rows} orders are stored");
    let puts = (0..rows).map(|n| {
        let (user, order) = row(n);
        let row = webhook_row(&user, &order, 1_700_000_000 + i64::from(n));
        let what = &what;
        async move {
            table.put(&row).await?;
            if rows >= 10_000 && (n + 1).is_multiple_of(rows / 10) {
                progress(what, (n + 1) / (rows / 10), 10);
            }
            anyhow::Ok(())
        }
    });
    stream::iter(puts).buffer_unordered(16).try_collect::<()>().await
}

fn start(program: &Start, index: bool) -> Start {
    let mut start = program.clone();
    if !index {
        start.environment.retain(|(name, _)| name != "ORDER_INDEX");
    }
    start
}

fn measure(
    start: &Start,
    id: &str,
    lookups: u32,
    orders: u32,
    table: &mut Table,
) -> anyhow::Result<()> {
    measure_of(start, MEMBER, id, lookups, orders, table)
}

fn measure_of(
    start: &Start,
    user: &str,
    id: &str,
    lookups: u32,
    orders: u32,
    table: &mut Table,
) -> anyhow::Result<()> {
    let event: Arc<[u8]> = rest_event(&Asker::user(user), id).to_string().into_bytes().into();
    let mut sandbox = Sandbox::start(start, &event)?;
    let took = sandbox.invoke(&event, lookups as usize)?;
    let lines = sandbox.lines()?;
    // The first one is the cold one.
    let lines = lines.iter().skip(1).map(|line| serde_json::from_str(line));
    let lines: Vec<Value> = lines.collect::<Result<_, _>>()?;
    ensure!(lines.len() == lookups as usize, "{} lines for {lookups} lookups", lines.len());
    let column = |name: &str| -> anyhow::Result<Spread> {
        let figures = lines.iter().map(|line| line[name].as_f64().with_context(|| name.to_owned()));
        Ok(Spread::of(figures.collect::<anyhow::Result<_>>()?))
    };
    let took = took.iter().map(Duration::as_secs_f64).map(|seconds| seconds * 1_000_000.0);
    table.add(
        orders.to_string(),
        [
            (column("consumedReadUnits")?, 1),
            (column("rowsRead")?, 0),
            (column("storeCalls")?, 0),
            (column("storeMs")?, 2),
            (Spread::of(took.collect()), 0),
        ],
    );
    sandbox.end()
}
