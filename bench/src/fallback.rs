//! What an order costs that only Stripe has, beside one that is stored: with a Stripe that takes no
//! time, so that what is left is ours and the table's.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim};
use table_sim::{EmbeddedTable, Storage};
use test_support::{Asker, rest_event};

use crate::accounts::Accounts;
use crate::contenders::{USER, get_order};
use crate::figures::{Spread, Table};
use crate::output::progress;
use crate::sandbox::Sandbox;

const KEY: &str = "sk_test_Measured";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many orders are opened: each first from Stripe, then from its row.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    orders: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Vec<Table>> {
    let program = get_order()?;
    let table = EmbeddedTable::start(&Storage::Memory).await?;
    let stripe = StripeSim::start(&[KEY], shop(arguments.orders)).await?;
    let mut start = program.over_endpoint(table.endpoint());
    start.environment.extend([
        ("STRIPE_API_BASE".to_owned(), stripe.base()),
        ("STRIPE_RATE_PER_SECOND".to_owned(), "100000".to_owned()),
    ]);
    let warm_up = event("cs_test_a1warm");
    let mut sandbox = Sandbox::start(&start, &warm_up)?;
    let (mut first, mut second) = (Measured::default(), Measured::default());
    for n in 0..arguments.orders {
        let event = event(&order(n));
        first.invoke(&mut sandbox, &event)?;
        second.invoke(&mut sandbox, &event)?;
        progress("orders", n + 1, arguments.orders);
    }
    let accounts = Accounts::of(&sandbox)?;
    let mut figures = Table::new(
        "An order from Stripe, kept, and then from its row",
        &["whole request, us", "CPU, us", "store, ms", "Stripe, ms", "store calls", "Stripe calls"],
    );
    for (name, measured, outcome) in
        [("from Stripe", &first, "stripe_fallback"), ("from its row", &second, "snapshot_hit")]
    {
        let ended = accounts.ended(outcome, arguments.orders)?;
        figures.add(
            name,
            [
                (Spread::of(measured.took.clone()), 0),
                (Spread::of(measured.cpu.clone()), 0),
                (ended.column("storeMs"), 3),
                (ended.column("stripeMs"), 3),
                (ended.column("storeCalls"), 0),
                (ended.column("stripeCalls"), 0),
            ],
        );
    }
    Ok(vec![figures])
}

#[derive(Default)]
struct Measured {
    took: Vec<f64>,
    cpu: Vec<f64>,
}

impl Measured {
    fn invoke(&mut self, sandbox: &mut Sandbox, event: &Arc<[u8]>) -> anyhow::Result<()> {
        let before = sandbox.cpu_time()?;
        let took = sandbox.invoke(event, 1)?;
        self.cpu.push(sandbox.cpu_time()? - before);
        self.took.extend(took.iter().map(Duration::as_secs_f64).map(|it| it * 1_000_000.0));
        Ok(())
    }
}

fn order(number: u32) -> String {
    format!("cs_test_a1fallback{number}")
}

fn event(order: &str) -> Arc<[u8]> {
    rest_event(&Asker::user(USER), order).to_string().into_bytes().into()
}

fn shop(orders: u32) -> Shop {
    let mut shop = Shop::default();
    for id in (0..orders).map(order).chain(["cs_test_a1warm".to_owned()]) {
        let session = SessionBuilder::new(&id, 1_764_192_504).metadata(json!({"userId": USER}));
        shop.add(session.line(Line::new("Tote bag", 1500, 2)).line(Line::new("Mug", 900, 1)));
    }
    shop
}
