//! Spans for a collector, where the environment names one (OpenTelemetry's protocol over HTTP).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{
    SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};
use outbound::{Trust, http_client};
use tokio::time::Instant;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::config::{Mistake, Reader};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";

/// The longest that anybody waits for the collector, which is next door where it is well placed.
const PATIENCE: Duration = Duration::from_millis(500);

/// With less time than this, nothing is sent.
const SHORTEST: Duration = Duration::from_millis(50);

/// How long a collector that failed is left alone. Meanwhile spans are thrown away.
const PAUSE: Duration = Duration::from_secs(30);

/// The most spans that wait to be sent.
const MOST_WAITING: usize = 4096;

/// Variables of OpenTelemetry's that may ask for what is not in this program, and what is.
const ONLY: [(&str, &str); 4] = [
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
];

const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesSettings {
    /// The collector's address for spans.
    pub endpoint: Url,
    /// The name of the service that they are from, where it is given by itself.
    pub service: Option<String>,
    /// Its name where it is not given in any way.
    pub default_service: String,
}

impl Reader<'_> {
    /// Where spans go; `Some(None)` where they go nowhere. What else OpenTelemetry names
    /// (headers, sampling, attributes of the resource) its library reads by itself.
    pub fn traces(&mut self) -> Option<Option<TracesSettings>> {
        let is_off =
            self.get("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
                || self.get("OTEL_TRACES_EXPORTER") == Some("none");
        let (variable, address, path) = match (self.get(TRACES_ENDPOINT), self.get(ENDPOINT)) {
            _ if is_off => return Some(None),
            (Some(address), _) => (TRACES_ENDPOINT, address, ""),
            (None, Some(base)) => (ENDPOINT, base, "/v1/traces"),
            (None, None) => return Some(None),
        };
        for (variable, only) in ONLY {
            if let Some(other) = self.get(variable).filter(|it| *it != only) {
                let problem = format!("`{other}` is not in here; only {only} is");
                self.mistake::<()>(variable, problem);
            }
        }
        if let Some(other) = self.get(SAMPLER).filter(|it| !SAMPLERS.contains(it)) {
            let problem = format!("`{other}` is none of {}", SAMPLERS.join(", "));
            self.mistake::<()>(SAMPLER, problem);
        }
        let service = self.get("OTEL_SERVICE_NAME").map(str::to_owned);
        let default_service =
            self.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or("get-order").to_owned();
        match address.parse::<Url>() {
            Ok(mut endpoint) if is_usable(&endpoint) => {
                if !path.is_empty() {
                    let base = endpoint.path().trim_end_matches('/').to_owned();
                    endpoint.set_path(&(base + path));
                }
                Some(Some(TracesSettings { endpoint, service, default_service }))
            }
            _ => self.mistake(
                variable,
                "must be an address that begins with http:// or https://, without a password in it \
                 (OTEL_EXPORTER_OTLP_HEADERS is for that)",
            ),
        }
    }
}

fn is_usable(endpoint: &Url) -> bool {
    let has_no_secret = endpoint.username().is_empty() && endpoint.password().is_none();
    matches!(endpoint.scheme(), "http" | "https") && has_no_secret
}

/// Why spans were not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The collector took too long.
    #[error("spans were thrown away: the collector did not answer in time")]
    Late,
    /// It could not be reached, or refused them.
    #[error("spans were thrown away: the collector cannot be reached, or refuses them")]
    Failed,
}

/// Collects spans, and sends them when it is told to.
pub struct Traces {
    provider: SdkTracerProvider,
    ended: Ended,
    /// One at a time, as the exporter demands.
    sender: tokio::sync::Mutex<Sender>,
}

struct Sender {
    exporter: SpanExporter,
    /// Until when a collector that failed is left alone.
    paused_until: Option<Instant>,
}

/// Has traces passed on to those who are called, and collects spans where they go anywhere.
/// Called once.
pub fn start(settings: Option<TracesSettings>, trust: &Trust) -> Result<Option<Traces>, Mistake> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    settings.map(|settings| Traces::to(settings, trust)).transpose()
}

