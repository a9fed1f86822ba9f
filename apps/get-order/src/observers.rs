use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Clock, Deadline, SystemClock, Timestamp};
use orders_http::{Degraded, Report, Severity};

use crate::lines::Lines;
use crate::traces::Traces;

/// What is left of an invocation's time for the runtime.
const RESERVE: Duration = Duration::from_millis(100);

/// Who gets to know what happened, once the answers are out.
pub struct Observers {
    lines: Lines,
    traces: Option<Traces>,
    /// The accounts of answered requests, and when their invocations end.
    waiting: Mutex<Vec<(Report, Option<Timestamp>)>>,
}

impl Observers {
    /// Nobody has anything to be told yet.
    pub fn new(lines: Lines, traces: Option<Traces>) -> Self {
        Self { lines, traces, waiting: Mutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Report, Option<Timestamp>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the account of a request until its answer is out.
    pub fn note(&self, report: Report, deadline: Option<Timestamp>) {
        self.waiting().push((report, deadline));
    }

    /// Tells all that waits to be told.
    pub async fn tell(&self) {
        let told = std::mem::take(&mut *self.waiting());
        for (report, _) in &told {
            self.lines.write(report);
        }
        let (Some(traces), Some((last, _))) = (&self.traces, told.last()) else { return };
        let now = SystemClock.now();
        let left = told.iter().filter_map(|(_, ends)| Some(Deadline::at((*ends)?).remaining(now)));
        let left = left.min().unwrap_or(Duration::MAX).saturating_sub(RESERVE);
        if let Err(not_sent) = traces.flush(left).await {
            let line = Degraded::new(Severity::Warn, &last.request_id, not_sent.to_string());
            self.lines.write_degraded(&line);
        }
    }
}
