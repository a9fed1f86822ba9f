//! What must hold of any input from outside, as one function per kind of input.
//!
//! `cargo fuzz` runs them with inputs of its own (see `fuzz/`), and `tests/properties.rs` with
//! mutated fixtures. A function that returns is content; one that panics has found something.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a finding is told"
)]

mod canned_table;
mod delivery;
mod event;
mod shown;
mod stripe;
mod table;
mod token;

pub use delivery::{delivery, signature};
pub use event::event;
pub use stripe::{lines, session};
pub use table::item;
pub use token::{JWKS, SECRET, token};

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every kind of input, by its name.
pub const TARGETS: [(&str, Target); 7] = [
    ("event", event),
    ("item", item),
    ("session", session),
    ("lines", lines),
    ("token", token),
    ("delivery", delivery),
    ("signature", signature),
];

/// The member to whom everything belongs.
pub const MEMBER: &str = "ava";

/// The order that is asked for.
pub const ORDER: &str = "cs_test_a1seed";
