//! One request to Stripe, and what its answer calls for.

use std::time::{Duration, Instant};

use opentelemetry::global;
use opentelemetry_http::HeaderInjector;
use orders::RequestContext;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Url};
use serde::de::DeserializeOwned;
use tracing::field::{Empty, display};
use tracing::{Instrument, Span, info_span};

use crate::error::WHOLE_BODY;
use crate::lenient::parse;
use crate::wire::ErrorBody;
use crate::{Malformed, STRIPE_VERSION, SecretKey, StripeError};

/// Larger than any session or page of lines: 100 lines take some 200 kB.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What one request came to.
pub(crate) enum Attempt<T> {
    /// The object asked for.
    Found(T),
    /// Stripe knows no such object.
    Absent,
    /// No answer, or one that is an error.
    Failed(Failure),
}

/// A failed request, and what Stripe said about repeating it.
pub(crate) struct Failure {
    pub(crate) error: StripeError,
    /// `Stripe-Should-Retry`, which outweighs the status.
    pub(crate) should_retry: Option<bool>,
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    fn of(error: StripeError) -> Self {
        Self { error, should_retry: None, retry_after: None }
    }

    /// Whether a repetition may help.
    pub(crate) fn is_worth_repeating(&self) -> bool {
        self.should_retry.unwrap_or(!self.error.is_our_fault())
    }
}

/// Sends one request and reads its answer. `number` is 1 for the first attempt of a call.
pub(crate) async fn attempt<T: DeserializeOwned>(
    client: &Client,
    key: &SecretKey,
    url: &Url,
    timeout: Duration,
    context: &RequestContext,
    number: u32,
) -> Attempt<T> {
    let span = info_span!(
        "stripe",
        otel.name = route(url),
        otel.kind = "client",
        otel.status_code = Empty,
        otel.status_description = Empty,
        http.request.method = "GET",
        http.response.status_code = Empty,
        server.address = url.host_str(),
        stripe.attempt = i64::from(number),
        stripe.request_id = Empty,
    );
    let outcome = exchange(client, key, url, timeout, context, number > 1);
    let outcome = outcome.instrument(span.clone()).await;
    if let Attempt::Failed(failure) = &outcome {
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", display(&failure.error));
    }
    outcome
}

/// The name of a request's span: the same for every order.
fn route(url: &Url) -> &'static str {
    if url.path().ends_with("/line_items") {
        "GET /v1/checkout/sessions/{id}/line_items"
    } else if url.path().ends_with("/sessions") {
        "GET /v1/checkout/sessions"
    } else {
        "GET /v1/checkout/sessions/{id}"
    }
}

async fn exchange<T: DeserializeOwned>(
    client: &Client,
    key: &SecretKey,
    url: &Url,
    timeout: Duration,
    context: &RequestContext,
    is_retry: bool,
) -> Attempt<T> {
    let mut trace = HeaderMap::new();
    global::get_text_map_propagator(|trace_context| {
        trace_context.inject(&mut HeaderInjector(&mut trace));
    });
    // It is read from nobody, and would be sent empty.
    trace.remove("tracestate");
    let started = Instant::now();
    let sent = client
        .get(url.clone())
        .headers(trace)
        .bearer_auth(key.expose())
        .header("Stripe-Version", STRIPE_VERSION)
        .timeout(timeout)
        .send()
        .await;
    let request_id = sent
        .as_ref()
        .ok()
        .and_then(|answer| header(answer.headers(), "request-id").and_then(|id| identifier(&id)));
    let span = Span::current();
    if let Ok(answer) = &sent {
        span.record("http.response.status_code", i64::from(answer.status().as_u16()));
        span.record("stripe.request_id", request_id.as_deref());
    }
    let outcome = match sent {
        Ok(answer) => read(answer, request_id.as_deref().unwrap_or("unknown")).await,
        Err(error) => Attempt::Failed(Failure::of(connection(&error))),
    };
    context.ledger.stripe_call(started.elapsed(), is_retry, request_id.as_deref());
    outcome
}

async fn read<T: DeserializeOwned>(mut answer: reqwest::Response, request_id: &str) -> Attempt<T> {
    let status = answer.status().as_u16();
    let headers = answer.headers();
    let should_retry = match headers.get("stripe-should-retry").map(HeaderValue::as_bytes) {
        Some(b"true") => Some(true),
        Some(b"false") => Some(false),
        _ => None,
    };
    let retry_after = header(headers, "retry-after")
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs);
    let failed = |error| Attempt::Failed(Failure { error, should_retry, retry_after });

    let body = match body(&mut answer).await {
        Ok(body) => body,
        Err(error) => return failed(error),
    };
    if (200..300).contains(&status) {
        return match parse(&body) {
            Ok(object) => Attempt::Found(object),
            Err(malformed) => {
                failed(StripeError::Malformed { malformed, request_id: request_id.to_owned() })
            }
        };
    }
    let details = parse::<ErrorBody>(&body).map(|body| body.error).ok();
    let code = details.as_ref().and_then(|details| identifier(details.code.as_deref()?));
    let missing = code.as_deref() == Some("resource_missing");
    match (status, &details) {
        // A 404 without Stripe's own body comes from something in between, and proves nothing.
        (404, Some(_)) => return Attempt::Absent,
        (400, Some(_)) if missing => return Attempt::Absent,
        (404, None) => {
            let malformed = Malformed::at(WHOLE_BODY);
            return failed(StripeError::Malformed { malformed, request_id: request_id.to_owned() });
        }
        _ => {}
    }
    let kind = details.and_then(|details| identifier(details.kind.as_deref()?));
    let kind = kind.unwrap_or_else(|| "no type".to_owned());
    failed(StripeError::Status { status, kind, code, request_id: request_id.to_owned() })
}

async fn body(answer: &mut reqwest::Response) -> Result<Vec<u8>, StripeError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| connection(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(StripeError::TooLarge(MAX_BODY));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn connection(error: &reqwest::Error) -> StripeError {
    if error.is_timeout() {
        return StripeError::Timeout;
    }
    let what = if error.is_connect() {
        "it could not be made"
    } else if error.is_body() || error.is_decode() {
        "it broke off within the answer"
    } else {
        "it broke off before the answer"
    };
    StripeError::Connection(what.to_owned())
}

/// A word of Stripe's that goes to the log, as far as it is one: whatever stands between Stripe
/// and us might have put anything there.
fn identifier(text: &str) -> Option<String> {
    let is_word = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
    (text.len() <= 64 && text.bytes().all(is_word)).then(|| text.to_owned())
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
