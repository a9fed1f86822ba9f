//! How Stripe tells: at least once, in no order, again and again until it is answered; and
//! workers that may crash between any two steps.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use orders::{Deadline, KeepTrue, RequestContext};

use crate::World;
use crate::executor::sleep;
use crate::lives::Told;
use crate::sim_checkout::SimCheckout;
use crate::sim_store::SimStore;
use crate::world::moment;

/// A worker's process.
pub(crate) type Worker = Arc<KeepTrue<SimStore, SimCheckout, World>>;

/// The longest time for one event.
const BUDGET: Duration = Duration::from_secs(4);

/// Stripe gives up after days; here, so many tries without success are a fault.
const MOST_TRIES: u32 = 200;

/// Runs a future to its end, unless chance ends it between two steps, in so many of a thousand.
pub(crate) async fn unless_it_crashes<T>(
    world: &World,
    per_mille: u32,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|task| {
        if world.lock().chance.u32(0..1000) < per_mille {
            return Poll::Ready(None);
        }
        future.as_mut().poll(task).map(Some)
    })
    .await
}

/// Delivers one copy of an event to one worker or another, until one has dealt with it.
pub(crate) async fn deliver(world: World, workers: Vec<Worker>, told: Told, crashes: u32) {
    sleep(&world, world.wait(20_000)).await;
    for tries in 0..MOST_TRIES {
        let worker = &workers[world.between(0, workers.len() - 1)];
        let started = world.lock().now;
        let context = RequestContext::new(Deadline::at(moment(started).plus(BUDGET)));
        let heeded = unless_it_crashes(&world, crashes, worker.heed(&context, &told.hint)).await;
        if world.lock().now - started > 4_100 {
            world.lock().violations.push(format!("{} took too long", told.hint.id));
        }
        if let Some(Ok(_)) = heeded {
            return;
        }
        let longest = 500_i64 << tries.min(6);
        let wait = world.lock().chance.i64(0..longest);
        sleep(&world, wait).await;
    }
    world.lock().violations.push(format!("{} was never dealt with", told.hint.id));
}
