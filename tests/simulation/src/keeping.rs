//! One schedule of events: what happens to orders, and what the table must say of them in the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use orders::ports::Lookup;
use orders::{
    Caller, Deadline, GetOrder, KeepTrue, Order, OrderId, OrderStatus, RequestContext, UserId,
};

use crate::World;
use crate::deliveries::{Worker, deliver, unless_it_crashes};
use crate::executor::{self, sleep};
use crate::lives::{Told, live};
use crate::schedule::BUDGET;
use crate::sim_checkout::{SimCheckout, order_of};
use crate::sim_store::{SimStore, lookup, row_key};
use crate::world::{Row, RowState, Session, Stage, moment};

type Task = Pin<Box<dyn Future<Output = ()>>>;

const MEMBERS: [&str; 2] = ["ava", "ben"];

/// By now whatever happens has happened.
const LIVED: i64 = 45_000;

/// What a schedule of events, or many of them, came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Steps that were taken.
    pub steps: u64,
    /// Events that were told of.
    pub events: u64,
    /// Rows at the end.
    pub rows: u64,
}

impl Kept {
    /// Adds another schedule's.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.rows += other.rows;
    }
}

/// What was told so far.
type Log = Rc<RefCell<Vec<Told>>>;

/// Runs the schedule of events of a seed. An error says what did not hold.
pub fn run(seed: u64) -> Result<Kept, Vec<String>> {
    let world = World::new(seed);
    let orders = set_up(&world);
    let crashes = if world.happens(50) { 0 } else { 30 };
    let workers: Vec<Worker> = (0..world.between(1, 3))
        .map(|_| {
            let (store, checkout) = (SimStore(world.clone()), SimCheckout(world.clone()));
            Arc::new(KeepTrue::new(store, checkout, world.clone()))
        })
        .collect();
    let log = Log::default();
    let mut tasks: Vec<Task> = Vec::new();
    for order in &orders {
        let told = Rc::clone(&log);
        let tell = move |it: Told| told.borrow_mut().push(it);
        tasks.push(Box::pin(live(world.clone(), order.clone(), tell)));
        if world.happens(40) {
            tasks.push(Box::pin(other_writer(world.clone(), order.clone())));
        }
        for _ in 0..world.between(0, 2) {
            tasks.push(Box::pin(member(world.clone(), order.clone(), crashes)));
        }
    }
    tasks.push(Box::pin(stripe(world.clone(), workers, Rc::clone(&log), crashes)));
    let steps = executor::run(&world, tasks, 0);
    for order in &orders {
        check(&world, order, &log.borrow());
    }
    let mut state = world.lock();
    let kept = Kept { steps, events: log.borrow().len() as u64, rows: state.rows.len() as u64 };
    let violations = std::mem::take(&mut state.violations);
    if violations.is_empty() { Ok(kept) } else { Err(violations) }
}

fn set_up(world: &World) -> Vec<OrderId> {
    let mut state = world.lock();
    state.faults = [0, 5, 30][state.chance.usize(0..3)];
    state.delays = [0, 20, 50][state.chance.usize(0..3)];
    state.haste = [1, 20, 60][state.chance.usize(0..3)];
    let count = state.chance.usize(1..4);
    (0..count)
        .filter_map(|n| {
            let id: OrderId = format!("cs_test_{n}").parse().ok()?;
            let stages = [Stage::Open, Stage::Open, Stage::Processing, Stage::Paid];
            let session = Session {
                owner: MEMBERS[state.chance.usize(0..2)].to_owned(),
                created: moment(-60_000),
                known_from: 0,
                stage: stages[state.chance.usize(0..4)],
                version: 1,
                is_stored: false,
                lines: 1,
                names_owner: true,
                refunded: None,
                disputed: None,
            };
            state.sessions.insert(id.as_str().to_owned(), session);
            Some(id)
        })
        .collect()
}

/// Sends what is told, each copy on its own way.
async fn stripe(world: World, workers: Vec<Worker>, log: Log, crashes: u32) {
    let mut under_way: Vec<Task> = Vec::new();
    let mut sent = 0;
    std::future::poll_fn(|task| {
        let told = log.borrow().get(sent..).map(<[Told]>::to_vec).unwrap_or_default();
        sent += told.len();
        for told in told {
            for _ in 0..told.copies {
                let delivery = deliver(world.clone(), workers.clone(), told.clone(), crashes);
                under_way.push(Box::pin(delivery));
            }
        }
        // The earliest of all that wait says when to go on.
        let mut next = i64::MAX;
        under_way.retain_mut(|delivery| {
            let is_over = delivery.as_mut().poll(task).is_ready();
            let wakes = world.lock().wake_at.take();
            next = next.min(wakes.unwrap_or(i64::MAX));
            !is_over
        });
        let now = world.lock().now;
        if now > LIVED && under_way.is_empty() {
            return std::task::Poll::Ready(());
        }
        world.lock().wake_at = Some(next.min(now + 200).max(now));
        std::task::Poll::Pending
    })
    .await;
}

