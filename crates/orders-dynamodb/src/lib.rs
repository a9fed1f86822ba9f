//! The snapshot store on the shop's commerce table in DynamoDB.
//!
//! `keys` alone knows how the table is keyed. `read` and `write` know a row's attributes, `change`
//! those on which a write depends. `store` alone speaks to DynamoDB.

mod change;
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
