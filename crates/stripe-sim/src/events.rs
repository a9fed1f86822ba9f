use serde_json::{Value, json};

use crate::acting::Happening;

/// The API version of the events, and of the objects in them.
const API_VERSION: &str = "2026-09-30.endive";

/// An event, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// The event as Stripe sends it. `pending_webhooks` counts the endpoints that have yet to
    /// answer it with a 2xx.
    pub event: Value,
    /// Every attempt to deliver it, oldest first.
    pub attempts: Vec<Attempt>,
    /// How many deliveries to each endpoint were begun.
    pub(crate) deliveries: u32,
}

/// One attempt to deliver an event to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The endpoint's address.
    pub endpoint: String,
    /// Which delivery of the event it belongs to, counted from 1: there are several where copies
    /// are made or an event is resent.
    pub delivery: u32,
    /// Which attempt of that delivery it is, counted from 1.
    pub number: u32,
    /// When it was signed, in epoch seconds.
    pub at: i64,
    /// The status of the answer, or why there was none.
    pub outcome: Result<u16, String>,
}

impl Attempt {
    /// Whether the endpoint has taken the event: it answered with a 2xx.
    pub fn is_delivered(&self) -> bool {
        matches!(self.outcome, Ok(200..=299))
    }
}

impl LoggedEvent {
    pub(crate) fn new(id: &str, told: Happening, created: i64, endpoints: usize) -> Self {
        let livemode = told.object["livemode"].as_bool().unwrap_or(false);
        let mut event = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": created,
            "data": {"object": told.object}, "livemode": livemode, "pending_webhooks": endpoints,
            "request": {"id": null, "idempotency_key": null}, "type": told.kind,
        });
        if let Some(previous) = told.previous {
            event["data"]["previous_attributes"] = previous;
        }
        Self { event, attempts: Vec::new(), deliveries: 0 }
    }

    /// The event's id.
    pub fn id(&self) -> &str {
        self.event["id"].as_str().unwrap_or_default()
    }

    /// The event's type, like `charge.refunded`.
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }

    /// Whether every endpoint has taken it.
    pub fn is_delivered(&self) -> bool {
        self.event["pending_webhooks"] == 0
    }

    pub(crate) fn record(&mut self, attempt: Attempt) {
        let same = |other: &&Attempt| other.is_delivered() && other.endpoint == attempt.endpoint;
        if attempt.is_delivered() && !self.attempts.iter().any(|other| same(&other)) {
            let pending = self.event["pending_webhooks"].as_u64().unwrap_or(0);
            self.event["pending_webhooks"] = json!(pending.saturating_sub(1));
        }
        self.attempts.push(attempt);
    }

    /// The event with its attempts, as the control API shows it.
    pub(crate) fn to_json(&self) -> Value {
        let attempts: Vec<Value> = self
            .attempts
            .iter()
            .map(|attempt| {
                let mut shown = json!({
                    "endpoint": attempt.endpoint, "delivery": attempt.delivery,
                    "attempt": attempt.number, "at": attempt.at,
                });
                match &attempt.outcome {
                    Ok(status) => shown["status"] = json!(status),
                    Err(error) => shown["error"] = json!(error),
                }
                shown
            })
            .collect();
        json!({"event": self.event, "deliveries": attempts})
    }
}
