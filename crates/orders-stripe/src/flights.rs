//! Concurrent requests for one order share one call.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use orders::OrderId;
use orders::ports::Retrieved;

use crate::StripeError;

type UnderWay = HashMap<OrderId, WeakShared<BoxFuture<'static, Outcome>>>;
type Outcome = Result<Retrieved, StripeError>;
/// A call under way, shared by all who wait for it.
pub(crate) type Flight = Shared<BoxFuture<'static, Outcome>>;

/// The calls under way, by order.
///
/// Whoever waits for a call drives it, so a caller that gives up does not fail the others.
#[derive(Clone, Default)]
pub(crate) struct Flights {
    under_way: Arc<Mutex<UnderWay>>,
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flights")
    }
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the call for an order that somebody else has started, or starts one. Also says
    /// whether it was started here.
    pub(crate) fn join<F>(&self, order: &OrderId, call: impl FnOnce() -> F) -> (Flight, bool)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut under_way = self.lock();
        if let Some(flight) = under_way.get(order).and_then(WeakShared::upgrade) {
            return (flight, false);
        }
        let (call, flights, key) = (call(), self.clone(), order.clone());
        let flight = async move {
            let outcome = call.await;
            flights.lock().remove(&key);
            outcome
        }
        .boxed()
        .shared();
        // Calls that everybody gave up leave an entry behind, which goes here.
        under_way.retain(|_, flight| flight.upgrade().is_some());
        if let Some(flight) = flight.downgrade() {
            under_way.insert(order.clone(), flight);
        }
        (flight, true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn requests_for_one_order_share_a_call_and_survive_a_leader_that_gives_up() {
        let flights = Flights::default();
        let order: OrderId = "cs_test_1".parse().unwrap();
        let calls = Arc::new(AtomicU32::new(0));
        let (open, gate) = oneshot::channel::<()>();
        let call = |gate: oneshot::Receiver<()>| {
            let calls = Arc::clone(&calls);
            move || async move {
                calls.fetch_add(1, Ordering::Relaxed);
                gate.await.unwrap();
                Ok(Retrieved::Absent)
            }
        };
        let (mut leader, is_ours) = flights.join(&order, call(gate));
        assert!(is_ours);
        assert!((&mut leader).now_or_never().is_none());

        let (follower, is_ours) = flights.join(&order, call(oneshot::channel().1));
        assert!(!is_ours);
        drop(leader);
        open.send(()).unwrap();
        assert!(matches!(follower.await, Ok(Retrieved::Absent)));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(flights.lock().is_empty());
    }
}
