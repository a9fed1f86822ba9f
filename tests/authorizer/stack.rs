//! The program, and what a caller meets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use test_support::Lambda;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_authorizer");

/// What the tokens of these tests are signed with.
pub(crate) const SECRET: &str = "a-secret-for-these-tests-of-at-least-32-bytes";

/// A call that the gateway asks about.
pub(crate) const METHOD_ARN: &str =
    "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/GET/dashboard/orders/cs_test_1";

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Let in, with what the function gets to know.
    Allowed { user: String, context: Map<String, Value> },
    /// What the gateway makes 401 of.
    Refused,
    /// What it makes 500 of.
    Failed(String),
}

/// An authorizer in front of a stage.
pub(crate) struct Gate {
    pub(crate) lambda: Lambda,
}

impl Gate {
    /// With the given settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self { lambda: Lambda::start(PROGRAM, settings).await }
    }

    /// With a secret and nothing else.
    pub(crate) async fn with_secret() -> Self {
        Self::with(&[("JWT_SECRET", SECRET)]).await
    }

    /// With an issuer's keys.
    pub(crate) async fn with_issuer(issuer: &Issuer) -> Self {
        Self::with(&[("JWKS_URL", &issuer.url)]).await
    }

    /// Somebody calls with a bearer token.
    pub(crate) async fn ask(&self, token: &str) -> Decision {
        self.ask_with(&format!("Bearer {token}")).await
    }

    /// Somebody calls with an `Authorization` header.
    pub(crate) async fn ask_with(&self, header: &str) -> Decision {
        let event = json!({"type": "TOKEN", "authorizationToken": header, "methodArn": METHOD_ARN});
        self.send(&event).await
    }

    /// The gateway asks.
    pub(crate) async fn send(&self, event: &Value) -> Decision {
        let raw = self.lambda.invoke(event).await.raw;
        if let Some(message) = raw["errorMessage"].as_str() {
            return match message {
                "Unauthorized" => Decision::Refused,
                other => Decision::Failed(other.to_owned()),
            };
        }
        let user = raw["principalId"].as_str().unwrap().to_owned();
        Decision::Allowed { user, context: raw["context"].as_object().unwrap().clone() }
    }

    /// Whether somebody is let in as a member.
    pub(crate) async fn lets_in(&self, token: &str, user: &str) -> bool {
        let decision = self.ask(token).await;
        matches!(&decision, Decision::Allowed { user: as_whom, context }
            if as_whom == user && context["userId"] == user)
    }

    /// What the log says of the last decision. Lines come in the order of requests, so the one after
    /// it is about a request that is sent for its sake.
    pub(crate) async fn last_line(&self) -> Value {
        static MARKS: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("mark-{}-", MARKS.fetch_add(1, Ordering::Relaxed));
        let event = json!({"methodArn": "none", "requestContext": {"requestId": mark}});
        let decision = self.send(&event).await;
        assert!(matches!(decision, Decision::Failed(_)), "{decision:?}");
        self.lambda.program.line_with(&mark).await;
        let lines = self.lambda.program.output();
        let marked = lines.iter().position(|line| line.contains(&mark)).unwrap();
        serde_json::from_str(&lines[marked - 1]).unwrap()
    }
}

/// An issuer that publishes keys.
pub(crate) struct Issuer {
    pub(crate) url: String,
    answer: Arc<Mutex<(StatusCode, String)>>,
    fetched: Arc<AtomicUsize>,
}

impl Issuer {
    /// With these keys.
    pub(crate) async fn start(keys: Value) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((StatusCode::OK, json!({"keys": keys}).to_string())));
        let fetched = Arc::<AtomicUsize>::default();
        let (answers, count) = (Arc::clone(&answer), Arc::clone(&fetched));
        let router = Router::new().fallback(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answers.lock().unwrap().clone();
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, answer, fetched }
    }

    /// From now on it has these.
    pub(crate) fn publish(&self, keys: Value) {
        self.answers(StatusCode::OK, &json!({"keys": keys}).to_string());
    }

    /// From now on it answers so.
    pub(crate) fn answers(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// How often it was asked.
    pub(crate) fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }
}
