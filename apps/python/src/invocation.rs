//! What Lambda's runtime for Python says of an invocation.

use std::time::Duration;

use orders::{Clock, SystemClock};
use orders_http::Invocation;
use pyo3::prelude::*;

/// What a context says. It may be none at all, as in a test of somebody's, or lack what it should have.
pub(crate) fn of(context: &Bound<'_, PyAny>) -> Invocation {
    let id = context.getattr("aws_request_id").and_then(|id| id.extract::<String>());
    let left = context.call_method0("get_remaining_time_in_millis");
    let left = left.and_then(|left| left.extract::<u64>()).map(Duration::from_millis);
    Invocation {
        id: id.unwrap_or_default(),
        deadline: left.ok().map(|left| SystemClock.now().plus(left)),
        trace: trace(context.py()).ok(),
    }
}

/// The runtime keeps it in the environment, anew for each invocation.
fn trace(py: Python<'_>) -> PyResult<String> {
    py.import("os")?.getattr("environ")?.get_item("_X_AMZN_TRACE_ID")?.extract()
}
