//! A stateful stand-in for Stripe's HTTP API, with Stripe's own rules and switchable faults.
//!
//! It speaks as much as this project asks of Stripe: retrieving a Checkout Session with
//! expansions, and listing its line items by pages. It refuses what Stripe refuses, so that a
//! request that works here has a fair chance to work there. For tests and the local stack only.

// A session has some 60 properties, which `json!` takes one by one.
#![recursion_limit = "256"]

mod api;
mod expand;
mod faults;
mod rules;
mod server;
mod session;
mod shop;

pub use faults::{Fault, Times};
pub use server::{Recorded, StripeSim};
pub use session::{Line, SessionBuilder};
pub use shop::Shop;
