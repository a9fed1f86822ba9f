//! A stateful stand-in for Stripe's HTTP API, with Stripe's own rules and switchable faults.
//!
//! It speaks as much as this project asks of Stripe: retrieving a Checkout Session with
//! expansions, listing sessions by payment intent, and listing a session's line items by pages. It
//! refuses what Stripe refuses, so that a request that works here has a fair chance to work there.
//!
//! It also plays the other side, where buyers pay late, shops refund and banks dispute, through
//! [`StripeSim::act`] or over HTTP under `/sim`; and it tells of that by signed webhooks. For tests
//! and the local stack only.

// A session has some 60 properties, which `json!` takes one by one.
#![recursion_limit = "256"]

mod acting;
mod acts;
mod api;
mod clock;
mod control;
mod deliveries;
mod effects;
mod endpoint;
mod events;
mod expand;
mod faults;
mod money_back;
mod objects;
mod other_side;
mod rules;
mod sender;
mod server;
mod session;
mod shop;
mod signature;

pub use acts::{Act, CannotAct};
pub use deliveries::Order;
pub use endpoint::{BadEndpoint, Endpoint};
pub use events::{Attempt, LoggedEvent};
pub use faults::{Fault, Times};
pub use other_side::NoSuchEvent;
pub use server::{Recorded, StripeSim};
pub use session::{Line, SessionBuilder};
pub use shop::Shop;
pub use signature::{sign, sign_with_each};
