//! The figures of the endpoint, as Prometheus reads them.

use std::time::Duration;

use lambda_kit::Account;
use metrics::{Label, Unit, counter, describe_counter, describe_histogram, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use orders_http::Figure;

/// Upper ends of the ranges that durations are counted in, in milliseconds.
const RANGES: [f64; 13] =
    [1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0];

/// How often what was measured is put into its ranges; until then it takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts counting. Called once, within the runtime.
pub(crate) fn start() -> Result<PrometheusHandle, BuildError> {
    let figures = PrometheusBuilder::new().set_buckets(&RANGES)?.install_recorder()?;
    for figure in Figure::ALL {
        if figure.is_duration() {
            describe_histogram!(figure.name(), Unit::Milliseconds, figure.description());
        } else {
            describe_counter!(figure.name(), Unit::Count, figure.description());
        }
    }
    let kept = figures.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(figures)
}

/// Counts a request, or an event.
pub(crate) fn record<A: Account>(report: &A) {
    for (figure, value) in report.figures() {
        if figure.is_duration() {
            histogram!(figure.name()).record(value);
        } else if figure == A::COUNTED_AS {
            let kept_by = figure.kept_by().iter().zip(report.counted_by());
            let labels = kept_by.map(|(name, value)| Label::new(*name, value.to_owned()));
            counter!(figure.name(), labels.collect::<Vec<_>>()).increment(1);
        } else {
            // Counts are whole and small.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
            counter!(figure.name()).increment(value as u64);
        }
    }
}
