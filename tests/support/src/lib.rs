//! What the end-to-end tests share. Nothing here is part of a program.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod events;
mod program;
mod rows;
mod runtime_api;
mod table;

pub use events::{Asker, rest_event};
pub use program::Program;
pub use rows::{old_fallback_row, sync_row, webhook_row};
pub use runtime_api::{Invoked, Lambda};
pub use table::{EmbeddedTable, INDEX, TABLE};
