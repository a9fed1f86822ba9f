//! The trace that a request belongs to, as whoever sent it says, and the span that it is in it.

use opentelemetry::propagation::Extractor;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, global};
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::report::Report;

/// The headers that may say which trace a request belongs to. `tracestate` is none of them: it may
/// hold whatever its sender likes.
#[derive(Default)]
pub struct TraceHeaders {
    /// `X-Amzn-Trace-Id`.
    pub amazon: Option<String>,
    /// `traceparent`, of the W3C.
    pub parent: Option<String>,
}

impl Extractor for TraceHeaders {
    fn get(&self, key: &str) -> Option<&str> {
        // Whoever parses numbers takes a sign as well.
        let is_plain = |text: &&str| text.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
        self.parent.as_deref().filter(|_| key == "traceparent").filter(is_plain)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// The trace that a request belongs to.
pub struct Trace {
    /// What the request's span continues, and what is passed on where there is no span.
    pub parent: Context,
    /// The trace's id as Amazon writes it, where it is Amazon's.
    amazon: Option<String>,
}

impl Trace {
    /// A `traceparent` goes first: whoever sends one looks for the request in that trace. Then
    /// Lambda's own word, then the header that came with the request.
    pub fn of(headers: &TraceHeaders, lambda: Option<&str>) -> Self {
        let nothing = Context::new();
        let w3c = global::get_text_map_propagator(|trace_context| {
            trace_context.extract_with_context(&nothing, headers)
        });
        if w3c.has_active_span() {
            return Self { parent: w3c, amazon: None };
        }
        match lambda.or(headers.amazon.as_deref()).and_then(amazon) {
            Some((root, span)) => Self {
                parent: nothing.with_remote_span_context(span),
                amazon: Some(root.to_owned()),
            },
            None => Self { parent: nothing, amazon: None },
        }
    }

    /// The trace's id, for whoever looks for it: `1-5759e988-bd862e3fe1be46a994272793` where it is
    /// Amazon's, else 32 hexadecimal digits; empty where the request is in no trace.
    pub fn id(&self) -> String {
        if let Some(root) = &self.amazon {
            return root.clone();
        }
        let context = Context::current();
        let span = context.span();
        match span.span_context().trace_id() {
            TraceId::INVALID => String::new(),
            id => id.to_string(),
        }
    }

    /// The span of the request. Nothing is made of it unless somebody collects spans.
    pub(crate) fn span(&self, method: &str) -> Span {
        let _parent = self.parent.clone().attach();
        // Whoever asks may have put anything there.
        let method = ["GET", "HEAD", "OPTIONS"].into_iter().find(|known| *known == method);
        let method = method.unwrap_or("_OTHER");
        info_span!(
            "request",
            otel.name = %format_args!("{method} {ROUTE}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = ROUTE,
            http.response.status_code = Empty,
            faas.invocation_id = Empty,
            faas.coldstart = Empty,
            request_id = Empty,
            order.id = Empty,
            outcome = Empty,
            deny_reason = Empty,
        )
    }
}

const ROUTE: &str = "/dashboard/orders/{orderId}";

/// Puts into the request's span what came of it.
pub(crate) fn record(report: &Report) {
    let span = Span::current();
    span.record("http.response.status_code", i64::from(report.status))
        .record("faas.invocation_id", &report.lambda_request_id)
        .record("faas.coldstart", report.cold_start)
        .record("request_id", &report.request_id)
        .record("order.id", &report.order_id)
        .record("outcome", report.outcome)
        .record("deny_reason", report.deny_reason);
    if report.status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The id of a trace as an `X-Amzn-Trace-Id` has it, and the span in it
/// (`Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`).
fn amazon(header: &str) -> Option<(&str, SpanContext)> {
    let part = |name: &str| {
        header.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let root = part("Root")?;
    let (seconds, unique) = root.strip_prefix("1-")?.split_once('-')?;
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    if !is_hex(seconds, 8) || !is_hex(unique, 24) {
        return None;
    }
    let trace = TraceId::from_hex(&format!("{seconds}{unique}")).ok()?;
    // A load balancer names a trace and no span in it.
    let parent = part("Parent").unwrap_or(&unique[..16]);
    if !is_hex(parent, 16) {
        return None;
    }
    let span = SpanId::from_hex(parent).ok()?;
    // `Sampled=0` says that X-Ray does not look at it, as wherever it is not switched on, and
    // nothing of who else does.
    let span = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
    span.is_valid().then_some((root, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMAZON: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

    fn of(amazon: &str, lambda: Option<&str>) -> (String, String) {
        let headers = TraceHeaders { amazon: Some(amazon.to_owned()), parent: None };
        let trace = Trace::of(&headers, lambda);
        let span = trace.parent.span().span_context().clone();
        let parent = span.is_sampled().then(|| format!("{} {}", span.trace_id(), span.span_id()));
        (trace.id(), parent.unwrap_or_default())
    }

    #[test]
    fn amazons_header_is_read_and_lambdas_goes_before_the_requests() {
        let trace = "5759e988bd862e3fe1be46a994272793";
        for (header, parent) in [
            (AMAZON, "53995c3f42cd8ad8"),
            ("Self=1-67891234-1;Root=1-5759e988-bd862e3fe1be46a994272793", "bd862e3fe1be46a9"),
        ] {
            let expected =
                ("1-5759e988-bd862e3fe1be46a994272793".to_owned(), format!("{trace} {parent}"));
            assert_eq!(of(header, None), expected);
            assert_eq!(of("Root=1-00000000-000000000000000000000001", Some(header)), expected);
        }
    }

    #[test]
    fn what_is_no_trace_is_none() {
        for header in [
            "",
            "Root=",
            "Root=ava@example.com",
            "Root=1-5759e988-ava@example.com2793xxxx",
            "Root=1-+759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=1",
            "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=ava",
            "Parent=53995c3f42cd8ad8;Sampled=1",
        ] {
            assert_eq!(of(header, None), (String::new(), String::new()), "{header}");
        }
    }
}
