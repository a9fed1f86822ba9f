//! What happens to orders, and the events that tell of it.

use orders::{About, Hint, OrderId};

use crate::World;
use crate::executor::sleep;
use crate::sim_checkout::payment_of;
use crate::world::{Session, Stage};

/// One event, told of by Stripe until it is dealt with.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) hint: Hint,
    /// How many times it is sent, even if it is taken at once.
    pub(crate) copies: usize,
}

/// Something that can happen to an order, with the type of the event that tells of it, and whether
/// that is about its session.
struct Happening {
    event_type: &'static str,
    is_of_session: bool,
    change: fn(&mut Session),
}

const fn happens(
    event_type: &'static str,
    is_of_session: bool,
    change: fn(&mut Session),
) -> Happening {
    Happening { event_type, is_of_session, change }
}

/// What can happen at a stage.
fn possible(session: &Session) -> Vec<Happening> {
    let mut list = match session.stage {
        Stage::Open => vec![
            happens("checkout.session.expired", true, |it| it.stage = Stage::Expired),
            happens("checkout.session.completed", true, |it| it.stage = Stage::Paid),
            happens("checkout.session.completed", true, |it| it.stage = Stage::Processing),
            happens("payment_intent.payment_failed", false, |_| {}),
        ],
        Stage::Processing => vec![
            happens("checkout.session.async_payment_succeeded", true, |it| it.stage = Stage::Paid),
            happens("checkout.session.async_payment_failed", true, |it| it.stage = Stage::Failed),
        ],
        Stage::Paid => vec![
            happens("charge.refunded", false, |it| {
                it.refunded = it.refunded.or(Some(0)).map(|n| n + 1);
            }),
            happens("charge.refunded", false, |it| it.stage = Stage::Refunded),
            happens("charge.dispute.created", false, |it| it.disputed = Some(true)),
        ],
        // Rarely, a refund does not reach the buyer.
        Stage::Refunded => vec![happens("refund.failed", false, |it| it.stage = Stage::Paid)],
        Stage::Failed | Stage::Expired => Vec::new(),
    };
    if session.disputed == Some(true) {
        list.push(happens("charge.dispute.closed", false, |it| it.disputed = Some(false)));
    }
    list
}

/// By now other programs have written what they write.
const OTHERS_ARE_DONE: i64 = 13_000;

/// Lives an order's life, and tells of each thing that happens. A payment that is under way comes
/// to its end after other programs have called it completed.
pub(crate) async fn live(world: World, order: OrderId, tell: impl Fn(Told)) {
    let steps = world.between(1, 5);
    for step in 0..=steps {
        let mut wait = world.wait(8_000);
        if step == steps {
            let state = world.lock();
            let session = state.sessions.get(order.as_str());
            if session.is_none_or(|session| session.stage != Stage::Processing) {
                return;
            }
            wait = wait.max(OTHERS_ARE_DONE - state.now);
        }
        sleep(&world, wait).await;
        let told = {
            let mut state = world.lock();
            let copies = [1, 1, 1, 2, 3][state.chance.usize(0..5)];
            let Some(session) = state.sessions.get(order.as_str()).cloned() else { return };
            let mut list = possible(&session);
            if list.is_empty() {
                return;
            }
            let happening = list.swap_remove(state.chance.usize(0..list.len()));
            if let Some(session) = state.sessions.get_mut(order.as_str()) {
                (happening.change)(session);
                session.version += 1;
            }
            let Some(told) = hint(&order, step, &happening) else { return };
            Told { hint: told, copies }
        };
        tell(told);
    }
}

fn hint(order: &OrderId, step: usize, happening: &Happening) -> Option<Hint> {
    let about = if happening.is_of_session {
        About::Order(order.clone())
    } else {
        About::Payment(payment_of(order)?)
    };
    Some(Hint {
        id: format!("evt_{order}_{step}").parse().ok()?,
        event_type: happening.event_type.to_owned(),
        about,
        is_of_refund: happening.event_type.contains("refund"),
    })
}
