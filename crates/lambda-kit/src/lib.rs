//! What every program here is made of: one set of settings, one way to reach AWS and Stripe, its
//! services, one way to run, and one to tell what happened.

// A service is one future of futures.
#![recursion_limit = "256"]

mod account;
pub mod aws;
pub mod config;
mod environment;
mod hosted;
pub mod lines;
pub mod logging;
pub mod metrics;
mod observers;
pub mod parameters;
pub mod program;
mod service;
pub mod traces;
pub mod webhook;

pub use account::Account;
pub use hosted::Hosted;
pub use observers::Observers;
pub use service::{
    EventService, Service, StartError, event_service, parameter, service, start_service,
    stripe_keys, webhook_secrets,
};
