//! Orders from Stripe's Checkout Sessions.
//!
//! `wire` says what Stripe sends, `normalize` what it means, `attempt` makes one request, `retry`
//! decides whether to make another, and `flights` lets concurrent requests share one.

mod attempt;
mod checkout;
mod error;
mod flights;
mod key;
mod normalize;
mod retry;
mod wire;

pub use checkout::{STRIPE_VERSION, StripeCheckout, StripeConfig};
pub use error::{Malformed, StripeError};
pub use key::{InvalidKey, Mode, SecretKey};
pub use normalize::{parse_lines, parse_session};
pub use retry::Backoff;
