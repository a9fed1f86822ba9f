use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orders::{Clock, Deadline, SystemClock, Timestamp};
use orders_http::{Degraded, Severity};
use tracing::level_filters::LevelFilter;

use crate::lines::Lines;
use crate::logging::LogFormat;
use crate::metrics::{EmbeddedMetrics, MetricsSettings};
use crate::traces::Traces;
use crate::{Account, logging};

/// What is left of an invocation's time for the runtime.
const RESERVE: Duration = Duration::from_millis(100);

/// Who gets to know what happened, once the answer is out.
pub struct Observers<A> {
    lines: Lines,
    traces: Option<Traces>,
    /// The accounts of requests whose answers are on their way, by the invocation's id.
    waiting: Mutex<HashMap<String, Waiting<A>>>,
}

/// The accounts of one invocation, and when it ends.
type Waiting<A> = (Vec<A>, Option<Timestamp>);

impl<A: Account> Observers<A> {
    /// Starts whoever observes the program, and what libraries write. Called once.
    pub fn start(
        format: LogFormat,
        level: LevelFilter,
        metrics: Option<MetricsSettings>,
        traces: Option<Traces>,
    ) -> Self {
        logging::start(format, level, traces.as_ref());
        let metrics = metrics.map(|settings| EmbeddedMetrics::new(settings, A::COUNTED_AS));
        Self { lines: Lines::new(format, level, metrics), traces, waiting: Mutex::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting<A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the accounts of an invocation until its answer is out.
    pub fn note(&self, invocation: &str, accounts: Vec<A>, deadline: Option<Timestamp>) {
        self.waiting().insert(invocation.to_owned(), (accounts, deadline));
    }

    /// Tells all there is to say of an invocation.
    pub async fn tell(&self, invocation: &str) {
        // An event that is no JSON never became a request.
        let told = self.waiting().remove(invocation);
        if let Some((accounts, deadline)) = told {
            self.tell_of(accounts, deadline).await;
        }
    }

    /// Tells all there is to say of an invocation that ends at a deadline.
    pub async fn tell_of(&self, accounts: Vec<A>, deadline: Option<Timestamp>) {
        for account in &accounts {
            self.lines.write(account);
        }
        let Some(traces) = &self.traces else { return };
        let left = deadline.map(|ends| Deadline::at(ends).remaining(SystemClock.now()));
        let left = left.map_or(Duration::MAX, |left| left.saturating_sub(RESERVE));
        if let Err(not_sent) = traces.flush(left).await {
            let request_id = accounts.last().map_or("", Account::request_id);
            let line = Degraded::new(Severity::Warn, request_id, not_sent.to_string());
            self.lines.write_degraded(&line);
        }
    }
}
