//! The lines about requests: what is logged of each and, for CloudWatch, its figures.

use std::io::Write;

use orders::{Clock, SystemClock, Timestamp};
use orders_http::{Degraded, Severity};
use serde::Serialize;
use serde_json::Value;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::Account;
use crate::logging::LogFormat;
use crate::metrics::{EmbeddedMetrics, Stands};

/// Writes what is known of requests: JSON to standard output, text to standard error.
pub struct Lines {
    format: LogFormat,
    level: LevelFilter,
    metrics: Option<EmbeddedMetrics>,
}

impl Lines {
    /// Lines from a level on, and figures where they are wanted, whatever the level.
    pub fn new(format: LogFormat, level: LevelFilter, metrics: Option<EmbeddedMetrics>) -> Self {
        Self { format, level, metrics }
    }

    /// Writes all there is to say of a request.
    pub fn write(&self, report: &impl Account) {
        let now = SystemClock.now();
        let (mut log, mut figures) = (Vec::with_capacity(1536), Vec::new());
        for degraded in report.degraded().iter().filter(|it| self.includes(it.level)) {
            self.line(now, degraded, &mut log);
        }
        let is_logged = self.includes(report.level());
        if is_logged {
            self.line(now, report, &mut log);
        }
        // One line is read, kept and paid for once.
        let share_a_line = is_logged && self.format == LogFormat::Json;
        if let Some(metrics) = &self.metrics {
            let stands = if share_a_line { Stands::WithTheRequest } else { Stands::Alone };
            metrics.write(now, report, stands, &mut figures);
        }
        if share_a_line && let Some(members) = figures.strip_prefix(b"{") {
            // `…}\n`
            log.truncate(log.len() - 2);
            log.push(b',');
            log.extend_from_slice(members);
            figures.clear();
        }
        self.put(&log);
        put(std::io::stdout(), &figures);
    }

    /// Writes a line about something that the answer does not show.
    pub fn write_degraded(&self, degraded: &Degraded) {
        let mut line = Vec::new();
        if self.includes(degraded.level) {
            self.line(SystemClock.now(), degraded, &mut line);
        }
        self.put(&line);
    }

    fn put(&self, log: &[u8]) {
        match self.format {
            LogFormat::Json => put(std::io::stdout(), log),
            LogFormat::Text => put(std::io::stderr(), log),
        }
    }

    fn includes(&self, severity: Severity) -> bool {
        self.level
            >= match severity {
                Severity::Info => Level::INFO,
                Severity::Warn => Level::WARN,
                Severity::Error => Level::ERROR,
            }
    }

    fn line(&self, now: Timestamp, what: &impl Serialize, output: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Line<'a, T> {
            timestamp: String,
            #[serde(flatten)]
            what: &'a T,
        }

        // Texts, figures and flags can always be written.
        let _ = match self.format {
            LogFormat::Json => {
                serde_json::to_writer(&mut *output, &Line { timestamp: now.to_string(), what })
            }
            LogFormat::Text => serde_json::to_value(what).map(|what| text(now, &what, output)),
        };
        output.push(b'\n');
    }
}

/// In one piece: every write costs, and lines of others must not come between.
fn put(mut output: impl Write, lines: &[u8]) {
    if !lines.is_empty() {
        // Where the output is gone there is nowhere to say so, and the answers matter more.
        let _ = output.write_all(lines);
    }
}

/// `2025-11-26T21:28:24.990Z INFO request requestId="…" status=200`.
fn text(now: Timestamp, what: &Value, output: &mut Vec<u8>) {
    let word = |name: &str| what[name].as_str().unwrap_or_default();
    // A `Vec` takes whatever is written to it.
    let _ = write!(output, "{now} {} {}", word("level"), word("message"));
    let fields = what.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| !["level", "message"].contains(&name.as_str())) {
        let _ = write!(output, " {name}={value}");
    }
}
