//! The snapshot store on the shop's commerce table in DynamoDB.
//!
//! `keys` alone knows how the table is keyed, `read` and `write` alone know its attributes, and
//! `store` alone speaks to DynamoDB.

mod change;
mod failure;
mod keys;
mod merge;
mod number;
mod read;
mod store;
mod write;

pub use store::{CommerceTable, TableConfig};
