//! What is told once events were dealt with, to Lambda and to whoever posted.

use orders_http::{Answer, LambdaResponse};
use serde::Serialize;

use crate::ending::Ending;
use crate::problem::Problem;
use crate::report::EventReport;

/// How soon Stripe may try again after a 503, in seconds. It keeps to its own times anyway.
const RETRY_AFTER: &str = "2";

/// What an invocation came to, and what there is to say of each event in it.
pub struct Reply {
    /// What Lambda is told. An error has it try again.
    pub response: Result<Response, NotDone>,
    /// The account of each event.
    pub reports: Vec<EventReport>,
}

/// What Lambda is told of events that were dealt with.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To whoever posted.
    Posted(LambdaResponse),
    /// Which records of a batch have to come again.
    #[serde(rename_all = "camelCase")]
    Batch {
        /// Those that are not named here are done with.
        batch_item_failures: Vec<Failure>,
    },
    /// To nobody.
    Handed {
        /// How it ended, for whoever invokes by hand.
        outcome: &'static str,
    },
}

/// A record that has to come again.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The record's id. An empty one has the whole batch come again.
    pub item_identifier: String,
}

/// An event that was handed on has to come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event was not dealt with: {outcome}")]
pub struct NotDone {
    /// How it ended.
    pub outcome: &'static str,
}

/// What the webhook answers.
pub(crate) fn answer(ending: &Ending, request_id: &str) -> Answer {
    #[derive(Serialize)]
    struct Received {
        received: bool,
        outcome: &'static str,
    }

    let problem = ending.problem();
    let body = match problem {
        Some(problem) => problem.body(request_id),
        // A flag and a word can always be written.
        None => serde_json::to_string(&Received { received: true, outcome: ending.outcome() })
            .unwrap_or_default(),
    };
    let own = match problem {
        Some(Problem::MethodNotAllowed) => Some(("Allow", "POST".to_owned())),
        Some(Problem::Unavailable) => Some(("Retry-After", RETRY_AFTER.to_owned())),
        _ => None,
    };
    let mut headers = vec![
        ("Content-Type", "application/json; charset=utf-8".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Cache-Control", "no-store".to_owned()),
        ("X-Request-Id", request_id.to_owned()),
    ];
    headers.extend(own);
    Answer { status: problem.map_or(200, Problem::status), headers, body }
}
