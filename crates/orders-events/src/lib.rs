//! Stripe's events: what Lambda hands on in, what is to be said of it out.
//!
//! `door` tells which of the three ways an event came, `ending` how it ended, `problem` what the
//! webhook answers then, and `report` accounts for it. `doors` puts them in the contract's order.

mod door;
mod doors;
mod ending;
mod problem;
mod reply;
mod report;
mod span;

pub use doors::{Doors, DoorsConfig};
pub use reply::{Failure, NotDone, Reply, Response};
pub use report::EventReport;
