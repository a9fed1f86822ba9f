use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span as WireSpan;
use prost::Message;
use tokio::net::TcpListener;

/// A collector of OpenTelemetry's spans (OTLP over HTTP) on this machine.
#[derive(Clone)]
pub struct Collector {
    /// Its address, for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: String,
    received: Arc<Mutex<Received>>,
}

#[derive(Default)]
struct Received {
    exports: usize,
    spans: Vec<CollectedSpan>,
}

/// A span as it arrived; ids in hexadecimal digits, attributes as text.
#[derive(Clone, Debug)]
pub struct CollectedSpan {
    /// The trace's id.
    pub trace: String,
    /// The span's id.
    pub id: String,
    /// The parent's id; empty where it has none.
    pub parent: String,
    /// The name.
    pub name: String,
    /// OTLP's number of the kind: 2 is a server, 3 a client.
    pub kind: i32,
    /// Whether its status is an error.
    pub is_error: bool,
    /// The attributes of the span and of what it came from.
    pub attributes: HashMap<String, String>,
    /// All of it, for whoever looks for what must not be there.
    pub whole: String,
}

impl CollectedSpan {
    /// An attribute; empty where it is absent.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

impl Collector {
    /// Starts one that takes so long to answer.
    pub async fn start(patience: Duration) -> Self {
        Self::with(patience, StatusCode::OK).await
    }

    /// Starts one that asks everybody to come again in some seconds.
    pub async fn busy() -> Self {
        Self::with(Duration::ZERO, StatusCode::SERVICE_UNAVAILABLE).await
    }

    /// None: nobody listens at its address.
    pub fn nowhere() -> Self {
        Self { endpoint: "http://127.0.0.1:9".to_owned(), received: Arc::default() }
    }

    async fn with(patience: Duration, status: StatusCode) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound port"));
        let received = Arc::<Mutex<Received>>::default();
        let router = Router::new().route("/v1/traces", post(collect)).with_state((
            patience,
            status,
            Arc::clone(&received),
        ));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, received }
    }

    /// The spans so far, in the order in which they ended.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// How many requests came so far.
    pub fn exports(&self) -> usize {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).exports
    }
}

async fn collect(
    State((patience, status, received)): State<(Duration, StatusCode, Arc<Mutex<Received>>)>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    const RETRY_AFTER: [(&str, &str); 1] = [("retry-after", "5")];
    received.lock().unwrap_or_else(PoisonError::into_inner).exports += 1;
    tokio::time::sleep(patience).await;
    let is_protobuf = headers["content-type"] == "application/x-protobuf";
    let request = ExportTraceServiceRequest::decode(body).ok().filter(|_| is_protobuf);
    let Some(request) = request else { return (StatusCode::BAD_REQUEST, RETRY_AFTER) };
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    for resource in request.resource_spans {
        let of_resource = resource.resource.map(|it| it.attributes).unwrap_or_default();
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        received.spans.extend(spans.map(|span| read(span, &of_resource)));
    }
    (status, RETRY_AFTER)
}

fn read(span: WireSpan, of_resource: &[KeyValue]) -> CollectedSpan {
    let whole = format!("{span:?} {of_resource:?}");
    let attributes = span.attributes.iter().chain(of_resource);
    let attributes = attributes.map(|it| (it.key.clone(), text(it.value.as_ref()))).collect();
    CollectedSpan {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        kind: span.kind,
        is_error: span.status.is_some_and(|status| status.code == 2),
        attributes,
        whole,
    }
}

fn hex(id: &[u8]) -> String {
    let digits = id.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}
