//! What an event costs whoever waits for its answer, as Stripe does before it sends a buyer on: time
//! and calls, with a Stripe that takes no time, so that what is left is ours and the table's.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim, sign};
use table_sim::{EmbeddedTable, Storage};
use test_support::posted_event;

use crate::accounts::Accounts;
use crate::contenders::stripe_events;
use crate::figures::{Spread, Table};
use crate::output::progress;
use crate::sandbox::Sandbox;

const KEY: &str = "sk_test_Measured";
const SECRET: &str = "whsec_Measured";

/// What is sent of each order, and how it ends.
const SENT: [(&str, &str); 3] = [
    ("checkout.session.completed", "stored"),
    ("the same again", "duplicate"),
    ("charge.refunded", "updated"),
];

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many orders are completed and then refunded.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    orders: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Vec<Table>> {
    let program = stripe_events()?;
    let table = EmbeddedTable::start(&Storage::Memory).await?;
    let stripe = StripeSim::start(&[KEY], shop(arguments.orders)).await?;
    let mut start = program.over_endpoint(table.endpoint());
    start.environment.extend(
        [
            ("STRIPE_API_BASE", stripe.base().as_str()),
            ("STRIPE_RATE_PER_SECOND", "100000"),
            ("STRIPE_WEBHOOK_SECRET", SECRET),
            // Signed once and sent whenever it is its turn.
            ("STRIPE_WEBHOOK_TOLERANCE", "86400"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let mut sandbox = Sandbox::start(&start, &completed("cs_test_a1warm"))?;
    let mut took: [Vec<f64>; 3] = Default::default();
    for n in 0..arguments.orders {
        let order = order(n);
        for (place, event) in
            [completed(&order), completed(&order), refunded(&order)].into_iter().enumerate()
        {
            if place == 2 {
                stripe.shop(|shop| shop.refund(&order, 3900));
            }
            let whole = sandbox.invoke(&event, 1)?;
            took[place].extend(whole.iter().map(Duration::as_secs_f64).map(|it| it * 1000.0));
        }
        progress("orders", n + 1, arguments.orders);
    }
    let accounts = Accounts::of(&sandbox)?;
    let mut figures = Table::new(
        "An event from its arrival to its answer",
        &["whole event, ms", "store, ms", "Stripe, ms", "store calls", "Stripe calls"],
    );
    for ((name, outcome), took) in SENT.into_iter().zip(took) {
        let ended = accounts.ended(outcome, arguments.orders)?;
        figures.add(
            name,
            [
                (Spread::of(took), 2),
                (ended.column("storeMs"), 2),
                (ended.column("stripeMs"), 2),
                (ended.column("storeCalls"), 0),
                (ended.column("stripeCalls"), 0),
            ],
        );
    }
    Ok(vec![figures])
}

fn order(number: u32) -> String {
    format!("cs_test_a1event{number}")
}

fn completed(order: &str) -> Arc<[u8]> {
    posted("completed", "checkout.session.completed", order, json!({"id": order}))
}

fn refunded(order: &str) -> Arc<[u8]> {
    let charge = json!({"id": "ch_1", "payment_intent": order.replace("cs_", "pi_")});
    posted("refunded", "charge.refunded", order, charge)
}

fn posted(id: &str, event_type: &str, order: &str, object: Value) -> Arc<[u8]> {
    let event = json!({
        "id": format!("evt_{id}_{order}"), "object": "event", "type": event_type,
        "livemode": false, "data": {"object": object},
    });
    let body = event.to_string();
    let signature = sign(body.as_bytes(), SECRET, now());
    posted_event(&body, Some(&signature)).to_string().into_bytes().into()
}

fn now() -> i64 {
    use orders::Clock;

    orders::SystemClock.now().seconds()
}

fn shop(orders: u32) -> Shop {
    let mut shop = Shop::default();
    for id in (0..orders).map(order).chain(["cs_test_a1warm".to_owned()]) {
        // Each of a member of her own, who has not bought hundreds of things on one day.
        let session = SessionBuilder::new(&id, 1_764_192_504).metadata(json!({"userId": id}));
        shop.add(session.line(Line::new("Tote bag", 1500, 2)).line(Line::new("Mug", 900, 1)));
    }
    shop
}
