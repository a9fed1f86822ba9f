//! What is started, and in which order.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use bearer_tokens::{Rules, Verifier};
use futures_util::FutureExt;
use lambda_kit::config::{Environment, KeySource, Mistake, Reader, Settings};
use lambda_kit::lines::Lines;
use lambda_kit::logging::LogFormat;
use lambda_kit::parameters::ParameterStore;
use lambda_kit::traces::Traces;
use lambda_kit::webhook::{SecretsSource, WebhookSettings};
use lambda_kit::{
    EventService, Service, aws, event_service, logging, service, stripe_keys, webhook_secrets,
};
use orders::SystemClock;
use orders_dynamodb::CommerceTable;
use orders_http::{Degraded, Severity};
use outbound::{AwsHttpClient, Trust};
use secrecy::SecretString;
use stripe_sim::{Endpoint, StripeSim};
use table_sim::{EmbeddedTable, INDEX, Storage, TABLE};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing::level_filters::LevelFilter;

use crate::cli::Arguments;
use crate::gateway::{Gateway, router};
use crate::{demo, figures};

/// Signs tokens where `JWT_SECRET` is not set. Everybody knows it.
pub(crate) const DEVELOPMENT_SECRET: &str = "local-development-secret-not-for-production";

/// Signs what the stand-in for Stripe sends to the webhook, where `STRIPE_WEBHOOK_SECRET` is not set.
pub(crate) const DEVELOPMENT_WEBHOOK_SECRET: &str = "whsec_localDevelopmentNotForProduction";

/// Why the stack cannot start: a line for each problem.
pub(crate) struct CannotStart(pub(crate) Vec<String>);

impl CannotStart {
    fn one(problem: impl std::fmt::Display) -> Self {
        Self(vec![problem.to_string()])
    }
}

impl From<Vec<Mistake>> for CannotStart {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes.iter().map(ToString::to_string).collect())
    }
}

/// Everything, ready to serve.
pub(crate) struct Stack {
    listener: TcpListener,
    gateway: Arc<Gateway>,
    /// The embedded table, unless another is used.
    pub(crate) table: Option<EmbeddedTable>,
    /// The stand-in for Stripe, unless Stripe itself is used.
    pub(crate) stripe: Option<StripeSim>,
    pub(crate) address: SocketAddr,
    traces: Option<Traces>,
    /// The settings in force, for another program that is to use the same.
    pub(crate) environment: Environment,
}

impl Stack {
    /// Starts what is not given, and builds the service over all of it.
    pub(crate) async fn build(
        arguments: &Arguments,
        mut environment: Environment,
    ) -> Result<Self, CannotStart> {
        let listener = listen(arguments, &environment).await?;
        let address = listener.local_addr().map_err(CannotStart::one)?;
        let stripe = stripe(&mut environment, address).await?;
        let table = table(arguments, &mut environment).await?;
        let mut reader = Reader::new(&environment);
        let read = reader.settings().zip(reader.webhook()).zip(reader.traces());
        let read = read.zip(reader.trust_in_aws());
        let (((settings, webhook), traces), trust) = reader.finish(read)?;
        let (log_format, log_level, talks) = log(&environment, settings.log_level);
        let started = lambda_kit::traces::start(traces, &settings.stripe.trust);
        let aws = Surroundings { environment: &environment, trust: &trust };
        let (service, events) = build_services(settings, &webhook, table.as_ref(), &aws).await?;
        let gateway = Arc::new(Gateway {
            service,
            events,
            talks,
            lines: Lines::new(log_format, log_level, None),
            figures: figures::start().map_err(CannotStart::one)?,
            verifier: verifier(&environment),
        });
        let traces = started.map_err(CannotStart::one)?;
        logging::start(log_format, log_level, traces.as_ref());
        Ok(Self { listener, gateway, table, stripe, address, traces, environment })
    }

    /// A token for a member; the secret is there for her who runs this.
    pub(crate) fn token(&self, user_id: &str, email: &str) -> String {
        // A token of two words and a time can always be signed.
        bearer_tokens::issue(&jwt_secret(&self.environment), user_id, email).unwrap_or_default()
    }

    /// Whether Stripe's events are taken.
    pub(crate) fn takes_events(&self) -> bool {
        self.gateway.events.is_some()
    }

    /// Whether anybody could make a token.
    pub(crate) fn tokens_are_forgeable(&self) -> bool {
        self.environment.get("JWT_SECRET").is_none()
    }

