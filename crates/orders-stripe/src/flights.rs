//! Concurrent requests for one order share one call.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use orders::ports::{CheckoutError, Retrieved};
use orders::{Deadline, OrderId};

type UnderWay = HashMap<OrderId, (Deadline, WeakShared<BoxFuture<'static, Outcome>>)>;
type Outcome = Result<Retrieved, CheckoutError>;
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

    /// Joins the call for an order, or starts one. Also gives the deadline by which a call that
    /// somebody else has started will end; nothing for one that was started here.
    pub(crate) fn join<F>(
        &self,
        order: &OrderId,
        deadline: Deadline,
        call: impl FnOnce() -> F,
    ) -> (Flight, Option<Deadline>)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut under_way = self.lock();
        if let Some((theirs, flight)) = under_way.get(order)
            && let Some(flight) = flight.upgrade()
        {
            return (flight, Some(*theirs));
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
        under_way.retain(|_, (_, flight)| flight.upgrade().is_some());
        if let Some(flight) = flight.downgrade() {
            under_way.insert(order.clone(), (deadline, flight));
        }
        (flight, None)
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
        let early = Deadline::at(orders::Timestamp::from_millis(0).unwrap());
        let (mut leader, theirs) = flights.join(&order, early, call(gate));
        assert_eq!(theirs, None);
        assert!((&mut leader).now_or_never().is_none());

        let (follower, theirs) = flights.join(&order, early, call(oneshot::channel().1));
        assert_eq!(theirs, Some(early));
        drop(leader);
        open.send(()).unwrap();
        assert!(matches!(follower.await, Ok(Retrieved::Absent)));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(flights.lock().is_empty());
    }
}
