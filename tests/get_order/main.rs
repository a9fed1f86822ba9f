//! The Lambda program, as API Gateway and a member's browser see it: the built program under a
//! stand-in for the Lambda Runtime API, over an embedded DynamoDB and `stripe-sim`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on must stop, and a table of cases is long"
)]

mod corrupt;
mod crash;
mod events;
mod faults;
mod freshness;
mod headers;
mod lookup;
mod normalisation;
mod observed;
mod outage;
mod ownership;
mod redaction;
mod request;
mod rotation;
mod settings;
mod stack;
mod start;
mod stripe;
mod traces;
mod two_members;
mod writing;