impl Traces {
    fn to(settings: TracesSettings, trust: &Trust) -> Result<Self, Mistake> {
        let mistake = |problem: String| Mistake { variable: ENDPOINT, problem };
        let client = http_client(&settings.endpoint, trust)
            .map_err(|error| mistake(format!("the HTTP client cannot be built: {error}")))?;
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(settings.endpoint)
            // Its waits between attempts would stop the whole thread; ours is the pause.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .map_err(|error| mistake(format!("spans cannot be sent: {error}")))?;
        let resource = Resource::builder_empty()
            .with_attribute(KeyValue::new("service.name", settings.default_service))
            .with_detector(Box::new(EnvResourceDetector::new()))
            .with_attributes(settings.service.map(|name| KeyValue::new("service.name", name)))
            .build();
        exporter.set_resource(&resource);
        let ended = Ended::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(ended.clone())
            .with_resource(resource)
            .build();
        let sender = tokio::sync::Mutex::new(Sender { exporter, paused_until: None });
        Ok(Self { provider, ended, sender })
    }

    /// What makes OpenTelemetry's spans of our own. The libraries' are left out: some show whole
    /// requests.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("get-order"))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target("orders_", LevelFilter::INFO))
    }

    /// Sends what has ended, and waits for whoever is sending already, but not longer than a limit
    /// and never long. Where that leaves no time, spans wait for the next call.
    pub async fn flush(&self, limit: Duration) -> Result<(), NotSent> {
        let started = Instant::now();
        let Ok(mut sender) = tokio::time::timeout(limit, self.sender.lock()).await else {
            return Ok(());
        };
        let left = limit.saturating_sub(started.elapsed());
        if left < SHORTEST {
            return Ok(());
        }
        let spans = self.ended.take();
        let is_paused = sender.paused_until.is_some_and(|until| Instant::now() < until);
        if spans.is_empty() || is_paused {
            return Ok(());
        }
        let export = sender.exporter.export(spans);
        let not_sent = match tokio::time::timeout(left.min(PATIENCE), export).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => NotSent::Failed,
            // That the invocation ends says nothing of the collector.
            Err(_elapsed) if left < PATIENCE => return Err(NotSent::Late),
            Err(_elapsed) => NotSent::Late,
        };
        sender.paused_until = Some(Instant::now() + PAUSE);
        Err(not_sent)
    }
}

/// The spans that have ended and wait to be sent.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl Ended {
    fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanProcessor for Ended {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if span.span_context.is_sampled() && waiting.len() < MOST_WAITING {
            waiting.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _limit: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::read;

    fn traces(pairs: &[(&str, &str)]) -> Result<Option<TracesSettings>, Vec<String>> {
        read(pairs, |reader: &mut Reader<'_>| reader.traces())
    }

    #[test]
    fn spans_go_where_the_environment_says_and_else_nowhere() {
        let endpoint = (ENDPOINT, "http://collector:4318/");
        for (pairs, address, service) in [
            (vec![endpoint], "http://collector:4318/v1/traces", "get-order"),
            (
                vec![endpoint, ("AWS_LAMBDA_FUNCTION_NAME", "orders")],
                "http://collector:4318/v1/traces",
                "orders",
            ),
            (
                vec![endpoint, (TRACES_ENDPOINT, "https://c/spans"), ("OTEL_SERVICE_NAME", "shop")],
                "https://c/spans",
                "shop",
            ),
            (
                vec![endpoint, (ONLY[1].0, "http/protobuf")],
                "http://collector:4318/v1/traces",
                "get-order",
            ),
        ] {
            let settings = traces(&pairs).unwrap().unwrap();
            let name = settings.service.unwrap_or(settings.default_service);
            assert_eq!((settings.endpoint.as_str(), name.as_str()), (address, service));
        }
        for off in [vec![], vec![endpoint, ("OTEL_SDK_DISABLED", "true")]] {
            assert_eq!(traces(&off), Ok(None));
        }
        assert_eq!(traces(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), Ok(None));
    }

    #[test]
    fn what_cannot_be_sent_to_is_a_mistake() {
        let endpoint = (ENDPOINT, "http://collector:4318");
        for (pairs, named) in [
            (vec![(ENDPOINT, "collector:4318")], ENDPOINT),
            (vec![(TRACES_ENDPOINT, "no address")], TRACES_ENDPOINT),
            (vec![(ENDPOINT, "http://")], ENDPOINT),
            (vec![(ENDPOINT, "https://me:secret@collector")], ENDPOINT),
            (vec![endpoint, (ONLY[0].0, "grpc")], ONLY[0].0),
            (vec![endpoint, (ONLY[1].0, "http/json")], ONLY[1].0),
            (vec![endpoint, (ONLY[3].0, "gzip")], ONLY[3].0),
            (vec![endpoint, (SAMPLER, "sometimes")], SAMPLER),
        ] {
            let mistakes = traces(&pairs).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(named), "{mistakes:?}");
            assert!(!mistakes[0].contains("secret"), "{mistakes:?}");
        }
    }
}
