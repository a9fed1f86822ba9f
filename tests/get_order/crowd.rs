//! Many callers at the very same moment, which only a program without an interpreter can have.

use futures_util::future::join_all;
use stripe_sim::{Fault, Times};
use table_sim::INDEX;

use crate::stack::{Stack, session_of};
use crate::suite::rotation::{NEW, PARAMETER, Shop};

const ORDER: &str = "cs_test_a1crowd";

#[tokio::test(flavor = "multi_thread")]
async fn a_hiccup_that_hits_a_crowd_is_no_outage() {
    for fault in [Fault::Reset, Fault::Status(500), Fault::Status(429)] {
        let stack = Stack::with(&[
            ("ORDER_INDEX", INDEX),
            ("STRIPE_RATE_PER_SECOND", "1000"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "64"),
            // Whoever is early may meet several of the faults.
            ("STRIPE_MAX_RETRIES", "30"),
        ])
        .await;
        for n in 0..30 {
            stack.given_session(session_of("ava", &format!("{ORDER}{n}")));
        }
        stack.stripe.inject(fault.clone(), Times::Next(30));
        let orders: Vec<_> = (0..30).map(|n| format!("{ORDER}{n}")).collect();
        for answer in join_all(orders.iter().map(|order| stack.open_order("ava", order))).await {
            assert_eq!(answer.status, 200, "{fault:?}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_meets_the_old_key_reads_the_parameter_once() {
    let shop =
        Shop::start(&[("AWS_LAMBDA_MAX_CONCURRENCY", "16"), ("STRIPE_RATE_PER_SECOND", "1000")])
            .await;
    shop.parameters.put(PARAMETER, NEW);
    shop.stripe.roll_keys(&[NEW]);
    let orders: Vec<_> = (0..16).map(|n| format!("cs_test_a1crowd{n}")).collect();
    let answers = join_all(orders.iter().map(|order| shop.open(order))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
    assert_eq!(shop.parameters.asked().len(), 2);
}
