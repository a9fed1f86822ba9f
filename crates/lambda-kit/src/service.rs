use orders::{GetOrder, SystemClock};
use orders_dynamodb::CommerceTable;
use orders_http::{Endpoint, EndpointConfig, UserHasher};
use orders_stripe::{Backoff, SecretKey, StripeCheckout, StripeConfig};
use secrecy::ExposeSecret;

use crate::config::{KeySource, Mistake, Settings, check_base};
use crate::parameters::ParameterStore;

/// The endpoint over the real adapters. Built once, shared by all requests.
pub type Service = Endpoint<CommerceTable<SystemClock>, StripeCheckout<SystemClock>, SystemClock>;

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is wrong, which only showed when it was used.
    #[error("{0}")]
    Setting(#[from] Mistake),
    /// The HTTP client for Stripe cannot be built.
    #[error("the HTTP client for Stripe cannot be built: {0}")]
    StripeClient(String),
}

/// Stripe's key, fetched from the parameter store where the settings only name it.
pub async fn stripe_key(
    source: &KeySource,
    parameters: impl FnOnce() -> ParameterStore,
) -> Result<SecretKey, StartError> {
    let name = match source {
        KeySource::Key(key) => return Ok(key.clone()),
        KeySource::Parameter(name) => name,
    };
    let mistake = |problem: String| Mistake { variable: "STRIPE_SECRET_PARAMETER", problem };
    let value = Box::pin(parameters().value(name)).await;
    let value =
        value.map_err(|error| mistake(format!("the parameter {name} cannot be read: {error}")))?;
    let key = value.expose_secret().parse();
    Ok(key.map_err(|why| mistake(format!("what the parameter {name} holds {why}")))?)
}

/// Builds the service.
pub fn service(
    settings: Settings,
    key: SecretKey,
    table: CommerceTable<SystemClock>,
) -> Result<Service, StartError> {
    check_base(&key, &settings.stripe.base)?;
    let clock = SystemClock;
    // Whoever runs the deployment has Stripe's key, and nobody else; no further secret is needed.
    let user_hasher = UserHasher::new(&key.derive("names of members in the log"));
    let stripe = StripeConfig {
        key,
        base: settings.stripe.base,
        timeout: settings.stripe.timeout,
        max_retries: settings.stripe.max_retries,
        rate_per_second: settings.stripe.rate_per_second,
        trust: settings.stripe.trust,
        backoff: Backoff::default(),
    };
    let stripe = StripeCheckout::new(stripe, clock)
        .map_err(|error| StartError::StripeClient(error.to_string()))?;
    let orders = GetOrder::new(table, stripe, clock);
    let endpoint =
        EndpointConfig { cors: settings.cors, budget: settings.request_budget, user_hasher };
    Ok(Endpoint::new(orders, endpoint, clock))
}
