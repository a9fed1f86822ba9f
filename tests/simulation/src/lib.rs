//! Finding an order under random schedules of faults, delays, crashes and other writers.
//!
//! The use case is the real one; the store and Stripe are played by a [`World`] with a clock of
//! its own, so that a schedule of minutes takes microseconds and a seed replays it exactly.

mod executor;
mod schedule;
mod sim_checkout;
mod sim_store;
mod world;

#[cfg(test)]
mod contract_tests;

pub use schedule::{Figures, run};
pub use world::World;
