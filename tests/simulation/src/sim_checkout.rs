use std::sync::Arc;
use std::time::Duration;

use orders::ports::{Checkout, CheckoutError, Payments, Retrieved};
use orders::{
    CheckoutEvidence, Clock, CustomerId, LineItem, Order, OrderId, OrderStatus, PaymentId,
    Personal, RequestContext, SessionState, UnverifiedCheckout,
};

use crate::World;
use crate::executor::sleep;
use crate::world::{Fault, Session, Stage};

/// Stripe, as the world has it.
pub(crate) struct SimCheckout(pub(crate) World);

#[derive(Debug, thiserror::Error)]
#[error("a fault of the schedule")]
pub(crate) struct Scheduled;

impl SimCheckout {
    /// Asks for a session: takes its time there and back, and may end in a fault.
    async fn ask(
        &self,
        context: &RequestContext,
        order: &str,
    ) -> Result<Option<Session>, CheckoutError> {
        let world = &self.0;
        let unavailable = || CheckoutError::Unavailable(Arc::new(Scheduled));
        let (there, back, fault) = {
            let mut state = world.lock();
            let fault = state.stripe_fault();
            let is_delayed = state.chance.u32(0..100) < state.delays;
            let most = if is_delayed { 2_000 } else { 400 };
            (state.chance.i64(0..400), state.chance.i64(0..most), fault)
        };
        let left = millis(context.deadline.remaining(world.now()));
        context.ledger.stripe_call(Duration::ZERO, false, None);
        if fault == Some(Fault::Hangs) || there + back > left {
            sleep(world, left).await;
            return Err(unavailable());
        }
        sleep(world, there).await;
        // What Stripe knows when the request arrives.
        let session = {
            let state = world.lock();
            let found = state.sessions.get(order);
            found.filter(|session| session.known_from <= state.now).cloned()
        };
        sleep(world, back).await;
        match fault {
            Some(Fault::Refuses) => Err(CheckoutError::Refused(Arc::new(Scheduled))),
            Some(Fault::Fails | Fault::Hangs) => Err(unavailable()),
            None => Ok(session),
        }
    }
}

impl Payments for SimCheckout {
    async fn order_of(
        &self,
        context: &RequestContext,
        payment: &PaymentId,
    ) -> Result<Option<OrderId>, CheckoutError> {
        let order = payment.to_string().replace("pi_", "cs_");
        let known = self.ask(context, &order).await?;
        Ok(known.and_then(|_| order.parse().ok()))
    }
}

/// The payment of an order.
pub(crate) fn payment_of(order: &OrderId) -> Option<PaymentId> {
    order.as_str().replace("cs_", "pi_").parse().ok()
}

impl Checkout for SimCheckout {
    async fn retrieve(
        &self,
        context: &RequestContext,
        order: &OrderId,
    ) -> Result<Retrieved, CheckoutError> {
        let world = &self.0;
        if order.as_str().strip_prefix("cs_test_").is_none_or(str::is_empty) {
            return Ok(Retrieved::NotAsked);
        }
        let fetched_at = world.now();
        let session = self.ask(context, order.as_str()).await?;
        Ok(session.map_or(Retrieved::Absent, |session| {
            let (order, state) = order_of(order, &session);
            let named = session.names_owner.then(|| Personal::new(session.owner.clone()));
            let evidence = CheckoutEvidence {
                session_user_ids: named.into_iter().collect(),
                customer: customer_of(&session.owner),
                ..CheckoutEvidence::default()
            };
            let created = Some(session.created);
            let found = UnverifiedCheckout::new(order, evidence, state, created, fetched_at);
            Retrieved::Found(Arc::new(found.answered_at(self.0.now())))
        }))
    }
}

/// The order that a session is at its stage. It shows its owner as its e-mail, and its version as
/// its amount.
pub(crate) fn order_of(id: &OrderId, session: &Session) -> (Order, SessionState) {
    let (status, state) = match session.stage {
        Stage::Open => (OrderStatus::Pending, SessionState::Open),
        Stage::Processing => (OrderStatus::Pending, SessionState::Complete),
        Stage::Paid => (OrderStatus::Completed, SessionState::Complete),
        Stage::Failed => (OrderStatus::Cancelled, SessionState::Complete),
        Stage::Refunded => (OrderStatus::Refunded, SessionState::Complete),
        Stage::Expired => (OrderStatus::Cancelled, SessionState::Expired),
    };
    let order = Order {
        status: Some(status),
        amount: Some(session.version),
        amount_refunded: session.refunded,
        disputed: session.disputed,
        created_at: Some(session.created),
        items: vec![LineItem::default(); session.lines],
        customer_email: Some(Personal::new(session.owner.clone())),
        ..Order::new(id.clone())
    };
    (order, state)
}

/// The customer that a member is to Stripe.
pub(crate) fn customer_of(member: &str) -> Option<CustomerId> {
    CustomerId::new(&format!("cus_{member}"))
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
