//! The one way out: an HTTP client for Stripe, for issuers of tokens, for AWS and for whoever collects
//! spans, and which certificate authorities it trusts.

mod aws;
mod client;
mod trust;

pub use aws::AwsHttpClient;
pub use client::{http_client, is_loopback};
pub use trust::{BadBundle, Trust};
