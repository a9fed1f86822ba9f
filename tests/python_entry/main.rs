//! The Python entry point under Lambda's own runtime for Python (`awslambdaric`), over a stand-in
//! for the Lambda Runtime API: the cases of the program `get-order`, and what is Python's own.
//!
//! They need an interpreter with that package: the one that `PEERS_PYTHON` names, else `python3`.
//! Where there is none these tests say that they skip; never where `CI` is set.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on must stop, and a table of cases is long"
)]

mod events;
mod script;
mod settings;
#[path = "../get_order/stack.rs"]
mod stack;
mod subject;
#[path = "../get_order/suite.rs"]
mod suite;
mod threads;
