//! Orders from Stripe's Checkout Sessions.
//!
//! `wire` says what Stripe sends and `lenient` how it is read, `normalize` what it means; `reading`
//! is all three without a request. `attempt`
//! makes one request, `client` repeats it and fetches further pages, `flights` lets concurrent
//! requests share a call, `pace` keeps to a rate, `breaker` leaves Stripe alone while it fails, and `keys` has another key where one is refused.
//! `webhook` says whether a message is Stripe's, `event` what it is about, and `payments` asks which
//! session a payment is of.

mod attempt;
mod breaker;
mod client;
mod error;
mod event;
mod flights;
mod key;
mod keys;
mod lenient;
mod normalize;
mod pace;
mod payments;
mod reading;
mod retry;
mod webhook;
mod wire;

pub use client::{STRIPE_VERSION, StripeCheckout, StripeConfig};
pub use error::{Malformed, StripeError};
pub use event::{Event, EventType, MalformedEvent, read_event};
pub use key::{InvalidKey, Mode, SecretKey};
pub use keys::StripeKeys;
pub use reading::{read_lines, read_session};
pub use retry::Backoff;
pub use webhook::{
    InvalidWebhookSecret, MAX_EVENT, NotVerified, Tolerance, UnverifiedEvent, VerifiedEvent,
    WebhookSecrets,
};
