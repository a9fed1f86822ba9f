use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use orders::ports::{CheckoutError, Done, EventStore, Holding, Payments, StoreError, Written};
use orders::{
    EventId, KeepTrue, NewSnapshot, OrderId, PaymentId, RequestContext, RowRef, Timestamp, UserId,
};
use orders_events::{Doors, DoorsConfig, Response};
use orders_http::{Invocation, UserHasher};
use orders_stripe::{Mode, Tolerance, UnverifiedEvent};
use stripe_sim::sign;

use crate::SECRET;
use crate::canned_table::Stopped;
use crate::event::{AllHers, Empty};

/// How often the store was asked on account of an event.
static ASKED: AtomicU32 = AtomicU32::new(0);

fn asked() {
    ASKED.fetch_add(1, Ordering::Relaxed);
}

impl EventStore for AllHers {
    async fn holdings(
        &self,
        _: &RequestContext,
        _: &UserId,
        _: &OrderId,
        _: Option<Timestamp>,
    ) -> Result<Vec<Holding>, StoreError> {
        asked();
        Ok(Vec::new())
    }

    async fn file(
        &self,
        _: &RequestContext,
        _: &UserId,
        _: Timestamp,
        _: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        asked();
        Ok(Written::Stored)
    }

    async fn update(
        &self,
        _: &RequestContext,
        _: &UserId,
        _: &RowRef,
        _: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        asked();
        Ok(Written::Stored)
    }

    async fn is_done(&self, _: &RequestContext, _: &EventId) -> Result<bool, StoreError> {
        asked();
        Ok(false)
    }

    async fn mark_done(&self, _: &RequestContext, _: &Done) -> Result<(), StoreError> {
        asked();
        Ok(())
    }
}

impl Payments for Empty {
    async fn order_of(
        &self,
        _: &RequestContext,
        _: &PaymentId,
    ) -> Result<Option<OrderId>, CheckoutError> {
        Ok(None)
    }
}

const TOLERANCE: Tolerance = Tolerance { seconds: 300 };

/// What Lambda hands on to who keeps orders true, which may be anything.
pub fn delivery(bytes: &[u8]) {
    static DOORS: OnceLock<Doors<AllHers, Empty, Stopped>> = OnceLock::new();
    let doors = DOORS.get_or_init(|| {
        let config = DoorsConfig {
            secrets: Some(SECRET.parse().unwrap()),
            tolerance: TOLERANCE,
            mode: Mode::Test,
            budget: Duration::from_secs(10),
            user_hasher: UserHasher::new(&[7; 32]),
        };
        Doors::new(KeepTrue::new(AllHers, Empty, Stopped), config, Stopped)
    });
    let text = String::from_utf8_lossy(bytes);
    let before = ASKED.load(Ordering::Relaxed);
    let reply = doors.take(&text, &Invocation::default()).now_or_never();
    let reply = reply.expect("nothing here has to be waited for");
    let was_asked = ASKED.load(Ordering::Relaxed) > before;
    let response = reply.response.expect("nothing here fails");
    let written = serde_json::to_value(&response).expect("an answer is JSON");
    match response {
        Response::Posted(_) => {
            // Nobody here knows the secret.
            let status = written["statusCode"].as_u64().expect("a status");
            assert!(status == 400 || status == 405, "{status} for somebody who cannot sign");
            assert!(!was_asked, "work for somebody who cannot sign");
            assert_eq!(reply.reports.len(), 1);
        }
        Response::Batch { batch_item_failures } => assert!(batch_item_failures.is_empty()),
        Response::Handed { .. } => assert_eq!(reply.reports.len(), 1),
    }
    for report in reply.reports {
        let is_word = |text: &str| text.bytes().all(|c| c.is_ascii_graphic());
        assert!(is_word(&report.event_id) && is_word(&report.event_type), "{report:?}");
    }
}

/// A `Stripe-Signature`, and after the first line break the body that it comes with.
pub fn signature(bytes: &[u8]) {
    use orders::Clock;

    let now = Stopped.now();
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, body) =
        (String::from_utf8_lossy(&bytes[..at]), bytes.get(at + 1..).unwrap_or(b""));
    let secrets = SECRET.parse().unwrap();
    let verdict = |header: &str| {
        UnverifiedEvent::new(body, Some(header)).verify(&secrets, TOLERANCE, now).is_ok()
    };
    if verdict(&header) {
        let signed = |seconds: i64| sign(body, SECRET, seconds);
        let range = now.seconds() - 300..=now.seconds() + 300;
        let fits = |seconds: i64| header.to_lowercase().contains(&signed(seconds)[13..]);
        assert!(range.into_iter().any(fits), "a forged message was believed");
    }
    // Whatever else stands there, a right signature of a known time counts, unless the header has a
    // second time or more signatures than any.
    let own = sign(body, SECRET, now.seconds());
    assert!(verdict(&own), "a right signature was not believed");
    let has_time = header.split(',').any(|pair| pair.trim().starts_with("t="));
    if !has_time && header.matches("v1=").count() < 20 {
        assert!(verdict(&format!("{header},{own}")), "a right signature was not believed");
    }
}
