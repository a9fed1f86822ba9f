//! One schedule: who does what when, and what must hold whatever happens.

use std::sync::Arc;
use std::time::Duration;

use orders::{
    Caller, Deadline, GetOrder, GetOrderError, OrderId, OrderStatus, RequestContext, Source,
};

use crate::World;
use crate::executor::{self, sleep};
use crate::sim_checkout::{SimCheckout, customer_of, millis, order_of};
use crate::sim_store::{SimStore, row_key};
use crate::world::{Row, RowState, Session, Stage, moment};

type Process = GetOrder<SimStore, SimCheckout, World>;

const MEMBERS: [&str; 2] = ["ava", "ben"];
/// The longest time for a request.
pub(crate) const BUDGET: Duration = Duration::from_secs(2);
/// How long after an order appears a miss may still be believed, in milliseconds: a request that
/// asked just before remembers it at its own end.
const MEMORY: i64 = 62_000;

/// What a schedule, or many of them, came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Steps that were taken.
    pub steps: u64,
    /// Requests that were answered from the table, from Stripe, and stale.
    pub answered: [u64; 3],
    /// Requests that were answered with 404, 503 and 500.
    pub refused: [u64; 3],
    /// Rows at the end.
    pub rows: u64,
}

impl Figures {
    /// Adds another schedule's.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.rows += other.rows;
        for n in 0..3 {
            self.answered[n] += other.answered[n];
            self.refused[n] += other.refused[n];
        }
    }
}

/// Runs the schedule of a seed. An error says what did not hold.
pub fn run(seed: u64) -> Result<Figures, Vec<String>> {
    let world = World::new(seed);
    let orders = set_up(&world);
    let crashes = if world.happens(50) { 0 } else { 20 };
    let figures = Arc::new(std::sync::Mutex::new(Figures::default()));
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for _ in 0..world.between(1, 3) {
        let process: Arc<Process> = Arc::new(GetOrder::new(
            SimStore(world.clone()),
            SimCheckout(world.clone()),
            world.clone(),
        ));
        for _ in 0..world.between(1, 5) {
            let (process, figures) = (Arc::clone(&process), Arc::clone(&figures));
            tasks.push(Box::pin(member(world.clone(), process, orders.clone(), figures)));
        }
    }
    for order in &orders {
        tasks.push(Box::pin(time_passes(world.clone(), order.clone())));
        if world.happens(40) {
            tasks.push(Box::pin(other_writer(world.clone(), order.clone())));
        }
    }
    let steps = executor::run(&world, tasks, crashes);
    check_rows(&world, &orders);
    let mut state = world.lock();
    let mut figures = figures.lock().map(|figures| figures.clone()).unwrap_or_default();
    figures.steps = steps;
    figures.rows = state.rows.len() as u64;
    let violations = std::mem::take(&mut state.violations);
    if violations.is_empty() { Ok(figures) } else { Err(violations) }
}

/// A few sessions of two members, at any stage; some may appear later, or be in the table already.
fn set_up(world: &World) -> Vec<OrderId> {
    let mut state = world.lock();
    state.faults = [0, 5, 30][state.chance.usize(0..3)];
    for member in MEMBERS {
        state.profiles.extend(customer_of(member).map(|customer| (member.to_owned(), customer)));
    }
    let count = state.chance.usize(1..4);
    (0..count)
        .filter_map(|n| {
            let id: OrderId = format!("cs_test_{n}").parse().ok()?;
            let stages = [Stage::Open, Stage::Processing, Stage::Processing, Stage::Paid];
            let is_stored = state.chance.u32(0..3) == 0;
            let session = Session {
                owner: MEMBERS[state.chance.usize(0..2)].to_owned(),
                created: moment(-60_000),
                known_from: match state.chance.u32(0..8) {
                    0 | 1 => 1_500,
                    // Stripe has forgotten it; the table has not.
                    2 if is_stored => i64::MAX,
                    _ => 0,
                },
                stage: stages[state.chance.usize(0..4)],
                version: 1,
                is_stored,
                lines: 1,
                names_owner: state.chance.u32(0..4) > 0,
                refunded: None,
                disputed: None,
            };
            // Only where Stripe knows it as well, or there would be no such order.
            let has_expired = session.known_from == 0 && state.chance.u32(0..5) == 0;
            if is_stored {
                let key = (session.owner.clone(), format!("ORDER#1#{id}"));
                let row = Row {
                    order: order_of(&id, &session).0,
                    updated_at: None,
                    fetched_at: None,
                    is_final: false,
                    from_fallback: false,
                    state: if has_expired { RowState::Expired } else { RowState::Sound },
                    touched_by_other: Some(moment(-60_000)),
                };
                state.rows.insert(key, row);
            }
            state.sessions.insert(id.as_str().to_owned(), session);
            Some(id)
        })
        .collect()
}

