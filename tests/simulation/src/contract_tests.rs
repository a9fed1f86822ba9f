//! The fakes keep the promises that the real adapters keep, or the schedules would prove nothing.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orders::{CustomerId, Order, OrderId, OrderStatus, PaymentId, Timestamp, UserId};
use port_contracts::checkout::{self, CheckoutSubject};
use port_contracts::store::{self, OtherRow, StoreSubject};

use crate::executor;
use crate::sim_checkout::{SimCheckout, payment_of};
use crate::sim_store::{SimStore, row_key};
use crate::world::{Fault, Row, RowState, Session, Stage, World, moment};

impl StoreSubject for SimStore {
    type Store = Self;

    fn store(&self) -> &Self {
        self
    }

    fn now(&self) -> Timestamp {
        self.0.lock().now()
    }

    async fn file(&self, row: &OtherRow) {
        let key = (row.user.as_str().to_owned(), row_key(row.written_at, &row.order));
        let filed = Row {
            order: Order {
                status: Some(OrderStatus::Completed),
                amount: Some(row.amount),
                customer_phone: row.phone.clone().map(orders::Personal::new),
                ..Order::new(row.order.clone())
            },
            updated_at: row.updated_at,
            fetched_at: None,
            is_final: false,
            from_fallback: false,
            state: match row.state {
                store::RowState::Sound => RowState::Sound,
                store::RowState::Corrupt => RowState::Corrupt,
                store::RowState::Expired => RowState::Expired,
            },
            touched_by_other: Some(row.written_at),
        };
        self.0.lock().rows.insert(key, filed);
    }

    async fn file_profile(&self, user: &UserId, customer: &str) {
        let customer = CustomerId::new(customer).unwrap();
        self.0.lock().profiles.insert(user.as_str().to_owned(), customer);
    }

    fn finds_others(&self) -> bool {
        true
    }

    async fn count_rows(&self, user: &UserId) -> usize {
        self.0.lock().rows.keys().filter(|(owner, _)| owner == user.as_str()).count()
    }
}

impl CheckoutSubject for SimCheckout {
    type Checkout = Self;

    fn checkout(&self) -> &Self {
        self
    }

    fn now(&self) -> Timestamp {
        self.0.lock().now()
    }

    fn tolerance(&self) -> Duration {
        Duration::ZERO
    }

    fn payment(&self, order: &OrderId) -> PaymentId {
        payment_of(order).unwrap()
    }

    async fn sell(&self, user: &UserId, order: &OrderId, lines: usize) {
        let session = Session {
            owner: user.as_str().to_owned(),
            created: moment(-60_000),
            known_from: 0,
            stage: Stage::Paid,
            version: 1,
            is_stored: false,
            lines,
            names_owner: true,
            refunded: None,
            disputed: None,
        };
        self.0.lock().sessions.insert(order.as_str().to_owned(), session);
    }

    async fn inject(&self, fault: checkout::Fault) {
        self.0.lock().stripe_always = Some(match fault {
            checkout::Fault::Broken => Fault::Fails,
            checkout::Fault::Refuses => Fault::Refuses,
            checkout::Fault::Silent => Fault::Hangs,
        });
    }
}

/// Runs a case in a world without faults, under several orders of events.
fn run<S: 'static, F: Future<Output = ()> + 'static>(
    subject: fn(World) -> S,
    case: impl Fn(S) -> F,
) {
    for seed in 0..20 {
        let world = World::new(seed);
        let ended = Arc::new(Mutex::new(false));
        let (at_the_end, case) = (Arc::clone(&ended), case(subject(world.clone())));
        let task = async move {
            case.await;
            *at_the_end.lock().unwrap() = true;
        };
        executor::run(&world, vec![Box::pin(task)], 0);
        assert!(*ended.lock().unwrap());
    }
}

mod of_a_store {
    use super::{Future, SimStore};

    fn run<F: Future<Output = ()> + 'static>(case: impl Fn(SimStore) -> F) {
        super::run(SimStore, case);
    }

    port_contracts::store_contract!(run);
    port_contracts::event_store_contract!(run);
}

mod of_a_provider {
    use super::{Future, SimCheckout};

    fn run<F: Future<Output = ()> + 'static>(case: impl Fn(SimCheckout) -> F) {
        super::run(SimCheckout, case);
    }

    port_contracts::checkout_contract!(run);
}
