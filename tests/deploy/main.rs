//! Whether what is deployed is what the programs need: `deploy/template.yaml`, translated as AWS
//! does it, against the built programs, and `deploy/smoke` against the local stack.
//!
//! The programs are those of `cargo test --workspace`. The translator comes from PyPI: the
//! interpreter that `PEERS_PYTHON` names, else `python3`, has it; where there is none the tests of
//! the template say that they skip, never where `CI` is set.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod events;
mod figures;
mod recorded;
mod roles;
mod scenarios;
mod shape_tests;
mod smoke;
mod template;
mod template_tests;
mod variables;
