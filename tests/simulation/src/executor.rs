//! Runs tasks one step at a time, in an order that chance decides, on the world's clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::World;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Waits on the world's clock.
pub(crate) async fn sleep(world: &World, millis: i64) {
    let until = world.lock().now + millis.max(0);
    std::future::poll_fn(|_| {
        let mut state = world.lock();
        if state.now >= until {
            return Poll::Ready(());
        }
        state.wake_at = Some(until);
        Poll::Pending
    })
    .await;
}

/// Runs all tasks to their end, or to their crash, which happens at a step in so many per mille.
/// Gives how many steps it took.
pub(crate) fn run(world: &World, tasks: Vec<Task>, crashes: u32) -> u64 {
    let mut waiting: Vec<(i64, Task)> = tasks.into_iter().map(|task| (0, task)).collect();
    let mut steps = 0;
    while !waiting.is_empty() {
        let index = {
            let mut state = world.lock();
            let due = waiting.iter().map(|(at, _)| *at).min().unwrap_or_default();
            state.now = state.now.max(due);
            let now = state.now;
            let ready: Vec<_> = (0..waiting.len()).filter(|n| waiting[*n].0 <= now).collect();
            ready[state.chance.usize(0..ready.len())]
        };
        steps += 1;
        if world.lock().chance.u32(0..1000) < crashes {
            drop(waiting.swap_remove(index));
            continue;
        }
        let task = &mut waiting[index].1;
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => drop(waiting.swap_remove(index)),
            Poll::Pending => {
                let mut state = world.lock();
                waiting[index].0 = state.wake_at.take().unwrap_or(state.now);
            }
        }
    }
    steps
}