/// A member opens the order, while all that happens.
async fn member(world: World, order: OrderId, crashes: u32) {
    let process = GetOrder::new(SimStore(world.clone()), SimCheckout(world.clone()), world.clone());
    let Some(owner) = owner(&world, &order) else { return };
    let caller = Caller::new(owner, None, false);
    for _ in 0..3 {
        sleep(&world, world.wait(15_000)).await;
        let started = world.lock().now;
        let context = RequestContext::new(Deadline::at(moment(started).plus(BUDGET)));
        unless_it_crashes(&world, crashes, process.find(&context, &caller, &order)).await;
    }
}

fn owner(world: &World, order: &OrderId) -> Option<UserId> {
    world.lock().sessions.get(order.as_str())?.owner.parse().ok()
}

/// Another program files the order in its own way: under a key of its own or under ours, and
/// always as completed.
async fn other_writer(world: World, order: OrderId) {
    for _ in 0..world.between(1, 2) {
        sleep(&world, world.wait(6_000)).await;
        let mut state = world.lock();
        let (now, webhook) = (state.now(), state.chance.bool());
        let Some(session) = state.sessions.get(order.as_str()).cloned() else { return };
        // It knows of payments that are under way or made, and of nothing that comes after.
        if !matches!(session.stage, Stage::Processing | Stage::Paid) {
            continue;
        }
        let key = if webhook { row_key(now, &order) } else { row_key(session.created, &order) };
        let place = (session.owner.clone(), key);
        let marked = state.rows.contains_key(&place) || state.chance.bool();
        let (filed, _) = order_of(&order, &session);
        let row = Row {
            order: Order { status: Some(OrderStatus::Completed), ..filed },
            updated_at: marked.then_some(now),
            fetched_at: None,
            is_final: false,
            from_fallback: false,
            state: RowState::Sound,
            touched_by_other: Some(now),
        };
        state.rows.insert(place, row);
    }
}

/// What the table must say of an order once every event was dealt with.
fn check(world: &World, order: &OrderId, log: &[Told]) {
    let Some(owner) = owner(world, order) else { return };
    let mut state = world.lock();
    let Some(session) = state.sessions.get(order.as_str()).cloned() else { return };
    let told: Vec<_> =
        log.iter().filter(|told| told.hint.id.to_string().contains(&format!("{order}_"))).collect();
    let mut faults = Vec::new();
    for told in &told {
        // A mark that was not written, or not in time, costs a repetition, and nothing else.
        if !state.is_marked(&told.hint.id) && state.faults + state.delays == 0 {
            faults.push(format!("{} is not marked as done", told.hint.id));
        }
    }
    let rows = state.rows_of(&owner, order);
    let ours = row_key(session.created, order);
    let by_writer: BTreeMap<bool, usize> = rows.iter().fold(BTreeMap::new(), |mut counts, row| {
        *counts.entry(row.1.touched_by_other.is_none()).or_default() += 1;
        counts
    });
    if by_writer.get(&true).is_some_and(|count| *count > 1) {
        faults.push(format!("{order} has several rows of ours"));
    }
    if rows.iter().any(|(key, row)| row.touched_by_other.is_none() && *key != ours) {
        faults.push(format!("{order} has a row of ours under an odd key"));
    }
    let (expected, _) = order_of(order, &session);
    let is_placed = !matches!(session.stage, Stage::Open | Stage::Expired);
    match lookup(rows, &owner, order) {
        // What nobody was told of, nobody can know.
        _ if told.is_empty() => {}
        Lookup::Absent if is_placed => faults.push(format!("{order} has no row")),
        Lookup::Absent => {}
        Lookup::Corrupt(_) => faults.push(format!("{order} is corrupt")),
        Lookup::Found(_) if session.stage == Stage::Open => {
            faults.push(format!("{order} is open, and has a row"));
        }
        Lookup::Found(snapshot) => {
            let caller = Caller::new(owner.clone(), None, false);
            let told = |it: Order| (it.status, it.amount, it.amount_refunded, it.disputed);
            let said = snapshot.claim(&caller).map(|snapshot| told(snapshot.order));
            if said != Ok(told(expected.clone())) {
                faults.push(format!("{order} is {said:?}, and should be {:?}", told(expected)));
            }
        }
    }
    state.violations.extend(faults);
}

#[cfg(test)]
mod tests {
    #[test]
    fn some_thousand_schedules_of_events_hold() {
        for seed in 0..3_000 {
            let outcome = super::run(seed);
            assert!(outcome.is_ok(), "seed {seed}: {outcome:?}");
        }
    }

    #[test]
    fn a_seed_of_events_replays() {
        for seed in 0..50 {
            assert_eq!(super::run(seed), super::run(seed));
        }
    }
}