    /// Serves until it is told to stop, by Ctrl-C or by whoever runs the container. Requests under
    /// way are answered; a connection that sends nothing more is waited for only so long.
    pub(crate) async fn serve(self) -> Result<(), CannotStart> {
        let mut terminate = signal(SignalKind::terminate()).map_err(CannotStart::one)?;
        let stop = async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        .boxed()
        .shared();
        let (at_end, end) = oneshot::channel();
        let sending = tokio::spawn(send_spans(self.traces, Arc::clone(&self.gateway), end));
        let served =
            axum::serve(self.listener, router(self.gateway)).with_graceful_shutdown(stop.clone());
        let ended = tokio::select! {
            outcome = served.into_future() => outcome.map_err(CannotStart::one),
            () = async { stop.await; tokio::time::sleep(DRAIN).await } => Ok(()),
        };
        // The last spans are of the requests that were still under way.
        drop(at_end);
        sending.await.map_err(CannotStart::one)?;
        ended
    }
}

fn verifier(environment: &Environment) -> Verifier<SystemClock> {
    Verifier::with_secret(&jwt_secret(environment), Rules::default(), SystemClock)
}

/// What tokens are signed with.
fn jwt_secret(environment: &Environment) -> SecretString {
    environment.get("JWT_SECRET").unwrap_or(DEVELOPMENT_SECRET).into()
}

/// Sends spans every second until the end, and then what is left of them.
async fn send_spans(traces: Option<Traces>, gateway: Arc<Gateway>, mut end: oneshot::Receiver<()>) {
    let Some(traces) = traces else { return };
    let mut is_end = false;
    while !is_end {
        is_end = tokio::time::timeout(Duration::from_secs(1), &mut end).await.is_ok();
        if let Err(not_sent) = traces.flush(Duration::MAX).await {
            let line = Degraded::new(Severity::Warn, "", not_sent.to_string());
            gateway.lines.write_degraded(&line);
        }
    }
}

/// The longest that requests under way are waited for at the end.
const DRAIN: Duration = Duration::from_secs(5);

/// How lines are written, from which level on, and whether each request gets one for a person. At
/// finer levels it has the whole of what is known of it, as in JSON.
fn log(environment: &Environment, level: LevelFilter) -> (LogFormat, LevelFilter, bool) {
    let format = environment.get("AWS_LAMBDA_LOG_FORMAT");
    if format.is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        return (LogFormat::Json, level, false);
    }
    let talks = level == LevelFilter::INFO;
    (LogFormat::Text, if talks { LevelFilter::WARN } else { level }, talks)
}

async fn listen(
    arguments: &Arguments,
    environment: &Environment,
) -> Result<TcpListener, CannotStart> {
    let port = match (arguments.port, environment.get("PORT")) {
        (Some(port), _) => port,
        (None, None) => 8787,
        (None, Some(text)) => text.parse().map_err(|_| {
            CannotStart::one(format!("PORT: `{text}` is no port, a number from 0 to 65535"))
        })?,
    };
    let address = SocketAddr::new(arguments.host, port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => CannotStart::one(format!(
            "--port (or PORT): {address} is taken; choose another, or 0 for any free one"
        )),
        _ => CannotStart::one(format!("--host and --port (or PORT): {address}: {error}")),
    })
}

/// The stand-in, unless the environment names a Stripe or a table with real orders. It sends its
/// events to the webhook here.
async fn stripe(
    environment: &mut Environment,
    address: SocketAddr,
) -> Result<Option<StripeSim>, CannotStart> {
    const NAMES: [&str; 4] =
        ["STRIPE_SECRET", "STRIPE_SECRET_PARAMETER", "STRIPE_API_BASE", "COMMERCE_TABLE"];
    if NAMES.iter().any(|name| environment.get(name).is_some()) {
        return Ok(None);
    }
    let stripe =
        StripeSim::start(&[demo::STRIPE_KEY], demo::shop()).await.map_err(CannotStart::one)?;
    environment.set("STRIPE_SECRET", demo::STRIPE_KEY);
    environment.set("STRIPE_API_BASE", &stripe.base());
    if environment.get(WEBHOOK_SECRET).is_none() {
        environment.set(WEBHOOK_SECRET, DEVELOPMENT_WEBHOOK_SECRET);
    }
    // Where it listens to everybody, it does so on loopback as well.
    let url = format!("http://{}:{}/stripe/webhook", loopback(address), address.port());
    let secret = environment.get(WEBHOOK_SECRET).unwrap_or_default();
    let secret = secret.split(',').next().unwrap_or_default().trim();
    let endpoint = Endpoint::new(&url, secret)
        .map_err(|error| CannotStart::one(format!("{WEBHOOK_SECRET}: {error}")))?;
    stripe.register(endpoint);
    Ok(Some(stripe))
}

const WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";

/// The address by which this machine reaches what listens there.
fn loopback(address: SocketAddr) -> String {
    match address {
        _ if !address.ip().is_unspecified() && address.is_ipv4() => address.ip().to_string(),
        _ if !address.ip().is_unspecified() => format!("[{}]", address.ip()),
        SocketAddr::V4(_) => "127.0.0.1".to_owned(),
        SocketAddr::V6(_) => "[::1]".to_owned(),
    }
}

/// The embedded table, unless the environment names one.
async fn table(
    arguments: &Arguments,
    environment: &mut Environment,
) -> Result<Option<EmbeddedTable>, CannotStart> {
    if environment.get("COMMERCE_TABLE").is_some() {
        return match &arguments.data {
            None => Ok(None),
            Some(_) => Err(CannotStart::one(
                "--data: keeps the embedded table, but COMMERCE_TABLE names another; use one of them",
            )),
        };
    }
    let storage = match &arguments.data {
        Some(folder) => Storage::Folder(folder.clone()),
        None => Storage::Memory,
    };
    let start = async {
        let table = EmbeddedTable::start(&storage).await?;
        if table.is_new() {
            demo::fill(&table).await?;
        }
        Ok::<_, table_sim::TableError>(table)
    };
    let table = start.await.map_err(|error| match &arguments.data {
        Some(folder) => CannotStart::one(format!("--data {}: {error}", folder.display())),
        None => CannotStart::one(error),
    })?;
    environment.set("COMMERCE_TABLE", TABLE);
    environment.set("ORDER_INDEX", INDEX);
    Ok(Some(table))
}

/// The endpoint, and the doors for events where there is a secret to verify them with.
async fn build_services(
    settings: Settings,
    webhook: &WebhookSettings,
    table: Option<&EmbeddedTable>,
    aws: &Surroundings<'_>,
) -> Result<(Service, Option<EventService>), CannotStart> {
    let (dynamodb, keys, secrets) = match (table, &settings.stripe.key, &webhook.secrets) {
        (Some(table), KeySource::Key(key), None) => (embedded(table), key.clone().into(), None),
        (Some(table), KeySource::Key(key), Some(SecretsSource::Secrets(secrets))) => {
            (embedded(table), key.clone().into(), Some(secrets.clone()))
        }
        (table, source, _) => {
            let (sdk, parameters) = aws.load().await?;
            let dynamodb = table.map_or_else(|| Client::new(&sdk), embedded);
            let parameters = || parameters.clone();
            let keys = stripe_keys(source, parameters).await.map_err(CannotStart::one)?;
            let secrets = webhook_secrets(webhook, parameters).await.map_err(CannotStart::one)?;
            (dynamodb, keys, secrets)
        }
    };
    let table = CommerceTable::new(dynamodb, settings.table.clone(), SystemClock);
    let events = secrets.map(|secrets| {
        event_service(&settings, webhook, Some(secrets), keys.clone(), table.clone())
    });
    let events = events.transpose().map_err(CannotStart::one)?;
    Ok((service(settings, keys, table).map_err(CannotStart::one)?, events))
}

/// A client for the embedded table, with the production client's patience.
fn embedded(table: &EmbeddedTable) -> Client {
    let config = table.client().config().to_builder();
    Client::from_conf(config.timeout_config(aws::timeouts()).retry_config(aws::retries()).build())
}

/// The AWS that this machine belongs to.
struct Surroundings<'a> {
    environment: &'a Environment,
    trust: &'a Trust,
}

impl Surroundings<'_> {
    /// What the SDK has to know, and the parameter store. A container gets its credentials from the
    /// machine it runs on, so the whole chain of providers is tried.
    async fn load(&self) -> Result<(SdkConfig, ParameterStore), CannotStart> {
        let http = AwsHttpClient::new(self.trust);
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .timeout_config(aws::timeouts())
            .retry_config(aws::retries())
            .load()
            .await;
        let region = sdk.region().filter(|region| !region.as_ref().trim().is_empty());
        let missing = "AWS_REGION: is required: the region of the table";
        let region = region.ok_or_else(|| CannotStart::one(missing))?.clone();
        let missing = "AWS_ACCESS_KEY_ID: there are no credentials for AWS";
        let credentials = sdk.credentials_provider().ok_or_else(|| CannotStart::one(missing))?;
        let endpoint = ["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"];
        let endpoint = endpoint.into_iter().find_map(|name| self.environment.get(name));
        Ok((sdk, ParameterStore::new(http, credentials, region, endpoint)))
    }
}
