use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bearer_tokens::{Identity, NoKeys, NotVerified, Refusal, Verifier};
use orders::SystemClock;
use orders_http::{Invocation, Severity, milliseconds};
use serde_json::Value;

use crate::event::AuthorizerEvent;
use crate::policy::{NoMethodArn, WholeStage};
use crate::report::Authorization;

/// Decides who is let in.
pub(crate) struct Authorizer {
    verifier: Verifier<SystemClock>,
    is_cold: AtomicBool,
}

/// Why nobody is let in. What it says goes to the gateway, and no further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAllowed {
    /// The gateway makes 401 of this very word, and of no other.
    #[error("Unauthorized")]
    Unauthorized(#[source] Refusal),
    /// Nobody knows; the gateway makes 500 of it.
    #[error("the token cannot be verified at the moment")]
    Unavailable(#[source] NoKeys),
    /// The gateway asked for something that makes no sense.
    #[error("the event cannot be read")]
    Event(#[source] BadEvent),
}

/// What is wrong with an event; it is set up wrongly then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadEvent {
    #[error("it is no event of a Lambda authorizer")]
    NoEvent,
    #[error("it is an HTTP API's, which takes another answer; this is for REST APIs")]
    HttpApi,
    #[error(transparent)]
    MethodArn(#[from] NoMethodArn),
}

impl Authorizer {
    pub(crate) fn new(verifier: Verifier<SystemClock>) -> Self {
        Self { verifier, is_cold: AtomicBool::new(true) }
    }

    /// Fetches what the first decision needs. Where that fails, the first decision tries again.
    pub(crate) async fn warm_up(&self) {
        if let Err(no_keys) = self.verifier.warm_up().await {
            tracing::warn!("{no_keys}");
        }
    }

    /// Decides on one event: the policy, or why there is none, and the account of it.
    pub(crate) async fn decide(
        &self,
        event: &str,
        invocation: &Invocation,
    ) -> (Result<Value, NotAllowed>, Authorization) {
        let started = Instant::now();
        let event: Option<AuthorizerEvent> = serde_json::from_str(event).ok();
        let decision = match &event {
            Some(event) => self.allow(event).await,
            None => Err(NotAllowed::Event(BadEvent::NoEvent)),
        };
        let (level, outcome, reason) = told(&decision);
        let account = Authorization {
            level,
            message: "authorization",
            request_id: event.as_ref().map_or("", AuthorizerEvent::request_id).to_owned(),
            lambda_request_id: invocation.id.clone(),
            outcome,
            reason,
            duration_ms: milliseconds(started.elapsed()),
            cold_start: self.is_cold.swap(false, Ordering::Relaxed),
        };
        (decision, account)
    }

    async fn allow(&self, event: &AuthorizerEvent) -> Result<Value, NotAllowed> {
        if event.is_of_http_api() {
            return Err(NotAllowed::Event(BadEvent::HttpApi));
        }
        let stage = event.method_arn.parse::<WholeStage>();
        let stage = stage.map_err(|error| NotAllowed::Event(error.into()))?;
        let identity: Identity =
            self.verifier.verify(event.authorization()).await.map_err(|why| match why {
                NotVerified::Refused(refusal) => NotAllowed::Unauthorized(refusal),
                NotVerified::Unknown(no_keys) => NotAllowed::Unavailable(no_keys),
            })?;
        Ok(stage.allow(identity.user_id(), identity.context()))
    }
}

/// What the log says of a decision.
fn told(decision: &Result<Value, NotAllowed>) -> (Severity, &'static str, String) {
    match decision {
        Ok(_) => (Severity::Info, "allowed", String::new()),
        Err(NotAllowed::Unauthorized(why)) => (Severity::Info, "refused", why.word().to_owned()),
        Err(NotAllowed::Unavailable(why)) => (Severity::Warn, "unavailable", why.to_string()),
        Err(NotAllowed::Event(why)) => (Severity::Error, "internal", why.to_string()),
    }
}
