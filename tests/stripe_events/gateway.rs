//! API Gateway before several sandboxes of the function, as Stripe reaches it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use test_support::{Lambda, posted_event};
use tokio::net::TcpListener;
use tokio::sync::RwLock;

/// A listening gateway.
pub(crate) struct Gateway {
    pub(crate) url: String,
    sandboxes: Arc<Sandboxes>,
}

struct Sandboxes {
    running: Vec<RwLock<Option<Arc<Lambda>>>>,
    next: AtomicUsize,
}

impl Gateway {
    /// Opens before these sandboxes, which take turns.
    pub(crate) async fn open(lambdas: Vec<Lambda>) -> Self {
        let running = lambdas.into_iter().map(|it| RwLock::new(Some(Arc::new(it)))).collect();
        let sandboxes = Arc::new(Sandboxes { running, next: AtomicUsize::new(0) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/stripe/webhook", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(Arc::clone(&sandboxes));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, sandboxes }
    }

    /// Ends a sandbox without a warning, and puts a new one in its place.
    pub(crate) async fn replace(&self, n: usize, with: Lambda) {
        let old = self.sandboxes.running[n].write().await.replace(Arc::new(with));
        // Whoever waits for its answer holds it as well, and is told by the connection's end.
        let id = old.map(|old| old.program.id()).unwrap();
        std::process::Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
    }
}

async fn pass(
    State(sandboxes): State<Arc<Sandboxes>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<String, StatusCode> {
    let turn = sandboxes.next.fetch_add(1, Ordering::Relaxed) % sandboxes.running.len();
    let lambda = sandboxes.running[turn].read().await.clone().unwrap();
    let signature = headers.get("stripe-signature").map(|value| value.to_str().unwrap());
    let event = posted_event(std::str::from_utf8(&body).unwrap(), signature);
    let patience = std::time::Duration::from_secs(5);
    let invoked = lambda.invoke(&event);
    // A sandbox that is gone answers nothing; the gateway says so.
    let Ok(answer) = tokio::time::timeout(patience, invoked).await else {
        return Err(StatusCode::BAD_GATEWAY);
    };
    match StatusCode::from_u16(answer.status) {
        Ok(StatusCode::OK) => Ok(answer.body),
        Ok(status) => Err(status),
        Err(_) => Err(StatusCode::BAD_GATEWAY),
    }
}
