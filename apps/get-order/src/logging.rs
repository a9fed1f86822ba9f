//! Where log lines go, and in which form.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object each, for a machine.
    Json,
    /// A line of text each, for a terminal.
    Text,
}

/// The crate that writes our lines, identifiers only. Others are held at warnings: at finer levels
/// some of them write whole requests, tokens and all.
const OURS: &str = "orders_http";

/// Starts logging: JSON to standard output, text to standard error. Called once.
pub fn start(format: LogFormat, level: LevelFilter) {
    let levels = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(OURS, level);
    let lines = tracing_subscriber::fmt::layer().with_target(false);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Text => lines.with_writer(std::io::stderr).with_ansi(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(levels)).init();
}
