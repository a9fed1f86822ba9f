//! A way to the embedded DynamoDB on which things go wrong.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::http_client;

/// What goes wrong between the program and DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFault {
    /// Nothing.
    None,
    /// Every request is throttled.
    Throttle,
    /// Every request is an internal error.
    Status500,
    /// Every answer is a 200 that is no JSON.
    Garbage,
    /// Every answer is a row with lists within lists, so many levels deep.
    Nested(usize),
    /// Every answer is a 200 with nothing in it.
    Empty,
    /// Every page says that the same page comes after it.
    Endless,
    /// Every answer is a row of somebody whom nobody asked for.
    Foreign,
    /// Every answer has this status and body.
    Body(u16, &'static str),
    /// No answer, ever.
    Hang,
    /// The connection is closed before any answer.
    Reset,
    /// Nobody listens.
    Refused,
    /// The table is not there.
    NoTable,
    /// Writes are refused, as under a role that may only read.
    ReadOnly,
    /// Writes are throttled, and reads are not.
    ThrottleWrites,
}

/// What a request to DynamoDB was for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableCall {
    /// The operation: `Query`.
    pub operation: String,
    /// The table's name.
    pub table: String,
    /// The index's name, where one was asked.
    pub index: Option<String>,
}

/// A listening gate.
#[derive(Debug)]
pub struct TableGate {
    address: String,
    calls: Arc<AtomicU32>,
    seen: Arc<Mutex<BTreeSet<TableCall>>>,
    fault: Arc<Mutex<TableFault>>,
}

struct Behind {
    upstream: String,
    fault: Arc<Mutex<TableFault>>,
    client: reqwest::Client,
    calls: Arc<AtomicU32>,
    seen: Arc<Mutex<BTreeSet<TableCall>>>,
}

impl TableGate {
    /// Opens a gate to the DynamoDB at an endpoint.
    pub async fn open(upstream: &str, fault: TableFault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a test server works");
        let address = format!("http://{}", listener.local_addr().expect("a test server works"));
        let (calls, seen) = (Arc::<AtomicU32>::default(), Arc::default());
        let shared = Arc::new(Mutex::new(fault));
        match fault {
            // The listener is dropped, and its port closed.
            TableFault::Refused => {}
            TableFault::Reset => {
                tokio::spawn(async move {
                    while let Ok((mut connection, _)) = listener.accept().await {
                        // The request is read, or the close would come before it is sent.
                        let _ = connection.read(&mut [0; 1024]).await;
                    }
                });
            }
            _ => {
                let upstream = upstream.to_owned();
                let calls = Arc::clone(&calls);
                let fault = Arc::clone(&shared);
                let (client, seen) = (http_client(), Arc::clone(&seen));
                let behind = Arc::new(Behind { upstream, fault, client, calls, seen });
                let router = axum::Router::new().fallback(pass).with_state(behind);
                tokio::spawn(async move { axum::serve(listener, router).await });
            }
        }
        Self { address, calls, seen, fault: shared }
    }

    /// From now on something else goes wrong, or nothing. Only of a gate behind which something
    /// listens.
    pub fn set(&self, fault: TableFault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// How many requests came so far.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// What requests were for so far, each kind once.
    pub fn seen(&self) -> BTreeSet<TableCall> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The endpoint to use instead.
    pub fn address(&self) -> String {
        self.address.clone()
    }
}

async fn pass(State(behind): State<Arc<Behind>>, request: Request) -> Response {
    behind.calls.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    let target = parts.headers["x-amz-target"].to_str().expect("a test server works");
    let body = to_bytes(body, usize::MAX).await.expect("a test server works");
    behind.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(call(target, &body));
    let is_write = target.ends_with(".PutItem") || target.ends_with(".UpdateItem");
    let refusal =
        |code: &str| json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")});
    let fault = *behind.fault.lock().unwrap_or_else(PoisonError::into_inner);
    match fault {
        TableFault::Throttle => {
            return answer(400, refusal("ProvisionedThroughputExceededException").to_string());
        }
        TableFault::Status500 => return answer(500, refusal("InternalServerError").to_string()),
        TableFault::Garbage => return answer(200, "}{ no JSON".to_owned()),
        TableFault::Nested(levels) => return answer(200, nested(levels)),
        TableFault::Empty => return answer(200, "{}".to_owned()),
        TableFault::Endless => return answer(200, ENDLESS.to_owned()),
        TableFault::Foreign => return answer(200, FOREIGN.to_owned()),
        TableFault::Body(status, body) => return answer(status, body.to_owned()),
        TableFault::Hang => return std::future::pending().await,
        TableFault::NoTable => {
            return answer(400, refusal("ResourceNotFoundException").to_string());
        }
        TableFault::ThrottleWrites if is_write => {
            return answer(400, refusal("ProvisionedThroughputExceededException").to_string());
        }
        TableFault::ReadOnly if is_write => {
            return answer(400, refusal("AccessDeniedException").to_string());
        }
        TableFault::None
        | TableFault::ReadOnly
        | TableFault::ThrottleWrites
        | TableFault::Reset
        | TableFault::Refused => {}
    }
    let mut forwarded = behind.client.post(&behind.upstream);
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "host") {
        forwarded = forwarded.header(name, value);
    }
    let got = forwarded.body(body).send().await.expect("a test server works");
    answer(got.status().as_u16(), got.text().await.expect("a test server works"))
}

fn call(target: &str, body: &[u8]) -> TableCall {
    let asked: Value = serde_json::from_slice(body).expect("a request is JSON");
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let table = text("TableName").expect("a request names its table");
    TableCall { operation, table, index: text("IndexName") }
}

const ENDLESS: &str = r#"{"Count": 0, "ScannedCount": 1, "Items": [],
    "LastEvaluatedKey": {"PK": {"S": "USER#ava"}, "SK": {"S": "ORDER#1#cs_test_1"}}}"#;

const FOREIGN: &str = r#"{"Count": 1, "ScannedCount": 1, "Items": [{
    "PK": {"S": "USER#carl"}, "SK": {"S": "ORDER#1#cs_test_a1fault0"},
    "orderId": {"S": "cs_test_a1fault0"}, "status": {"S": "completed"}, "customerEmail": {"S": "carl@example.com"}}]}"#;

fn nested(levels: usize) -> String {
    let (open, close) = (r#"{"L":["#.repeat(levels), "]}".repeat(levels));
    let key = r#""SK":{"S":"ORDER#1#cs_test_a1deep"}"#;
    format!(r#"{{"Count":1,"ScannedCount":1,"Items":[{{{key},"items":{open}{close}}}]}}"#)
}

fn answer(status: u16, body: String) -> Response {
    let response = Response::builder().status(status);
    response
        .header("content-type", "application/x-amz-json-1.0")
        .body(Body::from(body))
        .expect("a test server works")
}
