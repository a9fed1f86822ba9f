//! What every program here is made of: one set of settings, one way to reach AWS and Stripe, one
//! service, one way to tell what happened.

pub mod aws;
pub mod config;
mod environment;
pub mod lines;
pub mod logging;
pub mod metrics;
mod observers;
pub mod parameters;
mod service;
pub mod traces;

pub use observers::Observers;
pub use service::{Service, StartError, service, stripe_key};
