use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A stand-in for the parameter store (AWS Systems Manager), which knows `GetParameter` alone.
#[derive(Debug)]
pub struct Parameters {
    address: String,
    state: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    values: HashMap<String, String>,
    /// How many requests are still to be throttled.
    throttled: u32,
    /// The names that were asked for, oldest first; throttled requests left out.
    asked: Vec<String>,
}

impl Parameters {
    /// A store that holds these, by their names.
    pub async fn start(values: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("a bound port"));
        let state: Arc<Mutex<Kept>> = Arc::default();
        let router = Router::new().fallback(serve).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let store = Self { address, state };
        for (name, value) in values {
            store.put(name, value);
        }
        store
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Writes a parameter anew.
    pub fn put(&self, name: &str, value: &str) {
        lock(&self.state).values.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a parameter away.
    pub fn remove(&self, name: &str) {
        lock(&self.state).values.remove(name);
    }

    /// Throttles so many requests from now on.
    pub fn throttle(&self, requests: u32) {
        lock(&self.state).throttled = requests;
    }

    /// The names that were asked for, oldest first; throttled requests left out.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.state).asked.clone()
    }
}

fn lock(state: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    State(state): State<Arc<Mutex<Kept>>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Err(problem) = check(&uri, &headers, &asked) {
        let message = json!({"__type": "ValidationException", "message": problem});
        return (StatusCode::BAD_REQUEST, message.to_string());
    }
    let mut state = lock(&state);
    if state.throttled > 0 {
        state.throttled -= 1;
        let refusal = json!({"__type": "com.amazon.coral.service#ThrottlingException"});
        return (StatusCode::BAD_REQUEST, refusal.to_string());
    }
    let name = asked["Name"].as_str().unwrap_or_default().to_owned();
    let value = state.values.get(&name).cloned();
    state.asked.push(name.clone());
    match value {
        Some(value) => {
            let parameter = json!({"Name": name, "Type": "SecureString", "Value": value});
            (StatusCode::OK, json!({"Parameter": parameter}).to_string())
        }
        None => (StatusCode::BAD_REQUEST, json!({"__type": "ParameterNotFound"}).to_string()),
    }
}

/// What the store itself would not let pass; it has the credentials of [`crate::Lambda`].
fn check(uri: &Uri, headers: &HeaderMap, asked: &Value) -> Result<(), String> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = header("authorization");
    let signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    for (is_so, what) in [
        (uri.path() == "/", "the path"),
        (header("x-amz-target") == "AmazonSSM.GetParameter", "x-amz-target"),
        (header("content-type") == "application/x-amz-json-1.1", "content-type"),
        (header("x-amz-security-token") == "session-of-the-role", "x-amz-security-token"),
        (signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "the credential"),
        (signature.contains("/eu-central-1/ssm/aws4_request, SignedHeaders="), "the scope"),
        (signature.contains(signed), "what is signed"),
        (asked["WithDecryption"] == true, "WithDecryption"),
    ] {
        if !is_so {
            return Err(what.to_owned());
        }
    }
    Ok(())
}
