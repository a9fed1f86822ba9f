use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ports::{Cause, CheckoutError, StoreError};
use crate::{Deadline, Denied, NotFound};

/// What every call on behalf of one request carries: until when, and where its cost is noted.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// When the answer has to have left.
    pub deadline: Deadline,
    /// Where the cost is noted.
    pub ledger: Arc<Ledger>,
}

impl RequestContext {
    /// A context with an empty ledger.
    pub fn new(deadline: Deadline) -> Self {
        Self { deadline, ledger: Arc::default() }
    }

    /// The same request with an earlier deadline for one step.
    #[must_use]
    pub fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, ledger: Arc::clone(&self.ledger) }
    }
}

/// What a request has cost so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Calls to the store, repetitions included.
    pub store_calls: u32,
    /// Time spent in them.
    pub store_time: Duration,
    /// Rows that the store returned.
    pub rows_read: u32,
    /// Read units that the store says it charged.
    pub read_units: f64,
    /// Calls to Stripe, repetitions included.
    pub stripe_calls: u32,
    /// Time spent in them.
    pub stripe_time: Duration,
    /// Repetitions among the calls to Stripe.
    pub retries: u32,
    /// Stripe's name for the last of them.
    pub stripe_request_id: Option<String>,
    /// What came of asking for Stripe's key anew, where that was done.
    pub key_refresh: Option<KeyRefresh>,
}

/// What came of asking for Stripe's key anew, after Stripe refused the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefresh {
    /// Another key is in use now.
    Refreshed,
    /// It is the same as before.
    Unchanged,
    /// It could not be read, or is none that can be used.
    Failed,
}

impl KeyRefresh {
    /// Its word in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// Something that went wrong and that the answer does not show. Written to the log at the edge.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Incident {
    /// The answer left, but could not be kept; the next request asks Stripe again.
    #[error("the snapshot was not stored")]
    WriteFailed(#[source] StoreError),
    /// The same, because DynamoDB takes no item of that size.
    #[error("the snapshot is too large to be stored")]
    TooLarge,
    /// A row that cannot be read as an order.
    #[error("a stored row is corrupt at the attribute {attribute}")]
    CorruptRow {
        /// The attribute at fault.
        attribute: String,
    },
    /// The caller has a row of the order, but Stripe has it as somebody else's.
    #[error("the row is the caller's, but the session is not; only the row was answered")]
    Conflict(#[source] NotFound),
    /// Stripe could not replace a corrupt row.
    #[error("the corrupt row could not be replaced from Stripe")]
    NotMended(#[source] CheckoutError),
    /// Stripe could not say whether the snapshot still holds.
    #[error("the snapshot was answered without Stripe's word on it")]
    ServedStale(#[source] CheckoutError),
    /// The event was dealt with, but if it comes again it is dealt with again.
    #[error("the event was not marked as done")]
    NotMarked(#[source] StoreError),
    /// A row lies with the order's owner and carries another user id.
    #[error("a row of the order carries somebody else's user id and was left alone")]
    Misfiled(#[source] Denied),
    /// Stripe refused the key, and where it is kept no other could be had.
    #[error("Stripe's key could not be read anew")]
    KeyNotRefreshed(#[source] Cause),
    /// The order had to be looked for in Stripe alone.
    #[error("the store did not answer; the order was looked for in Stripe")]
    StoreBypassed(#[source] StoreError),
}

/// The running account of one request. Shared between the calls made for it.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<(Usage, Vec<Incident>)>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, (Usage, Vec<Incident>)> {
        // A panic elsewhere leaves at worst a count too few, which must not cost the answer.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request to the store, which may have been sent several times.
    pub fn store_call(&self, took: Duration, calls: u32, rows: u32, read_units: f64) {
        let usage = &mut self.entries().0;
        usage.store_calls += calls;
        usage.store_time += took;
        usage.rows_read += rows;
        usage.read_units += read_units;
    }

    /// Notes a call to Stripe.
    pub fn stripe_call(&self, took: Duration, is_retry: bool, request_id: Option<&str>) {
        let usage = &mut self.entries().0;
        usage.stripe_calls += 1;
        usage.stripe_time += took;
        usage.retries += u32::from(is_retry);
        if let Some(id) = request_id {
            usage.stripe_request_id = Some(id.to_owned());
        }
    }

    /// Notes what came of asking for Stripe's key anew.
    pub fn key_refresh(&self, outcome: KeyRefresh) {
        self.entries().0.key_refresh = Some(outcome);
    }

    /// Notes an incident.
    pub fn note(&self, incident: Incident) {
        self.entries().1.push(incident);
    }

    /// What the request has cost so far.
    pub fn usage(&self) -> Usage {
        self.entries().0.clone()
    }

    /// The incidents noted so far; they are handed out once.
    pub fn take_incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut self.entries().1)
    }
}
