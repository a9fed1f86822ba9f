//! In which form lines are logged, and what libraries may say.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;

use crate::traces::Traces;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object each, for a machine.
    Json,
    /// A line of text each, for a terminal.
    Text,
}

/// The runtime writes what a handler gives back as an error, which has a line of its own here, with
/// the level that is due to it. Of a panic it says more than that.
fn is_told_already(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "lambda_runtime::layers::panic" && metadata.fields().len() == 1
}

/// Starts what libraries write: JSON to standard output, text to standard error; and makes spans
/// where they are collected. Called once.
pub fn start(format: LogFormat, level: LevelFilter, traces: Option<&Traces>) {
    // At finer levels some of them write whole requests, tokens and all.
    let levels = level.min(LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_target(false);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Text => lines.with_writer(std::io::stderr).with_ansi(false).boxed(),
    };
    let spans = traces.map(Traces::layer);
    let wanted = filter_fn(move |it| *it.level() <= levels && !is_told_already(it));
    let lines = lines.with_filter(wanted.with_max_level_hint(levels));
    let all = tracing_subscriber::registry().with(lines).with(spans);
    // There is none before the first. Not `init`, which would have `log` ask for every level.
    let _ = tracing::subscriber::set_global_default(all);
}
