use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_ssm::Client as Ssm;
use aws_sdk_ssm::error::ProvideErrorMetadata;
use orders::{GetOrder, KeepTrue, SystemClock};
use orders_dynamodb::CommerceTable;
use orders_events::{Doors, DoorsConfig};
use orders_http::{Endpoint, EndpointConfig, UserHasher};
use orders_stripe::{Backoff, SecretKey, StripeCheckout, StripeConfig, WebhookSecrets};

use crate::config::{KeySource, Mistake, Settings, check_base};
use crate::webhook::WebhookSettings;

/// The endpoint over the real adapters. Built once, shared by all requests.
pub type Service = Endpoint<CommerceTable<SystemClock>, StripeCheckout<SystemClock>, SystemClock>;

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

/// Stripe's key, fetched from the parameter store where the settings only name it.
pub async fn stripe_key(
    source: &KeySource,
    ssm: impl FnOnce() -> Ssm,
) -> Result<SecretKey, StartError> {
    let name = match source {
        KeySource::Key(key) => return Ok(key.clone()),
        KeySource::Parameter(name) => name,
    };
    let variable = "STRIPE_SECRET_PARAMETER";
    let value = parameter(&ssm(), variable, name).await?;
    let problem = |why| format!("what the parameter {name} holds {why}");
    Ok(value.parse().map_err(|why| Mistake { variable, problem: problem(why) })?)
}

/// The secrets of the webhook, fetched from the parameter store where the settings only name them.
pub async fn webhook_secrets(
    settings: &WebhookSettings,
    ssm: impl FnOnce() -> Ssm,
) -> Result<Option<WebhookSecrets>, StartError> {
    let fetch = async |variable, name: &str| parameter(&ssm(), variable, name).await;
    Ok(settings.secrets(fetch).await?)
}

/// What a parameter holds. `variable` names it in the settings.
async fn parameter(ssm: &Ssm, variable: &'static str, name: &str) -> Result<String, Mistake> {
    let fetched = ssm.get_parameter().name(name).with_decryption(true).send().await;
    let fetched = fetched.map_err(|error| {
        let code = error.code().unwrap_or("no answer from the parameter store");
        let problem = format!("the parameter {name} cannot be read: {code}");
        Mistake { variable, problem }
    })?;
    Ok(fetched.parameter.and_then(|parameter| parameter.value).unwrap_or_default())
}

/// Builds the service.
pub fn service(
    settings: Settings,
    key: SecretKey,
    dynamodb: DynamoDb,
) -> Result<Service, StartError> {
    let user_hasher = user_hasher(&key);
    let (table, stripe) = adapters(&settings, key, dynamodb)?;
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
    key: SecretKey,
    dynamodb: DynamoDb,
) -> Result<EventService, StartError> {
    let config = DoorsConfig {
        secrets,
        tolerance: webhook.tolerance,
        mode: key.mode(),
        budget: settings.request_budget,
        user_hasher: user_hasher(&key),
    };
    let (table, stripe) = adapters(settings, key, dynamodb)?;
    Ok(Doors::new(KeepTrue::new(table, stripe, SystemClock), config, SystemClock))
}

/// Whoever runs the deployment has Stripe's key, and nobody else; no further secret is needed.
fn user_hasher(key: &SecretKey) -> UserHasher {
    UserHasher::new(&key.derive("names of members in the log"))
}

fn adapters(
    settings: &Settings,
    key: SecretKey,
    dynamodb: DynamoDb,
) -> Result<(CommerceTable<SystemClock>, StripeCheckout<SystemClock>), StartError> {
    check_base(&key, &settings.stripe.base)?;
    let stripe = StripeConfig {
        key,
        base: settings.stripe.base.clone(),
        timeout: settings.stripe.timeout,
        max_retries: settings.stripe.max_retries,
        rate_per_second: settings.stripe.rate_per_second,
        backoff: Backoff::default(),
    };
    let stripe = StripeCheckout::new(stripe, SystemClock)
        .map_err(|error| StartError::StripeClient(error.to_string()))?;
    Ok((CommerceTable::new(dynamodb, settings.table.clone(), SystemClock), stripe))
}
