//! The Lambda program, as API Gateway and a member's browser see it: the built program under a
//! stand-in for the Lambda Runtime API, over an embedded DynamoDB and `stripe-sim`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on must stop, and a table of cases is long"
)]

mod crash;
mod crowd;
mod settings;
mod stack;
mod start;
mod subject;
#[path = "suite.rs"]
mod suite;
