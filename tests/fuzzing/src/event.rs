use std::sync::OnceLock;
use std::time::Duration;

use futures_util::FutureExt;
use orders::ports::{
    Checkout, CheckoutError, Lookup, Retrieved, SnapshotStore, StoreError, Written,
};
use orders::{
    CustomerId, GetOrder, NewSnapshot, Order, OrderId, Provenance, RequestContext, RowRef,
    Timestamp, UnverifiedSnapshot, UserId,
};
use orders_http::{Endpoint, EndpointConfig, Invocation, UserHasher};
use serde_json::Value;

use crate::MEMBER;
use crate::canned_table::Stopped;

/// A store in which the member has every order, and nobody else has any.
pub(crate) struct AllHers;

impl SnapshotStore for AllHers {
    async fn find(
        &self,
        _: &RequestContext,
        user: &UserId,
        order: &OrderId,
    ) -> Result<Lookup, StoreError> {
        if user.as_str() != MEMBER {
            return Ok(Lookup::Absent);
        }
        let (row, by) = (RowRef::new("row".to_owned(), None), Provenance::default());
        let order = Order::new(order.clone());
        Ok(Lookup::Found(Box::new(UnverifiedSnapshot::new(order, row, by, by, Vec::new()))))
    }

    async fn profile_customer(
        &self,
        _: &RequestContext,
        _: &UserId,
    ) -> Result<Option<CustomerId>, StoreError> {
        Ok(None)
    }

    async fn insert(
        &self,
        _: &RequestContext,
        _: &UserId,
        _: Timestamp,
        _: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        Ok(Written::Stored)
    }

    async fn refresh(
        &self,
        _: &RequestContext,
        _: &UserId,
        _: &RowRef,
        _: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        Ok(Written::Stored)
    }
}

/// A Stripe that knows nothing.
pub(crate) struct Empty;

impl Checkout for Empty {
    async fn retrieve(&self, _: &RequestContext, _: &OrderId) -> Result<Retrieved, CheckoutError> {
        Ok(Retrieved::Absent)
    }
}

/// An event, which may be anything.
pub fn event(bytes: &[u8]) {
    static ENDPOINT: OnceLock<Endpoint<GetOrder<AllHers, Empty, Stopped>, Stopped>> =
        OnceLock::new();
    let endpoint = ENDPOINT.get_or_init(|| {
        let orders = GetOrder::new(AllHers, Empty, Stopped);
        let config = EndpointConfig {
            cors: "https://shop.example".parse().unwrap(),
            budget: Duration::from_secs(10),
            user_hasher: Some(UserHasher::new(&[7; 32])),
        };
        Endpoint::new(orders, config, Stopped)
    });
    let text = String::from_utf8_lossy(bytes);
    let reply = endpoint.answer(&text, &Invocation::default()).now_or_never();
    let (answer, report) = reply.expect("nothing here has to be waited for").into_lambda();
    let answer = serde_json::to_value(answer).expect("an answer is JSON");

    let status = answer["statusCode"].as_u64().expect("a status");
    assert_eq!(u64::from(report.status), status, "the account is of another answer");
    let is_id = |c: char| c.is_ascii_hexdigit() || c == '-';
    assert!(report.trace_id.chars().all(is_id), "{} is no trace", report.trace_id);
    let body = answer["body"].as_str().expect("a body");
    assert!([200, 204, 304, 400, 401, 404, 405].contains(&status), "{status}");
    let headers = ["headers", "multiValueHeaders"].map(|kind| &answer[kind]);
    for header in ["Access-Control-Allow-Origin", "Vary", "X-Request-Id"] {
        assert!(headers.iter().any(|kind| !kind[header].is_null()), "{header} is missing");
    }
    if status >= 400 && !body.is_empty() {
        let error: Value = serde_json::from_str(body).expect("an error is JSON");
        for field in ["error", "code", "detail", "requestId"] {
            assert!(error[field].is_string(), "{field} is missing");
        }
    }
    if matches!(status, 200 | 304) {
        // Half a surrogate anywhere makes the whole no JSON to this reader; the endpoint passes
        // over such a text.
        let Ok(event) = serde_json::from_str::<Value>(&text) else { return };
        let authorizer = &event["requestContext"]["authorizer"];
        assert!(names_member(authorizer), "an order for somebody whom no authorizer named");
    }
}

/// Whether one of the places of the contract, and not just any, holds the member's name.
fn names_member(authorizer: &Value) -> bool {
    let places = ["userId", "user_id", "sub"].map(|name| format!("/{name}"));
    let claims = ["/claims/sub".to_owned(), "/jwt/claims/sub".to_owned()];
    let is_named = |root: &str, place: &String| {
        let said = authorizer.pointer(&format!("{root}{place}"));
        said.and_then(Value::as_str).is_some_and(|text| text.trim() == MEMBER)
    };
    ["", "/lambda"].iter().any(|root| places.iter().chain(&claims).any(|at| is_named(root, at)))
}
