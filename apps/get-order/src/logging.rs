//! Where log lines go, and in which form.

use tracing::level_filters::LevelFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object each, for a machine.
    Json,
    /// A line of text each, for a terminal.
    Text,
}

/// Starts logging: JSON to standard output, text to standard error. Called once.
pub fn start(format: LogFormat, level: LevelFilter) {
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).init(),
        LogFormat::Text => builder.with_writer(std::io::stderr).with_ansi(false).init(),
    }
}
