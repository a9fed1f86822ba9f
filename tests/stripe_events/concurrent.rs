//! Several sandboxes, events in any order and more than once, members who look, and sandboxes that
//! end: the order is as Stripe has it, in one row of ours.

use std::time::Duration;

use serde_json::Value;
use stripe_sim::{Act, Endpoint, Fault, Order, Times};
use table_sim::INDEX;
use test_support::Asker;

use crate::gateway::Gateway;
use crate::stack::{BOTH_WAYS, SECRET, Stack, session_of, start_lambda};

/// What happens to the orders, of which there are as many as lives.
const LIVES: [&[Act]; 6] = [
    &[Act::Pay, Act::Refund(Some(500)), Act::Refund(None)],
    &[Act::Complete, Act::Pay, Act::Refund(Some(100))],
    &[Act::Complete, Act::Fail],
    &[Act::Fail, Act::Pay, Act::Dispute, Act::WinDispute],
    &[Act::Pay, Act::Dispute, Act::LoseDispute],
    &[Act::Expire],
];

/// What Stripe says of an order, as the shop sees it.
fn at_stripe(stack: &Stack, order: &str) -> (&'static str, i64, bool) {
    let (session, charge) = stack.stripe.shop(|shop| {
        let session = shop.get(order).unwrap().clone();
        let named = |object: &Value, name: &str| {
            object[name].as_str().and_then(|id| shop.get(id)).cloned().unwrap_or_default()
        };
        let intent = named(&session, "payment_intent");
        (session, named(&intent, "latest_charge"))
    });
    let status = match (session["status"].as_str(), session["payment_status"].as_str()) {
        _ if charge["refunded"] == true => "refunded",
        (Some("complete"), Some("paid")) => "completed",
        (Some("complete"), _) => "cancelled",
        _ => "none",
    };
    let refunded = charge["amount_refunded"].as_i64().unwrap_or(0);
    (status, refunded, charge["disputed"] == true)
}

async fn as_stripe_has_it(stack: &Stack, orders: &[(String, String)]) {
    for (user, order) in orders {
        let expected = at_stripe(stack, order);
        let rows = stack.rows_of(user).await;
        if expected.0 == "none" {
            assert_eq!(rows, [], "{order}");
            continue;
        }
        assert_eq!(rows.len(), 1, "{order}: {rows:?}");
        let said = |name: &str| rows[0].get(name).cloned().unwrap_or(Value::Null);
        let row = (
            rows[0]["status"].as_str().unwrap(),
            said("amountRefunded").as_i64().unwrap_or(0),
            said("disputed").as_bool().unwrap_or(false),
        );
        assert_eq!(row, expected, "{order}");
    }
}

/// Lets everything happen at once, and delivers all that is told of it in an order by a seed.
async fn run(settings: &[(&str, &str)], seed: u64, kills: usize) {
    let stack = Stack::with(settings).await;
    let (dynamodb, stripe) = (stack.table.endpoint().to_owned(), stack.stripe.base());
    let start = || start_lambda(&dynamodb, &stripe, settings);
    let gateway = Gateway::open(vec![start().await, start().await]).await;
    let endpoint = Endpoint::new(&gateway.url, SECRET).unwrap().copies(2);
    let endpoint = endpoint.first_wait(Duration::from_millis(100)).attempts(12);
    stack.stripe.register(endpoint);
    stack.stripe.pause_deliveries();
    let orders: Vec<_> =
        (0..LIVES.len() * 2).map(|n| (format!("user_{n}"), format!("cs_test_a1many{n}"))).collect();
    for (n, (user, order)) in orders.iter().enumerate() {
        stack.given_session(session_of(user, order).open());
        // Half of what happens is told while more happens, the rest all at once.
        for act in LIVES[n % LIVES.len()] {
            stack.happens(order, *act);
        }
    }
    stack.stripe.resume_deliveries(if seed == 0 { Order::AtOnce } else { Order::Shuffled(seed) });
    let members = async {
        for (user, order) in &orders {
            stack.open_order(&Asker::user(user), order).await;
        }
    };
    let ends = async {
        for n in 0..kills {
            tokio::time::sleep(Duration::from_millis(150)).await;
            gateway.replace(n % 2, start().await).await;
        }
    };
    let settled = async {
        let untold = tokio::time::timeout(Duration::from_mins(1), stack.stripe.settled()).await;
        assert_eq!(untold.expect("deliveries end"), Vec::<String>::new());
    };
    futures_util::join!(members, ends, settled);
    as_stripe_has_it(&stack, &orders).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_twice_and_at_two_sandboxes_end_as_stripe_has_it() {
    for settings in BOTH_WAYS {
        for seed in 0..3 {
            run(settings, seed, 0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sandboxes_that_end_without_a_warning_lose_no_event() {
    run(&[("ORDER_INDEX", INDEX)], 7, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_not_answered_by_a_look_at_stripe_from_before_it_happened() {
    const ORDER: &str = "cs_test_a1joined";
    let settings = [("ORDER_INDEX", INDEX), ("AWS_LAMBDA_MAX_CONCURRENCY", "4")];
    let stack = Stack::with(&settings).await;
    // So many lines that they come by pages: a look at it takes several requests.
    stack.given_session(session_of("ava", ORDER).lines(30).open());
    let paid = stack.happens(ORDER, Act::Pay);
    let completed = paid.iter().find(|event| event["type"] == "checkout.session.completed");
    // The session is seen as it is now, and its lines keep the look from its end.
    stack.stripe.inject(Fault::Delay(Duration::ZERO), Times::Next(1));
    stack.stripe.inject(Fault::Delay(Duration::from_secs(2)), Times::Next(1));
    let first = stack.post(completed.unwrap());
    let meanwhile = async {
        while stack.stripe.calls() < 2 {
            tokio::task::yield_now().await;
        }
        let refunded = stack.happens(ORDER, Act::Refund(None));
        let told = refunded.iter().find(|event| event["type"] == "charge.refunded");
        stack.post(told.unwrap()).await
    };
    let (first, second) = tokio::join!(first, meanwhile);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(stack.row_of("ava").await["status"], "refunded");
}
