use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use stripe_sim::Endpoint;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::SECRET;

/// A receiver of webhooks, which answers as it is told and remembers what came.
pub(crate) struct Receiver {
    url: String,
    state: Arc<Received>,
}

struct Received {
    webhooks: Mutex<Vec<Webhook>>,
    count: watch::Sender<usize>,
    answers: Mutex<VecDeque<u16>>,
    /// Answers leave only as long as there are permits.
    gate: Semaphore,
}

#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) event: Value,
}

impl Webhook {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn id(&self) -> String {
        self.event["id"].as_str().unwrap().to_owned()
    }

    /// The time and the signatures of a scheme in the header.
    pub(crate) fn signatures(&self, scheme: &str) -> (i64, Vec<&str>) {
        let pairs =
            self.header("stripe-signature").split(',').map(|it| it.split_once('=').unwrap());
        let all = |name| pairs.clone().filter(move |pair| pair.0 == name).map(|pair| pair.1);
        (all("t").next().unwrap().parse().unwrap(), all(scheme).collect())
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/stripe/webhook", listener.local_addr().unwrap());
        let state = Arc::new(Received {
            webhooks: Mutex::default(),
            count: watch::Sender::new(0),
            answers: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// What to register: a retry follows a failure at once.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.url, SECRET).unwrap().first_wait(Duration::from_millis(1))
    }

    /// The next answers; after them, 200.
    pub(crate) fn will_answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.state.answers.lock().unwrap().extend(statuses);
    }

    /// No answer leaves from now on.
    pub(crate) fn keep_silent(&self) {
        self.state.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// All answers leave.
    pub(crate) fn speak(&self) {
        self.state.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// Waits until so many webhooks came.
    pub(crate) async fn has_received(&self, count: usize) {
        self.state.count.subscribe().wait_for(|so_far| *so_far >= count).await.unwrap();
    }

    /// What came, in this order.
    pub(crate) fn webhooks(&self) -> Vec<Webhook> {
        self.state.webhooks.lock().unwrap().clone()
    }

    /// The ids of the events that came, in this order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.webhooks().iter().map(Webhook::id).collect()
    }
}

async fn receive(State(state): State<Arc<Received>>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let event = serde_json::from_slice(&body).unwrap();
    let webhook = Webhook { method: parts.method, headers: parts.headers, body, event };
    state.webhooks.lock().unwrap().push(webhook);
    state.count.send_modify(|count| *count += 1);
    let status = state.answers.lock().unwrap().pop_front().unwrap_or(200);
    let _permit = state.gate.acquire().await.unwrap();
    StatusCode::from_u16(status).unwrap()
}
