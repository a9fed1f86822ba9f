//! Finding an order, and keeping orders true, under random schedules of faults, delays, crashes and
//! other writers.
//!
//! The use cases are the real ones; the store and Stripe are played by a [`World`] with a clock of
//! its own, so that a schedule of minutes takes microseconds and a seed replays it exactly.

mod deliveries;
mod executor;
mod keeping;
mod lives;
mod schedule;
mod sim_checkout;
mod sim_events;
mod sim_store;
mod world;

#[cfg(test)]
mod contract_tests;

pub use keeping::{Kept, run as run_events};
pub use schedule::{Figures, run};
pub use world::World;
