//! What the end-to-end tests share. Nothing here is part of a program.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod build;
mod collector;
mod events;
mod http;
mod parameters;
mod program;
mod recorded;
mod runtime_api;
mod table_gate;

pub use build::build;
pub use collector::{CollectedSpan, Collector};
pub use events::{Asker, posted_event, rest_event};
pub use http::http_client;
pub use parameters::Parameters;
pub use program::Program;
pub use recorded::recorded_payloads;
pub use runtime_api::{Invoked, Lambda};
pub use table_gate::{TableCall, TableFault, TableGate};
