//! What API Gateway does in front of the function: verifies the token, makes an event of the
//! request, and a response of the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{any, get};
use bearer_tokens::Tokens;
use lambda_kit::Service;
use lambda_kit::lines::Lines;
use metrics_exporter_prometheus::PrometheusHandle;
use orders_http::{Answer, Invocation};
use serde_json::{Value, json};

use crate::{banner, figures};

/// What serves a request.
pub(crate) struct Gateway {
    pub(crate) service: Service,
    pub(crate) tokens: Tokens,
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
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(render))
        .fallback(nothing_here)
        .with_state(gateway)
}

async fn order(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let id = request_id();
    let event = event(&gateway.tokens, &request, &id).to_string();
    let invocation = Invocation { id, ..Invocation::default() };
    let reply = gateway.service.answer(&event, &invocation).await;
    figures::record(&reply.report);
    gateway.lines.write(&reply.report);
    if gateway.talks {
        banner::request(&request, &reply.report);
    }
    response(reply.answer)
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

/// The event of a REST route with a proxy integration.
fn event(tokens: &Tokens, request: &Request, id: &str) -> Value {
    let headers = texts(request.headers());
    let single: BTreeMap<_, _> =
        headers.iter().filter_map(|(name, values)| Some((name, values.last()?))).collect();
    // Two tokens would leave it open whose request it is.
    let authorization = match headers.get("authorization").map(Vec::as_slice) {
        Some([one]) => Some(one.as_str()),
        _ => None,
    };
    json!({
        "resource": "/dashboard/orders/{orderId}",
        "path": request.uri().path(),
        "httpMethod": request.method().as_str(),
        "headers": single,
        "multiValueHeaders": headers,
        "pathParameters": null,
        "requestContext": {"requestId": id, "authorizer": tokens.authorize(authorization)},
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
    let detail = "This server has GET /dashboard/orders/{orderId}, /healthz and /metrics.";
    let body = json!({
        "error": "Not found", "code": "no_such_route", "detail": detail, "requestId": request_id(),
    });
    response(Answer {
        status: 404,
        headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
        body: body.to_string(),
    })
}
