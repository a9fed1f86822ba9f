//! The span of an event. Nothing is made of it unless somebody collects spans.

use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::door::Door;
use crate::report::EventReport;

/// The span of what came through a door.
pub(crate) fn span(door: Door) -> Span {
    let kind = if door == Door::Webhook { "server" } else { "consumer" };
    info_span!(
        "event",
        otel.name = %format_args!("{} event", door.as_str()),
        otel.kind = kind,
        otel.status_code = Empty,
        http.response.status_code = Empty,
        faas.invocation_id = Empty,
        faas.coldstart = Empty,
        request_id = Empty,
        event.id = Empty,
        event.type = Empty,
        order.id = Empty,
        outcome = Empty,
    )
}

/// Puts into the event's span what came of it.
pub(crate) fn record(report: &EventReport) {
    let span = Span::current();
    span.record("http.response.status_code", i64::from(report.status))
        .record("faas.invocation_id", &report.lambda_request_id)
        .record("faas.coldstart", report.cold_start)
        .record("request_id", &report.request_id)
        .record("event.id", &report.event_id)
        .record("event.type", &report.event_type)
        .record("order.id", &report.order_id)
        .record("outcome", report.outcome);
    if report.status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}
