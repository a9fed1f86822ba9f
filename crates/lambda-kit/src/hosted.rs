//! The endpoint within a process that belongs to somebody else, such as an interpreter: it is
//! called for each invocation, and nothing of it runs in between.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use orders::{Clock, Fault, SystemClock, Timestamp};
use orders_http::{
    CorsPolicy, Endpoint, EndpointConfig, Invocation, LambdaResponse, Reply, Report, Unable,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;
use tracing::level_filters::LevelFilter;

use crate::aws::AwsSettings;
use crate::config::{Environment, Mistake, Reader, Settings};
use crate::program::cannot_start;
use crate::{Observers, Service, start_service, traces};

/// The shortest time that a start is given, whatever a request may take: it is made but once.
const START: Duration = Duration::from_secs(5);

/// The endpoint, answering by itself whatever is wrong.
pub struct Hosted {
    /// Driven by whoever calls, while they wait.
    runtime: Runtime,
    observers: Observers<Report>,
    config: EndpointConfig,
    /// What the environment says, or the mistakes in it.
    settings: Result<(Settings, AwsSettings), String>,
    service: OnceCell<Service>,
    /// Whether a request was answered before.
    is_warm: AtomicBool,
}

impl Hosted {
    /// Reads the settings and makes the service ready. What is wrong is told in a line each, and
    /// again by every request: the process is not ours to end. Called once. The error is the
    /// system's, where there is nothing left to wait for sockets with.
    pub fn start(name: &str, environment: &Environment) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            // Threads look up the names of hosts. None may wait for more to do: Lambda freezes the
            // process between two invocations, for however long.
            .thread_keep_alive(Duration::ZERO)
            .build()?;
        let hosted = Self::configured(name, runtime, environment);
        if hosted.settings.is_ok() {
            let ready =
                AssertUnwindSafe(hosted.service(hosted.config.budget.max(START))).catch_unwind();
            let ready = hosted.runtime.block_on(ready);
            if let Err(why) = ready.unwrap_or_else(|_| Err(Fault::Panicked.to_string())) {
                cannot_start(name, &[why]);
            }
        }
        Ok(hosted)
    }

    fn configured(name: &str, runtime: Runtime, environment: &Environment) -> Self {
        let mut reader = Reader::new(environment);
        let log_format = reader.log_format();
        let settings = reader.settings().zip(reader.aws());
        // Where something is wrong elsewhere, these still say how that is told.
        let (cors, log_level) = (reader.cors(), reader.log_level());
        let (metrics, traces) = (reader.sound(Reader::metrics), reader.sound(Reader::traces));
        let trust = reader.trust().unwrap_or_default();
        let traces = traces::start(traces.flatten(), &trust);
        let traces = traces.unwrap_or_else(|it| reader.mistake(it.variable, it.problem));
        let log_level = log_level.unwrap_or(LevelFilter::INFO);
        let observers = Observers::start(log_format, log_level, metrics.flatten(), traces);
        let settings = reader.finish(settings);
        if let Err(mistakes) = &settings {
            cannot_start(name, mistakes);
        }
        let budget = settings.as_ref().map_or(Duration::ZERO, |(it, _)| it.request_budget);
        // An error has nothing in it that a page may not read.
        let cors = cors.unwrap_or(CorsPolicy::Any);
        let config = EndpointConfig { cors, budget, user_hasher: None };
        Self {
            runtime,
            observers,
            config,
            settings: settings.map_err(|mistakes| one_text(&mistakes)),
            service: OnceCell::new(),
            is_warm: AtomicBool::new(false),
        }
    }

    /// Answers an event, and tells what there is to say of it. Whoever calls waits; several may
    /// call at the same time.
    pub fn answer(&self, event: &str, invocation: &Invocation) -> LambdaResponse {
        self.runtime.block_on(async {
            let of_budget = SystemClock.now().plus(self.config.budget);
            let ends = invocation.deadline.map_or(of_budget, |ends| ends.min(of_budget));
            let mut reply = self.reply(event, invocation, ends).await;
            reply.report.cold_start = !self.is_warm.swap(true, Ordering::Relaxed);
            let (response, report) = reply.into_lambda();
            let told = self.observers.tell_of(vec![report], Some(ends));
            // The answer is there, whatever becomes of what is said of it.
            let _ = AssertUnwindSafe(told).catch_unwind().await;
            response
        })
    }

    async fn reply(&self, event: &str, invocation: &Invocation, ends: Timestamp) -> Reply {
        let reply = async {
            if let Some(service) = self.service.get() {
                return Ok(service.answer(event, invocation).await);
            }
            let now = SystemClock.now();
            let limit = invocation.deadline_within(self.config.budget, now).remaining(now);
            let service = self.service(limit).await.map_err(Fault::NotStarted)?;
            // What that took is not given to the request a second time.
            let rest = Invocation { deadline: Some(ends), ..invocation.clone() };
            Ok(service.answer(event, &rest).await)
        };
        or_unable(reply, &self.config, event, invocation).await
    }

    /// The service, which is made ready by whoever needs it first, and again by the next where
    /// that failed: the parameter store may be back by then. Else, why there is none.
    async fn service(&self, limit: Duration) -> Result<&Service, String> {
        let (settings, aws) = self.settings.as_ref().map_err(Clone::clone)?;
        let start = self.service.get_or_try_init(|| start_service(settings.clone(), aws));
        let started = tokio::time::timeout(limit, start).await;
        let late = |_| "the start took too long".to_owned();
        started.map_err(late)?.map_err(|error| error.to_string())
    }
}

