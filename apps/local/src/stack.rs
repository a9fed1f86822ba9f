//! What is started, and in which order.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use bearer_tokens::Tokens;
use futures_util::FutureExt;
use lambda_kit::config::{Environment, KeySource, Mistake, Reader, Settings};
use lambda_kit::lines::Lines;
use lambda_kit::logging::LogFormat;
use lambda_kit::parameters::ParameterStore;
use lambda_kit::traces::Traces;
use lambda_kit::{Service, aws, logging, service, stripe_key};
use orders::SystemClock;
use orders_dynamodb::CommerceTable;
use orders_http::{Degraded, Severity};
use outbound::{AwsHttpClient, Trust};
use stripe_sim::StripeSim;
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
        let stripe = stripe(&mut environment).await?;
        let table = table(arguments, &mut environment).await?;
        let mut reader = Reader::new(&environment);
        let read = reader.settings().zip(reader.traces()).zip(reader.trust_in_aws());
        let ((settings, traces), trust) = reader.finish(read)?;
        let (log_format, log_level, talks) = log(&environment, settings.log_level);
        let started = lambda_kit::traces::start(traces, &settings.stripe.trust);
        let gateway = Arc::new(Gateway {
            service: build_service(settings, table.as_ref(), &environment, &trust).await?,
            talks,
            lines: Lines::new(log_format, log_level, None),
            figures: figures::start().map_err(CannotStart::one)?,
            tokens: Tokens::new(environment.get("JWT_SECRET").unwrap_or(DEVELOPMENT_SECRET).into()),
        });
        let traces = started.map_err(CannotStart::one)?;
        logging::start(log_format, log_level, traces.as_ref());
        Ok(Self { listener, gateway, table, stripe, address, traces, environment })
    }

    /// Who makes and verifies tokens.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.gateway.tokens
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

/// The stand-in, unless the environment names a Stripe or a table with real orders.
async fn stripe(environment: &mut Environment) -> Result<Option<StripeSim>, CannotStart> {
    const NAMES: [&str; 4] =
        ["STRIPE_SECRET", "STRIPE_SECRET_PARAMETER", "STRIPE_API_BASE", "COMMERCE_TABLE"];
    if NAMES.iter().any(|name| environment.get(name).is_some()) {
        return Ok(None);
    }
    let stripe =
        StripeSim::start(&[demo::STRIPE_KEY], demo::shop()).await.map_err(CannotStart::one)?;
    environment.set("STRIPE_SECRET", demo::STRIPE_KEY);
    environment.set("STRIPE_API_BASE", &stripe.base());
    Ok(Some(stripe))
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

async fn build_service(
    settings: Settings,
    table: Option<&EmbeddedTable>,
    environment: &Environment,
    trust: &Trust,
) -> Result<Service, CannotStart> {
    let (dynamodb, key) = match (table, &settings.stripe.key) {
        (Some(table), KeySource::Key(key)) => (embedded(table), key.clone()),
        (table, source) => {
            let http = AwsHttpClient::new(trust);
            let sdk = surroundings(http.clone()).await?;
            let dynamodb = table.map_or_else(|| Client::new(&sdk), embedded);
            let key = match (source, sdk.credentials_provider(), sdk.region()) {
                (KeySource::Key(key), ..) => key.clone(),
                (source, Some(credentials), Some(region)) => {
                    let endpoint = ["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"];
                    let endpoint = endpoint.into_iter().find_map(|name| environment.get(name));
                    let store = || ParameterStore::new(http, credentials, region, endpoint);
                    stripe_key(source, store).await.map_err(CannotStart::one)?
                }
                _ => {
                    return Err(CannotStart::one(
                        "STRIPE_SECRET_PARAMETER: there are no credentials for AWS",
                    ));
                }
            };
            (dynamodb, key)
        }
    };
    let table = CommerceTable::new(dynamodb, settings.table.clone(), SystemClock);
    service(settings, key, table).map_err(CannotStart::one)
}

/// A client for the embedded table, with the production client's patience.
fn embedded(table: &EmbeddedTable) -> Client {
    let config = table.client().config().to_builder();
    Client::from_conf(config.timeout_config(aws::timeouts()).retry_config(aws::retries()).build())
}

/// The AWS that this machine belongs to. A container gets its credentials from the machine it runs
/// on, so the whole chain of providers is tried.
async fn surroundings(http: AwsHttpClient) -> Result<SdkConfig, CannotStart> {
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(aws::timeouts())
        .retry_config(aws::retries())
        .load()
        .await;
    if sdk.region().is_none_or(|region| region.as_ref().trim().is_empty()) {
        return Err(CannotStart::one("AWS_REGION: is required: the region of the table"));
    }
    Ok(sdk)
}
