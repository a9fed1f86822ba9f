//! The local stack, as a developer uses it: the built program, over HTTP, with real tokens.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod stack;
mod startup;
mod tokens;
mod welcome;
