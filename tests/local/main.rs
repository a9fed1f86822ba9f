//! The local stack, as a developer uses it: the built program, over HTTP, with real tokens.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod events;
mod stack;
mod startup;
mod tokens;
mod welcome;
