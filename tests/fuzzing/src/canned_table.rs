use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{Caller, Clock, Deadline, NewSnapshot, Order, RequestContext, Timestamp};
use orders_dynamodb::{CommerceTable, TableConfig};
use serde_json::{Value, json};

use crate::shown::shown;
use crate::{MEMBER, ORDER};

/// A time that stands still, so that a finding repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_epoch(1_764_192_504).unwrap()
    }
}

/// A DynamoDB that answers every query with the same items, as bytes, and keeps what is put.
#[derive(Clone, Debug, Default)]
struct Canned {
    items: Arc<Mutex<Vec<u8>>>,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let target = request.headers().get("x-amz-target").expect("every request has a target");
        let answer = if target.ends_with(".PutItem") {
            let put = request.body().bytes().expect("a body in memory");
            let put: Value = serde_json::from_slice(put).expect("the SDK writes JSON");
            *items = put["Item"].to_string().into_bytes();
            b"{}".to_vec()
        } else {
            [&br#"{"Count":1,"ScannedCount":1,"Items":["#[..], &items, b"]}"].concat()
        };
        let ok = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(ok, SdkBody::from(answer))))
    }
}

/// The production adapter over such a table.
pub(crate) struct CannedTable {
    store: CommerceTable<Stopped>,
    canned: Canned,
    runtime: tokio::runtime::Runtime,
}

impl CannedTable {
    /// A table that holds nothing.
    pub(crate) fn new() -> Self {
        let canned = Canned::default();
        let connector = SharedHttpConnector::new(canned.clone());
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::from_keys("AKIDEXAMPLE", "secret", None))
            .region(Region::new("eu-central-1"))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let table = TableConfig { table: "t".into(), index: Some("i".into()), ttl_days: 0 };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        Self {
            store: CommerceTable::new(Client::from_conf(config), table, Stopped),
            canned,
            runtime: runtime.expect("a runtime"),
        }
    }

    fn context() -> RequestContext {
        RequestContext::new(Deadline::at(Stopped.now().plus(Duration::from_mins(1))))
    }

    /// Looks the order up among the given items.
    pub(crate) fn find_among(&self, items: &[u8]) -> Result<Lookup, StoreError> {
        *self.canned.items.lock().unwrap_or_else(PoisonError::into_inner) = items.to_vec();
        self.find()
    }

    fn find(&self) -> Result<Lookup, StoreError> {
        let (user, order) = (MEMBER.parse().unwrap(), ORDER.parse().unwrap());
        self.runtime.block_on(self.store.find(&Self::context(), &user, &order))
    }

    /// Keeps an order and reads it again: the member must see the very same.
    pub(crate) fn check_round_trip(&self, snapshot: &NewSnapshot) {
        let before = shown(&snapshot.order);
        let user = MEMBER.parse().unwrap();
        let context = Self::context();
        let insert = self.store.insert(&context, &user, Stopped.now(), snapshot);
        match self.runtime.block_on(insert).expect("a write that is well-formed") {
            Written::TooLarge => return,
            Written::Stored => {}
            Written::KeptExisting => panic!("there was nothing"),
        }
        let lookup = self.find().expect("what was written can be read");
        let Lookup::Found(found) = lookup else { panic!("what was written is {lookup:?}") };
        let found = found.claim(&member()).expect("it is still hers");
        assert_eq!(shown(&found.order), before, "kept, and read again");
    }
}

/// The member, without any evidence but her user id.
pub(crate) fn member() -> Caller {
    Caller::new(MEMBER.parse().unwrap(), None, false)
}

/// A view of an order that was just fetched.
pub(crate) fn fetched(order: Order) -> NewSnapshot {
    NewSnapshot { order, customer: None, fetched_at: Stopped.now(), answered_at: Stopped.now() }
}

/// Runs with this thread's table.
pub(crate) fn with_table<T>(run: impl FnOnce(&CannedTable) -> T) -> T {
    thread_local! {
        static TABLE: CannedTable = CannedTable::new();
    }
    TABLE.with(run)
}

/// The key and the id, as every item of the order has them.
pub(crate) fn keyed(mut item: Value) -> Value {
    for (name, text) in [
        ("PK", format!("USER#{MEMBER}")),
        ("SK", format!("ORDER#1764192504#{ORDER}")),
        ("orderId", ORDER.to_owned()),
    ] {
        item[name] = json!({ "S": text });
    }
    item
}
