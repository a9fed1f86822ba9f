use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use crate::Program;

/// What an invocation came to.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// The status in the answer; 0 where the program reported an error instead of an answer.
    pub status: u16,
    /// The headers, by their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
    /// The whole of what the program sent.
    pub raw: Value,
    /// How long it took.
    pub took: Duration,
}

impl Invoked {
    /// A header by its name, whose case does not matter; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(&name.to_ascii_lowercase()).map_or("", String::as_str)
    }

    /// The body as JSON; null where it is empty.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The order in the body.
    pub fn order(&self) -> Value {
        self.json()["order"].take()
    }
}

struct Pending {
    event: Bytes,
    deadline: u64,
    answer: oneshot::Sender<Bytes>,
}

struct Shared {
    incoming: AsyncMutex<mpsc::UnboundedReceiver<Pending>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Bytes>>>,
    count: AtomicU64,
    ready: watch::Sender<bool>,
}

/// A Lambda function: a built program under a stand-in for the Lambda Runtime API.
pub struct Lambda {
    /// The program.
    pub program: Program,
    events: mpsc::UnboundedSender<Pending>,
    ready: watch::Receiver<bool>,
}

impl Lambda {
    /// Starts the program at a path as Lambda would, with the given variables besides Lambda's own.
    pub async fn start(path: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_with(path, &[], environment).await
    }

    /// The same with arguments, as for an interpreter.
    pub async fn start_with(path: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port").to_string();
        let (events, incoming) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            incoming: AsyncMutex::new(incoming),
            waiting: Mutex::default(),
            count: AtomicU64::new(0),
            ready: watch::Sender::new(false),
        });
        let ready = shared.ready.subscribe();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(done))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(done))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut variables = vec![
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "get-order"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-the-role"),
            ("AWS_SESSION_TOKEN", "session-of-the-role"),
        ];
        variables.extend_from_slice(environment);
        Self { program: Program::start(path, arguments, &variables), events, ready }
    }

    /// Waits until the program asks for its first event.
    pub async fn is_ready(&self) {
        let mut ready = self.ready.clone();
        let asked = tokio::time::timeout(Duration::from_secs(40), ready.wait_for(|is| *is)).await;
        assert!(matches!(asked, Ok(Ok(_))), "not ready: {:#?}", self.program.output());
    }

    /// Invokes the function with half a minute to go.
    pub async fn invoke(&self, event: &Value) -> Invoked {
        self.invoke_within(event.to_string(), Duration::from_secs(30)).await
    }

    /// Invokes the function with any bytes and a deadline.
    pub async fn invoke_within(&self, event: impl Into<Bytes>, deadline: Duration) -> Invoked {
        let started = std::time::Instant::now();
        let (answer, answered) = oneshot::channel();
        let pending = Pending { event: event.into(), deadline: now() + millis(deadline), answer };
        self.events.send(pending).unwrap_or_else(|_| panic!("the stand-in has ended"));
        let limit = deadline.max(Duration::from_secs(40));
        let body = tokio::time::timeout(limit, answered).await;
        let Ok(Ok(body)) = body else {
            panic!("no answer; the program wrote {:#?}", self.program.output())
        };
        invoked(&body, started.elapsed())
    }
}

fn invoked(body: &[u8], took: Duration) -> Invoked {
    let raw: Value = serde_json::from_slice(body).expect("the answer is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for (name, value) in raw["headers"].as_object().into_iter().flatten() {
        headers.insert(name.to_ascii_lowercase(), text(value));
    }
    for (name, values) in raw["multiValueHeaders"].as_object().into_iter().flatten() {
        headers.insert(name.to_ascii_lowercase(), text(&values[0]));
    }
    Invoked {
        status: u16::try_from(raw["statusCode"].as_u64().unwrap_or(0)).unwrap_or(0),
        headers,
        body: text(&raw["body"]),
        raw,
        took,
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.ready.send_replace(true);
    let pending = shared.incoming.lock().await.recv().await;
    let Some(pending) = pending else { return std::future::pending().await };
    let id = format!("invocation-{}", shared.count.fetch_add(1, Ordering::Relaxed));
    shared
        .waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.clone(), pending.answer);
    Response::builder()
        // Its runtime for Python hands on the bytes of anything else.
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", id)
        .header("lambda-runtime-deadline-ms", pending.deadline)
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:1:function:f")
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        .body(Body::from(pending.event))
        .expect("a response")
}

async fn done(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a whole answer");
    let waiting = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    if let Some(answer) = waiting {
        // The test may have given up.
        let _ = answer.send(body);
    }
    Response::builder().status(202).body(Body::empty()).expect("a response")
}

fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the stand-in plays Lambda, which has a clock")]
    let now = SystemTime::now();
    millis(now.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
