//! The Lambda program that keeps orders true, as Stripe, EventBridge and a queue see it: the built
//! program under a stand-in for the Lambda Runtime API, over an embedded DynamoDB and `stripe-sim`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod concurrent;
mod crash;
mod doors;
mod gateway;
mod lives;
mod members;
mod observed;
mod outage;
mod recorded;
mod rows;
mod settings;
mod signature;
mod stack;
mod vectors;
