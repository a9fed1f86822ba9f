use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Query, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::any;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use crate::control::control;
use crate::deliveries::Webhooks;
use crate::faults::Faults;
use crate::rules::Refusal;
use crate::{Fault, Shop, Times};

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// `GET`, mostly.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query's pairs, decoded.
    pub query: Vec<(String, String)>,
    /// The `Stripe-Version` header.
    pub version: Option<String>,
    /// The `traceparent` header.
    pub trace: Option<String>,
}

/// A running stand-in.
#[derive(Clone, Debug)]
pub struct StripeSim {
    address: SocketAddr,
    pub(crate) state: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) keys: Mutex<HashSet<String>>,
    pub(crate) shop: Mutex<Shop>,
    pub(crate) webhooks: Arc<Webhooks>,
    faults: Mutex<Faults>,
    recorded: Mutex<Vec<Recorded>>,
    connections: Arc<AtomicU64>,
    requests: AtomicU64,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A second handle on a request's connection, to break it off.
#[derive(Clone)]
struct Wire(Option<Arc<socket2::Socket>>);

impl Connected<IncomingStream<'_, Counting>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Counting>) -> Self {
        Self(SockRef::from(stream.io()).try_clone().ok().map(Arc::new))
    }
}

impl Wire {
    /// Closes the connection now, whatever is still to be sent.
    fn cut(&self) {
        if let Some(socket) = &self.0 {
            // A connection that the caller has closed already is cut, too.
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// A listener that counts the connections made to it.
struct Counting {
    listener: TcpListener,
    connections: Arc<AtomicU64>,
}

impl Listener for Counting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let accepted = Listener::accept(&mut self.listener).await;
        self.connections.fetch_add(1, Ordering::Relaxed);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl StripeSim {
    /// Starts on any free port of the loopback interface, with the keys that it lets in.
    pub async fn start(keys: &[&str], shop: Shop) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Shared {
            keys: Mutex::new(keys.iter().map(|key| (*key).to_owned()).collect()),
            shop: Mutex::new(shop),
            webhooks: Webhooks::new(),
            faults: Mutex::default(),
            recorded: Mutex::default(),
            connections: Arc::default(),
            requests: AtomicU64::new(0),
        });
        let counting = Counting { listener, connections: Arc::clone(&state.connections) };
        let router = Router::new()
            .route("/sim", any(control))
            .route("/sim/{*path}", any(control))
            .fallback(serve)
            .with_state(Arc::clone(&state));
        let service = router.into_make_service_with_connect_info::<Wire>();
        tokio::spawn(async move { axum::serve(counting, service).await });
        Ok(Self { address, state })
    }

    /// The address to use for Stripe's.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the stand-in knows, to be looked at or changed.
    pub fn shop<T>(&self, with: impl FnOnce(&mut Shop) -> T) -> T {
        with(&mut lock(&self.state.shop))
    }

    /// Rolls the keys: these are let in from now on, and no others.
    pub fn roll_keys(&self, keys: &[&str]) {
        *lock(&self.state.keys) = keys.iter().map(|key| (*key).to_owned()).collect();
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: Fault, times: Times) {
        lock(&self.state.faults).add(fault, times);
    }

    /// Lets everything go right again.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// Every request to Stripe's API so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.state.recorded).clone()
    }

    /// How many requests to Stripe's API came so far.
    pub fn calls(&self) -> usize {
        lock(&self.state.recorded).len()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }
}

async fn serve(
    ConnectInfo(wire): ConnectInfo<Wire>,
    State(state): State<Arc<Shared>>,
    request: Request,
) -> Response {
    let number = state.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let recorded = Recorded {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
        version: text(request.headers(), "stripe-version"),
        trace: text(request.headers(), "traceparent"),
    };
    lock(&state.recorded).push(recorded.clone());
    let fault = lock(&state.faults).strike();
    let mut headers = Vec::new();
    let cuts_body = matches!(fault, Some(Fault::CutBody));
    let outcome = match fault {
        Some(Fault::Status(status)) => Err(Refusal::of_status(status)),
        Some(Fault::StatusWith(status, extra)) => {
            headers = extra;
            Err(Refusal::of_status(status))
        }
        Some(Fault::MissingPermission) => Err(Refusal::missing_permission()),
        Some(Fault::Garbage) => return plain(number, 200, "application/json", "}{ no JSON"),
        Some(Fault::Html(status)) => {
            return plain(number, status, "text/html", "<html><h1>Bad gateway</h1></html>");
        }
        Some(Fault::Body(status, body)) => return plain(number, status, "application/json", body),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Reset) => {
            wire.cut();
            return Response::new(cut_off(Bytes::new()));
        }
        Some(Fault::Delay(wait)) => {
            tokio::time::sleep(wait).await;
            state.answer(request.headers(), &recorded)
        }
        Some(Fault::CutBody) | None => state.answer(request.headers(), &recorded),
    };
    let (status, body) = match outcome {
        Ok(object) => (200, object),
        Err(refusal) => (refusal.status, json!({"error": refusal.error})),
    };
    let body = serde_json::to_string_pretty(&body).unwrap_or_default();
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("request-id", request_id(number));
    for (name, value) in headers {
        response = response.header(name, value);
    }
    if cuts_body {
        let half = Bytes::from(body.as_bytes()[..body.len() / 2].to_vec());
        return response.body(cut_off(half)).unwrap_or_default();
    }
    response.body(Body::from(body)).unwrap_or_default()
}

pub(crate) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn request_id(number: u64) -> String {
    format!("req_sim{number:08}")
}

fn plain(number: u64, status: u16, kind: &str, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("request-id", request_id(number))
        .body(body.into())
        .unwrap_or_default()
}

/// A body that ends in a broken connection, once its first bytes are out.
fn cut_off(first: Bytes) -> Body {
    let broken = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    Body::from_stream(stream::iter([Ok(first)]).chain(stream::once(broken)))
}