/// A member opens an order, perhaps twice.
async fn member(
    world: World,
    process: Arc<Process>,
    orders: Vec<OrderId>,
    figures: Arc<std::sync::Mutex<Figures>>,
) {
    let (member, order, first, again) = {
        let mut state = world.lock();
        let order = orders[state.chance.usize(0..orders.len())].clone();
        let member = MEMBERS[state.chance.usize(0..2)];
        (member, order, state.chance.i64(0..4_000), state.chance.i64(0..70_000))
    };
    let Ok(user_id) = member.parse() else { return };
    let caller = Caller::new(user_id, None, false);
    for wait in [first, again] {
        sleep(&world, wait).await;
        let started = world.lock().now;
        let context = RequestContext::new(Deadline::at(moment(started).plus(BUDGET)));
        let outcome = process.find(&context, &caller, &order).await;
        check_answer(&world, member, &order, started, &outcome);
        if let Ok(mut figures) = figures.lock() {
            match outcome {
                Ok(answered) => figures.answered[answered.source as usize] += 1,
                Err(GetOrderError::NotFound(_)) => figures.refused[0] += 1,
                Err(GetOrderError::Unavailable(_)) => figures.refused[1] += 1,
                Err(GetOrderError::Internal(_)) => figures.refused[2] += 1,
            }
        }
    }
}

/// What must hold of every answer.
fn check_answer(
    world: &World,
    member: &str,
    order: &OrderId,
    started: i64,
    outcome: &Result<orders::Answered, GetOrderError>,
) {
    let mut state = world.lock();
    let took = state.now - started;
    if took > millis(BUDGET) {
        state.violations.push(format!("{order} was answered after {took} ms"));
    }
    let Some(session) = state.sessions.get(order.as_str()).cloned() else { return };
    let hers = session.owner == member;
    match outcome {
        Ok(answered) => {
            let email = answered.order.customer_email.as_ref().map(|email| email.reveal().as_str());
            if !hers || email.is_some_and(|email| email != member) {
                state.violations.push(format!("{member} was shown {order} of {}", session.owner));
            }
            let amount = answered.order.amount.unwrap_or_default();
            if answered.source == Source::Stripe && amount > session.version {
                state.violations.push(format!("{order} was answered from a future"));
            }
        }
        // A miss from before the order was there may be believed for a minute.
        Err(GetOrderError::NotFound(_))
            if hers
                && (session.known_from == 0
                    || session.is_stored
                    || started > session.known_from.saturating_add(MEMORY)) =>
        {
            state.violations.push(format!("{member} was told that her {order} does not exist"));
        }
        Err(_) => {}
    }
}

/// What must hold of the table at the end.
fn check_rows(world: &World, orders: &[OrderId]) {
    let mut state = world.lock();
    for order in orders {
        let mut of_ours = 0;
        let mut faults = Vec::new();
        for ((owner, key), row) in &state.rows {
            if row.order.order_id != *order {
                continue;
            }
            of_ours += u32::from(row.from_fallback);
            let session = &state.sessions[order.as_str()];
            if *owner != session.owner {
                faults.push(format!("{key} of {} lies with {owner}", session.owner));
            }
            if row.from_fallback && row.order.status == Some(OrderStatus::Pending) && row.is_final {
                faults.push(format!("{key} is pending, and final"));
            }
        }
        if of_ours > 1 {
            faults.push(format!("{order} has {of_ours} rows of ours"));
        }
        state.violations.extend(faults);
    }
}

/// A payment goes through its stages.
async fn time_passes(world: World, order: OrderId) {
    for _ in 0..4 {
        let wait = world.lock().chance.i64(0..20_000);
        sleep(&world, wait).await;
        let mut state = world.lock();
        let fails = state.chance.bool();
        if let Some(session) = state.sessions.get_mut(order.as_str()) {
            session.stage = match session.stage {
                Stage::Open => Stage::Processing,
                Stage::Processing if fails => Stage::Failed,
                Stage::Processing => Stage::Paid,
                Stage::Paid => Stage::Refunded,
                last => last,
            };
            session.version += 1;
        }
    }
}

/// Another program writes rows of the order: the webhook under a key of its own, the nightly sync
/// under the one that a fallback uses; now and then one that cannot be read.
async fn other_writer(world: World, order: OrderId) {
    for _ in 0..2 {
        let wait = world.lock().chance.i64(0..10_000);
        sleep(&world, wait).await;
        let mut state = world.lock();
        let (now, webhook) = (state.now(), state.chance.bool());
        let corrupt = state.chance.u32(0..10) == 0;
        let Some(session) = state.sessions.get(order.as_str()).cloned() else { return };
        if session.stage == Stage::Open || session.known_from > state.now {
            continue;
        }
        let key = if webhook { row_key(now, &order) } else { row_key(session.created, &order) };
        let place = (session.owner.clone(), key);
        // A change of a row that is there is marked; that is all by which it can be noticed.
        let marked = state.rows.contains_key(&place) || state.chance.bool();
        let row = Row {
            order: order_of(&order, &session).0,
            updated_at: marked.then_some(now),
            fetched_at: None,
            is_final: false,
            from_fallback: false,
            state: if corrupt { RowState::Corrupt } else { RowState::Sound },
            touched_by_other: Some(now),
        };
        state.rows.insert(place, row);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn some_thousand_schedules_hold() {
        for seed in 0..5_000 {
            let outcome = super::run(seed);
            assert!(outcome.is_ok(), "seed {seed}: {outcome:?}");
        }
    }

    #[test]
    fn a_seed_replays() {
        for seed in 0..50 {
            assert_eq!(super::run(seed), super::run(seed));
        }
    }
}
