//! The figures of the endpoint, as Prometheus reads them.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper ends of the ranges that durations are counted in, in milliseconds.
const RANGES: [f64; 13] =
    [1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0];

/// How often what was measured is put into its ranges; until then it takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts counting. Called once, within the runtime.
pub(crate) fn start() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let figures = PrometheusBuilder::new().set_buckets(&RANGES)?.install_recorder()?;
    orders_http::metrics::describe();
    let kept = figures.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            kept.run_upkeep();
        }
    });
    Ok(figures)
}
