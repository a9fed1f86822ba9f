//! What API Gateway does in front of the function: verifies the token, makes an event of the
//! request, and a response of the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{any, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bearer_tokens::Verifier;
use lambda_kit::lines::Lines;
use lambda_kit::{EventService, Service};
use metrics_exporter_prometheus::PrometheusHandle;
use orders::SystemClock;
use orders_http::{Answer, Invocation, Words};
use serde_json::{Value, json};

use crate::{banner, figures};

/// What serves a request.
pub(crate) struct Gateway {
    pub(crate) service: Service,
    /// Where Stripe's events are taken; not without a secret to verify them with.
    pub(crate) events: Option<EventService>,
    /// The authorizer's own verification.
    pub(crate) verifier: Verifier<SystemClock>,
    pub(crate) figures: PrometheusHandle,
    /// Where requests are logged; where a person reads along, she has a line of her own.
    pub(crate) lines: Lines,
    pub(crate) talks: bool,
}

/// The routes.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/dashboard/orders", any(order))
        .route("/dashboard/orders/{*rest}", any(order))
        .route("/dashboard/orders/", any(order))
        .route("/stripe/webhook", any(webhook))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(render))
        .fallback(nothing_here)
        .with_state(gateway)
}

async fn order(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let id = request_id();
    let authorizer = authorizer(&gateway.verifier, request.headers()).await;
    let event = event(&request, &id, authorizer).to_string();
    let invocation = Invocation { id, ..Invocation::default() };
    let reply = gateway.service.answer(&event, &invocation).await;
    figures::record(&reply.report);
    gateway.lines.write(&reply.report);
    if gateway.talks {
        banner::request(&request, &reply.report);
    }
    response(reply.answer)
}

/// The most that API Gateway takes, in bytes.
const MOST_POSTED: usize = 10 * 1024 * 1024;

async fn webhook(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let id = request_id();
    let Some(events) = &gateway.events else {
        let detail = "The webhook is off. Set STRIPE_WEBHOOK_SECRET to the endpoint's signing \
             secret (whsec_...), and start again.";
        return error(Words::new(404, "Not found", "webhook_off", detail), &id);
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_POSTED).await else {
        let detail = "No gateway takes a body of more than 10 MB.";
        return error(Words::new(413, "Body too large", "body_too_large", detail), &id);
    };
    let event = json!({
        "resource": "/stripe/webhook",
        "path": parts.uri.path(),
        "httpMethod": parts.method.as_str(),
        "headers": null,
        "multiValueHeaders": texts(&parts.headers),
        "requestContext": {"requestId": id},
        // Encoded, so that every byte arrives as it was signed.
        "body": STANDARD.encode(&body),
        "isBase64Encoded": true,
    });
    let invocation = Invocation { id, ..Invocation::default() };
    let (answer, report) = events.answer(&event.to_string(), &invocation).await;
    figures::record(&report);
    gateway.lines.write(&report);
    if gateway.talks {
        banner::event(&report);
    }
    response(answer)
}

fn request_id() -> String {
    format!("local-{:016x}", fastrand::u64(..))
}

async fn render(State(gateway): State<Arc<Gateway>>) -> Response {
    response(Answer {
        status: 200,
        headers: vec![("Content-Type", "text/plain; version=0.0.4; charset=utf-8".to_owned())],
        body: gateway.figures.render(),
    })
}

/// What the authorizer says of the caller, as the gateway hands it on; null where it lets nobody in.
async fn authorizer(verifier: &Verifier<SystemClock>, headers: &HeaderMap) -> Value {
    let mut values = headers.get_all("authorization").iter().map(|value| value.to_str().ok());
    // Two tokens would leave it open whose request it is.
    let authorization = match (values.next(), values.next()) {
        (Some(one), None) => one,
        _ => None,
    };
    let Ok(identity) = verifier.verify(authorization).await else { return Value::Null };
    let mut context = identity.context();
    context.insert("principalId".to_owned(), identity.user_id().into());
    Value::Object(context)
}

/// The event of a REST route with a proxy integration.
fn event(request: &Request, id: &str, authorizer: Value) -> Value {
    let headers = texts(request.headers());
    let single: BTreeMap<_, _> =
        headers.iter().filter_map(|(name, values)| Some((name, values.last()?))).collect();
    json!({
        "resource": "/dashboard/orders/{orderId}",
        "path": request.uri().path(),
        "httpMethod": request.method().as_str(),
        "headers": single,
        "multiValueHeaders": headers,
        "pathParameters": null,
        "requestContext": {"requestId": id, "authorizer": authorizer},
        "body": null,
        "isBase64Encoded": false,
    })
}

fn texts(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        texts.entry(name.as_str()).or_default().push(text);
    }
    texts
}

fn response(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    // Every part was made by the endpoint; what cannot be sent is its fault, and no secret.
    response.body(Body::from(answer.body)).unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}

async fn nothing_here() -> Response {
    let detail = "This server has GET /dashboard/orders/{orderId}, POST /stripe/webhook, /healthz and \
         /metrics.";
    error(Words::new(404, "Not found", "no_such_route", detail), &request_id())
}

/// An answer that the gateway gives by itself.
fn error(words: Words, id: &str) -> Response {
    response(Answer {
        status: words.status,
        headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
        body: words.body(id),
    })
}