fn one_text(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The reply, or one without an order where there is none, or a panic.
async fn or_unable(
    reply: impl Future<Output = Result<Reply, Fault>>,
    config: &EndpointConfig,
    event: &str,
    invocation: &Invocation,
) -> Reply {
    let reply = AssertUnwindSafe(reply).catch_unwind().await;
    match reply.unwrap_or(Err(Fault::Panicked)) {
        Ok(reply) => reply,
        Err(fault) => {
            let unable = Endpoint::new(Unable(fault), config.clone(), SystemClock);
            unable.answer(event, invocation).await
        }
    }
}

#[cfg(test)]
mod tests {
    use orders_http::Severity;
    use serde_json::{Value, json};

    use super::*;

    async fn after_a_panic(event: Value) -> (Value, Report) {
        let config = EndpointConfig {
            cors: "https://club.example".parse().unwrap(),
            budget: Duration::from_secs(1),
            user_hasher: None,
        };
        let (event, invocation) = (event.to_string(), Invocation::default());
        let panics = async { panic!("for the test") };
        let (answer, report) = or_unable(panics, &config, &event, &invocation).await.into_lambda();
        (serde_json::to_value(answer).unwrap(), report)
    }

    #[tokio::test]
    async fn a_panic_is_a_500_that_a_page_may_read_and_an_error_in_the_log() {
        let event = json!({
            "httpMethod": "GET", "pathParameters": {"orderId": "cs_test_a1"},
            "headers": {"Origin": "https://club.example"},
            "requestContext": {"requestId": "r-1", "authorizer": {"userId": "ava"}},
        });
        let (answer, report) = after_a_panic(event).await;
        assert_eq!(answer["statusCode"], 500);
        assert_eq!(answer["headers"]["Access-Control-Allow-Origin"], "https://club.example");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&body["code"], &body["requestId"]), (&json!("internal_error"), &json!("r-1")));
        assert_eq!((report.level, report.outcome), (Severity::Error, "internal"));
        assert!(report.reason.ends_with("the program panicked"), "{}", report.reason);
    }

    #[tokio::test]
    async fn what_needs_no_order_is_answered_after_a_panic_as_ever() {
        for (event, status) in [
            (json!({"httpMethod": "OPTIONS"}), 204),
            (json!({"httpMethod": "POST"}), 405),
            (json!({}), 401),
        ] {
            assert_eq!(after_a_panic(event).await.0["statusCode"], status);
        }
    }
}
