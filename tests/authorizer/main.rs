//! The authorizer, as API Gateway and an attacker see it: the built program under a stand-in for the
//! Lambda Runtime API, with tokens of our own making, of a forger's, and of other people's libraries.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod events;
mod hostile;
mod issuer;
mod keys;
mod observed;
mod peers;
mod settings;
mod stack;
