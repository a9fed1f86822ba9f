use std::sync::Arc;

use orders::ports::Cause;
use orders::{GetOrder, KeepTrue, SystemClock};
use orders_dynamodb::CommerceTable;
use orders_events::{Doors, DoorsConfig};
use orders_http::{Endpoint, EndpointConfig, UserHasher};
use orders_stripe::{Backoff, SecretKey, StripeCheckout, StripeConfig, StripeKeys, WebhookSecrets};
use secrecy::{ExposeSecret, SecretString};

use crate::aws::AwsSettings;
use crate::config::{KeySource, Mistake, Settings, check_base};
use crate::parameters::ParameterStore;
use crate::program::WARM_UP;
use crate::webhook::WebhookSettings;

/// The endpoint over the real adapters. Built once, shared by all requests.
pub type Service = Endpoint<
    GetOrder<CommerceTable<SystemClock>, StripeCheckout<SystemClock>, SystemClock>,
    SystemClock,
>;

/// The doors for Stripe's events over the real adapters. Built once, shared by all events.
pub type EventService = Doors<CommerceTable<SystemClock>, StripeCheckout<SystemClock>, SystemClock>;

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

/// Stripe's key, fetched from the parameter store where the settings only name it; and fetched
/// again when Stripe refuses it.
pub async fn stripe_keys(
    source: &KeySource,
    parameters: impl FnOnce() -> ParameterStore,
) -> Result<StripeKeys, StartError> {
    let name = match source {
        KeySource::Key(key) => return Ok(key.clone().into()),
        KeySource::Parameter(name) => name.clone(),
    };
    let parameters = parameters();
    let key = kept_key(&parameters, &name).await?;
    Ok(StripeKeys::kept(key, move || {
        let (parameters, name) = (parameters.clone(), name.clone());
        Box::pin(async move {
            let key = kept_key(&parameters, &name).await;
            key.map_err(|mistake| Arc::new(mistake) as Cause)
        })
    }))
}

/// Stripe's key, as a parameter holds it.
async fn kept_key(parameters: &ParameterStore, name: &str) -> Result<SecretKey, Mistake> {
    let variable = "STRIPE_SECRET_PARAMETER";
    let value = parameter(parameters, variable, name).await?;
    let problem = |why| format!("what the parameter {name} holds {why}");
    value.expose_secret().parse().map_err(|why| Mistake { variable, problem: problem(why) })
}

/// The secrets of the webhook, fetched from the parameter store where the settings only name them.
pub async fn webhook_secrets(
    settings: &WebhookSettings,
    parameters: impl FnOnce() -> ParameterStore,
) -> Result<Option<WebhookSecrets>, StartError> {
    let fetch = async |variable, name: &str| parameter(&parameters(), variable, name).await;
    Ok(settings.secrets(fetch).await?)
}

/// What a parameter holds. `variable` names it in the settings.
pub async fn parameter(
    parameters: &ParameterStore,
    variable: &'static str,
    name: &str,
) -> Result<SecretString, Mistake> {
    let value = Box::pin(parameters.value(name)).await;
    value.map_err(|error| {
        let problem = format!("the parameter {name} cannot be read: {error}");
        Mistake { variable, problem }
    })
}

/// The service, once all is there that it needs, and DynamoDB is made ready while nobody waits yet.
pub async fn start_service(settings: Settings, aws: &AwsSettings) -> Result<Service, StartError> {
    let table = CommerceTable::new(aws.dynamodb(), settings.table.clone(), SystemClock);
    let keys = stripe_keys(&settings.stripe.key, || aws.parameters());
    let (keys, ()) = tokio::join!(keys, table.warm_up(WARM_UP));
    service(settings, keys?, table)
}

/// Builds the service.
pub fn service(
    settings: Settings,
    keys: StripeKeys,
    table: CommerceTable<SystemClock>,
) -> Result<Service, StartError> {
    let user_hasher = Some(user_hasher(&keys));
    let stripe = stripe(&settings, keys)?;
    let orders = GetOrder::new(table, stripe, SystemClock);
    let endpoint =
        EndpointConfig { cors: settings.cors, budget: settings.request_budget, user_hasher };
    Ok(Endpoint::new(orders, endpoint, SystemClock))
}

/// Builds the doors for Stripe's events.
pub fn event_service(
    settings: &Settings,
    webhook: &WebhookSettings,
    secrets: Option<WebhookSecrets>,
    keys: StripeKeys,
    table: CommerceTable<SystemClock>,
) -> Result<EventService, StartError> {
    let config = DoorsConfig {
        secrets,
        tolerance: webhook.tolerance,
        mode: keys.mode(),
        budget: settings.request_budget,
        user_hasher: user_hasher(&keys),
    };
    let stripe = stripe(settings, keys)?;
    Ok(Doors::new(KeepTrue::new(table, stripe, SystemClock), config, SystemClock))
}

/// Whoever runs the deployment has Stripe's key, and nobody else; no further secret is needed. It
/// stays the same for a process whose key is replaced.
fn user_hasher(keys: &StripeKeys) -> UserHasher {
    UserHasher::new(&keys.current().derive("names of members in the log"))
}

fn stripe(
    settings: &Settings,
    keys: StripeKeys,
) -> Result<StripeCheckout<SystemClock>, StartError> {
    check_base(&keys.current(), &settings.stripe.base)?;
    let stripe = StripeConfig {
        keys,
        base: settings.stripe.base.clone(),
        timeout: settings.stripe.timeout,
        max_retries: settings.stripe.max_retries,
        rate_per_second: settings.stripe.rate_per_second,
        trust: settings.stripe.trust.clone(),
        backoff: Backoff::default(),
    };
    StripeCheckout::new(stripe, SystemClock)
        .map_err(|error| StartError::StripeClient(error.to_string()))
}
