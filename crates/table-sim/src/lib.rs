//! An embedded DynamoDB with the commerce table, and rows as each of its writers leaves them.
//!
//! It plays the other programs of the shop: what they write, and what they would see. For tests
//! and the local stack only; the production adapter is `orders-dynamodb`.

mod rows;
mod table;

pub use rows::{Row, old_fallback_row, sync_row, webhook_row};
pub use table::{EmbeddedTable, INDEX, Storage, TABLE, TableError};
