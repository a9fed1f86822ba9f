//! Bearer tokens: who calls, and how that is known.
//!
//! `token` reads what came, without believing it; `keys` says which key it may have been signed with,
//! and `jwks` has the keys of an issuer; `verifier` puts the signature and the claims to the test, and
//! `identity` is what is believed then.

mod identity;
mod issuer;
mod json;
mod jwks;
mod keys;
mod refusal;
mod token;
mod verifier;

pub use identity::Identity;
pub use issuer::issue;
pub use jwks::{Jwks, NoKeys};
pub use keys::NoUsableKey;
pub use refusal::Refusal;
pub use verifier::{NotVerified, Rules, Verifier};
