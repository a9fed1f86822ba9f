//! Spans for a collector, where the environment names one (OpenTelemetry's protocol over HTTP).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{
    SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};
use orders_stripe::http_client;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::config::{Mistake, Reader};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// The longest that anybody waits for the collector, which is next door where it is well placed.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a collector that failed is left alone. Meanwhile spans are thrown away.
const PAUSE: Duration = Duration::from_secs(30);

/// The most spans that wait to be sent.
const MOST_WAITING: usize = 4096;

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesSettings {
    /// The collector's address for spans.
    pub endpoint: Url,
    /// The name of the service that they are from.
    pub service: String,
}

impl Reader<'_> {
    /// Where spans go; `Some(None)` where they go nowhere. What else OpenTelemetry names
    /// (headers, sampling, attributes of the resource) its library reads by itself.
    pub fn traces(&mut self) -> Option<Option<TracesSettings>> {
        let said = |name| self.environment.get(name);
        let is_off = said("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
            || said("OTEL_TRACES_EXPORTER") == Some("none");
        let (variable, address, path) = match (said(TRACES_ENDPOINT), said(ENDPOINT)) {
            _ if is_off => return Some(None),
            (Some(address), _) => (TRACES_ENDPOINT, address, ""),
            (None, Some(address)) => (ENDPOINT, address, "/v1/traces"),
            (None, None) => return Some(None),
        };
        for protocol in PROTOCOLS {
            if let Some(other) = said(protocol).filter(|it| *it != "http/protobuf") {
                let problem = format!("`{other}` is not spoken here; only http/protobuf is");
                return self.mistake(protocol, problem);
            }
        }
        let service = said("OTEL_SERVICE_NAME").or(said("AWS_LAMBDA_FUNCTION_NAME"));
        let service = service.unwrap_or("get-order").to_owned();
        match format!("{}{path}", address.trim_end_matches('/')).parse::<Url>() {
            Ok(endpoint) if is_usable(&endpoint) => {
                Some(Some(TracesSettings { endpoint, service }))
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
    /// One sender at a time, as the exporter demands.
    exporter: tokio::sync::Mutex<SpanExporter>,
    /// Until when a collector that failed is left alone.
    paused_until: Mutex<Option<Instant>>,
}

/// Has traces passed on to those who are called, and collects spans where they go anywhere.
/// Called once.
pub fn start(settings: Option<TracesSettings>) -> Result<Option<Traces>, Mistake> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    settings.map(Traces::to).transpose()
}

impl Traces {
    fn to(settings: TracesSettings) -> Result<Self, Mistake> {
        let mistake = |problem: String| Mistake { variable: ENDPOINT, problem };
        let client = http_client(&settings.endpoint)
            .map_err(|error| mistake(format!("the HTTP client cannot be built: {error}")))?;
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(settings.endpoint)
            .build()
            .map_err(|error| mistake(format!("spans cannot be sent: {error}")))?;
        let resource = Resource::builder_empty()
            .with_attribute(KeyValue::new("service.name", settings.service))
            .with_detector(Box::new(EnvResourceDetector::new()))
            .build();
        exporter.set_resource(&resource);
        let ended = Ended::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(ended.clone())
            .with_resource(resource)
            .build();
        let (exporter, paused_until) = (tokio::sync::Mutex::new(exporter), Mutex::default());
        Ok(Self { provider, ended, exporter, paused_until })
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

    /// Sends what has ended, within a time that nobody minds.
    pub async fn flush(&self, limit: Duration) -> Result<(), NotSent> {
        let send = async {
            let exporter = self.exporter.lock().await;
            let spans = self.ended.take();
            if spans.is_empty() || self.is_paused() {
                return Ok(());
            }
            exporter.export(spans).await
        };
        let failed = match tokio::time::timeout(limit.min(PATIENCE), send).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => NotSent::Failed,
            // That the invocation ends says nothing of the collector.
            Err(_elapsed) if limit < PATIENCE => return Err(NotSent::Late),
            Err(_elapsed) => NotSent::Late,
        };
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Instant::now() + PAUSE);
        Err(failed)
    }

    fn is_paused(&self) -> bool {
        let until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
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
                vec![endpoint, (PROTOCOLS[1], "http/protobuf")],
                "http://collector:4318/v1/traces",
                "get-order",
            ),
        ] {
            let settings = traces(&pairs).unwrap().unwrap();
            assert_eq!((settings.endpoint.as_str(), settings.service.as_str()), (address, service));
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
            (vec![(ENDPOINT, "https://me:secret@collector")], ENDPOINT),
            (vec![endpoint, (PROTOCOLS[0], "grpc")], PROTOCOLS[0]),
            (vec![endpoint, (PROTOCOLS[1], "http/json")], PROTOCOLS[1]),
        ] {
            let mistakes = traces(&pairs).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(named), "{mistakes:?}");
            assert!(!mistakes[0].contains("secret"), "{mistakes:?}");
        }
    }
}
