//! Stripe is away for longer than a moment: what that costs, and how it ends.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use stripe_sim::{Fault, Times};
use table_sim::{INDEX, webhook_row};
use test_support::Invoked;

use crate::stack::{CREATED, Stack, session_of};

const ORDER: &str = "cs_test_a1outage";

/// Ava opens one of any number of orders.
async fn open_numbered(stack: &Stack, n: usize) -> Invoked {
    stack.open_order("ava", &format!("{ORDER}{n}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_costs_milliseconds_and_its_end_is_noticed() {
    let stack = Stack::with(&[
        ("ORDER_INDEX", INDEX),
        ("STRIPE_TIMEOUT_MS", "150"),
        ("REQUEST_BUDGET_MS", "3000"),
        // A line for each request, and no other.
        ("METRICS_NAMESPACE", "off"),
    ])
    .await;
    for fault in [Fault::Hang, Fault::Status(500), Fault::Reset] {
        stack.stripe.inject(fault.clone(), Times::Always);
        for n in 0..4 {
            assert_eq!(open_numbered(&stack, n).await.status, 503);
        }
        let (calls, written) = (stack.stripe.calls(), stack.lines().await.len());
        let started = Instant::now();
        for n in 0..20 {
            let answer = open_numbered(&stack, n).await;
            assert_eq!(answer.status, 503, "{fault:?}: {answer:?}");
            assert!(!answer.header("retry-after").is_empty());
        }
        // On a slow machine a pause may end meanwhile, and let one probe through.
        let probes = usize::try_from(started.elapsed().as_secs()).unwrap();
        let more = stack.stripe.calls() - calls;
        assert!(more <= probes, "{fault:?}: {more} calls to a Stripe that is to be left alone");
        let lines = stack.lines().await.split_off(written);
        let refused = lines.iter().filter(|line| line.contains("not asked for a moment"));
        assert!(refused.count() + probes >= 20, "{fault:?}: {lines:?}");

        // It is back: somebody is let through soon, and then everybody.
        stack.stripe.clear_faults();
        let order = format!("{ORDER}_back{}", stack.stripe.calls());
        stack.given_session(session_of("ava", &order));
        let mut status = 503;
        while status == 503 && started.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            status = stack.open_order("ava", &order).await.status;
        }
        assert_eq!(status, 200, "{fault:?}");
        assert_eq!(stack.open_order("ava", &format!("{order}_not")).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_answered_without_stripe_is_answered_at_once_while_it_is_away() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_TIMEOUT_MS", "150")]).await;
    let pending = webhook_row("ava", "cs_test_a1pending", CREATED);
    stack
        .given_rows([
            webhook_row("ava", "cs_test_a1stored", CREATED),
            pending.set("status", json!("pending")),
        ])
        .await;
    stack.stripe.inject(Fault::Hang, Times::Always);
    for n in 0..4 {
        assert_eq!(open_numbered(&stack, n).await.status, 503);
    }
    for (order, source) in [("cs_test_a1stored", "snapshot"), ("cs_test_a1pending", "stale")] {
        let answer = stack.open_order("ava", order).await;
        assert_eq!((answer.status, answer.header("x-order-source")), (200, source));
    }
    let line = stack.lambda.program.line_with("served_stale").await;
    assert!(line.contains("\"stripeCalls\":0"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_at_a_slow_stripe_is_no_outage() {
    let stack = Stack::with(&[
        ("ORDER_INDEX", INDEX),
        ("STRIPE_RATE_PER_SECOND", "20"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "64"),
        ("REQUEST_BUDGET_MS", "700"),
    ])
    .await;
    stack.stripe.inject(Fault::Delay(Duration::from_millis(250)), Times::Always);
    let started = Instant::now();
    let for_a_while = (0..).take_while(|_| started.elapsed() < Duration::from_secs(4));
    let answers = stream::iter(for_a_while).map(|n| open_numbered(&stack, n));
    let answers: Vec<_> = answers.buffer_unordered(40).collect().await;
    assert!(answers.iter().any(|answer| answer.status == 404), "some were in time");
    let log = stack.lines().await.join("\n");
    assert!(!log.contains("not asked for a moment"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_odd_objects_are_no_outage() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("STRIPE_MAX_RETRIES", "0")]).await;
    for fault in [Fault::Status(401), Fault::Status(409), Fault::Status(400)] {
        stack.stripe.inject(fault.clone(), Times::Next(30));
        for n in 0..30 {
            open_numbered(&stack, n).await;
        }
        let order = format!("{ORDER}_back{}", stack.stripe.calls());
        stack.given_session(session_of("ava", &order));
        assert_eq!(stack.open_order("ava", &order).await.status, 200, "{fault:?}");
    }
    // One session that cannot be read must not keep others from theirs.
    let odd = session_of("ava", "cs_test_a1odd").set("amount_total", json!("many"));
    stack.given_session(odd);
    stack.given_session(session_of("ben", "cs_test_a1sound"));
    for _ in 0..30 {
        assert_eq!(stack.open_order("ava", "cs_test_a1odd").await.status, 503);
    }
    assert_eq!(stack.open_order("ben", "cs_test_a1sound").await.status, 200);
}

/// All of them, where the program is built to be fast.
const IDS: usize = if cfg!(debug_assertions) { 4_000 } else { 100_000 };

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_ids_makes_no_more_calls_than_the_rate_and_delays_no_stored_order() {
    let stack = Stack::with(&[
        ("ORDER_INDEX", INDEX),
        ("STRIPE_RATE_PER_SECOND", "20"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "64"),
        ("REQUEST_BUDGET_MS", "3000"),
    ])
    .await;
    stack.given_rows([webhook_row("ben", "cs_test_a1stored", CREATED)]).await;
    let started = Instant::now();
    let flood = stream::iter(0..IDS).map(|n| open_numbered(&stack, n)).buffer_unordered(48).fold(
        HashMap::new(),
        async |mut statuses, answer| {
            *statuses.entry(answer.status).or_insert(0_usize) += 1;
            statuses
        },
    );
    let slowest = Mutex::new(Duration::ZERO);
    let others = async {
        loop {
            let answer = stack.open_order("ben", "cs_test_a1stored").await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let mut slowest = slowest.lock().unwrap();
            *slowest = slowest.max(answer.took);
        }
    };
    let statuses = tokio::select! {
        statuses = flood => statuses,
        () = others => unreachable!(),
    };
    let (calls, seconds) = (stack.stripe.calls(), started.elapsed().as_secs_f64());
    assert_eq!(statuses.values().sum::<usize>(), IDS);
    assert_eq!(statuses[&404] + statuses[&503], IDS, "{statuses:?}");
    assert!(statuses[&404] <= calls, "an id is absent only where Stripe said so");
    let most = 20.0 * seconds.max(1.0);
    assert!(f64::from(u32::try_from(calls).unwrap()) <= most, "{calls} calls in {seconds} s");
    let slowest = *slowest.lock().unwrap();
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}
