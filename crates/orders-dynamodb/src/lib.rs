//! The snapshot store on the shop's commerce table in DynamoDB.
//!
//! `keys` alone knows how the table is keyed. `read` and `write` know a row's attributes, `change`
//! those on which a write depends. `store` speaks to DynamoDB for whoever asks for an order, and
//! `events` for whoever keeps orders true.

mod change;
mod events;
mod failure;
mod fields;
mod item;
mod keys;
mod merge;
mod number;
mod page;
mod read;
mod store;
mod watch;
mod write;

pub use store::{CommerceTable, TableConfig};
