//! Bearer tokens: who calls, and how that is known.
//!
//! `token` reads what came, without believing it; `keys` says which key it may have been signed with,
//! and `jwks` has the keys of an issuer; `claims` says when and for whom it holds, and `identity` is
//! what is believed then. `verifier` goes through all of it.

mod claims;
mod identity;
mod issue;
mod json;
mod jwks;
mod keys;
mod refusal;
mod token;
mod verifier;

pub use claims::Rules;
pub use identity::Identity;
pub use issue::issue;
pub use jwks::{IssuerKeys, NoKeys};
pub use keys::NoUsableKey;
pub use refusal::Refusal;
pub use verifier::{NotVerified, Verifier};
