//! Things happen to orders: what Stripe lets happen, what changes, and which events tell of it.

use serde_json::Value;

use crate::acts::{Act, CannotAct};
use crate::shop::Shop;

/// What an event tells.
pub(crate) struct Happening {
    pub(crate) kind: String,
    pub(crate) object: Value,
    /// What has changed of the object, as it was before.
    pub(crate) previous: Option<Value>,
}

/// How far a session has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    UnderWay,
    Paid,
    Failed,
    Expired,
    Unknown,
}

impl Stage {
    fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::UnderWay => "complete with its payment under way",
            Self::Paid => "paid",
            Self::Failed => "complete with its payment failed",
            Self::Expired => "expired",
            Self::Unknown => "of a status that is not known here",
        }
    }
}

/// What a session has to be for an act.
fn wanted(act: Act) -> &'static str {
    match act {
        Act::Pay | Act::Fail => "open, or complete with its payment under way",
        Act::Complete | Act::Expire => "open",
        Act::Refund(_) | Act::Dispute | Act::WinDispute | Act::LoseDispute => "paid",
    }
}

/// The events that tell of a payment at the checkout or later. `None`: there is no such thing.
fn told(act: Act, stage: Stage) -> Option<&'static [&'static str]> {
    Some(match (act, stage) {
        (Act::Pay, Stage::Open) => {
            &["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
        }
        (Act::Pay, Stage::UnderWay) => &[
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.async_payment_succeeded",
        ],
        (Act::Complete, Stage::Open) => {
            &["charge.pending", "payment_intent.processing", "checkout.session.completed"]
        }
        (Act::Fail, Stage::Open) => &["charge.failed", "payment_intent.payment_failed"],
        (Act::Fail, Stage::UnderWay) => &[
            "charge.failed",
            "payment_intent.payment_failed",
            "checkout.session.async_payment_failed",
        ],
        (Act::Expire, Stage::Open) => &["payment_intent.canceled", "checkout.session.expired"],
        _ => return None,
    })
}

impl Shop {
    /// Lets something happen to a session's order at a time, in epoch seconds.
    pub(crate) fn act(
        &mut self,
        id: &str,
        act: Act,
        now: i64,
    ) -> Result<Vec<Happening>, CannotAct> {
        let stage = self.stage(id)?;
        match (act, stage) {
            (Act::Refund(amount), Stage::Paid) => return self.return_money(id, amount, now),
            (Act::Dispute, Stage::Paid) => return self.open_dispute(id, now),
            (Act::WinDispute | Act::LoseDispute, Stage::Paid) => {
                return self.close_dispute(id, act, now);
            }
            _ => {}
        }
        let told = told(act, stage).ok_or_else(|| state(act, id, stage.words(), wanted(act)))?;
        self.check_payment(id, act)?;
        if act != Act::Expire {
            self.begin_payment(id, now);
        }
        match act {
            Act::Pay => self.pay(id),
            Act::Complete => self.wait_for_payment(id),
            Act::Fail => self.decline(id),
            _ => self.expire(id),
        }
        Ok(told.iter().filter_map(|kind| self.tell(id, kind)).collect())
    }

    fn stage(&self, id: &str) -> Result<Stage, CannotAct> {
        let session = self.sessions.get(id).ok_or_else(|| CannotAct::NoSession(id.to_owned()))?;
        Ok(match (session["status"].as_str(), session["payment_status"].as_str()) {
            (Some("open"), _) => Stage::Open,
            (Some("expired"), _) => Stage::Expired,
            (_, Some("paid" | "no_payment_required")) => Stage::Paid,
            (Some("complete"), Some("unpaid")) => {
                let intent = self.intent_of(id).and_then(|intent| self.object(&intent));
                match intent.as_ref().and_then(|intent| intent["status"].as_str()) {
                    Some("requires_payment_method" | "canceled") => Stage::Failed,
                    _ => Stage::UnderWay,
                }
            }
            _ => Stage::Unknown,
        })
    }

    /// A free order is paid without a payment, and any other with one that is known.
    fn check_payment(&self, id: &str, act: Act) -> Result<(), CannotAct> {
        let is_possible = match act {
            Act::Expire => true,
            _ if self.has_no_intent(id) => act == Act::Pay || self.wants_payment(id),
            _ => self.intent_of(id).is_some_and(|intent| self.objects.contains_key(&intent)),
        };
        if is_possible { Ok(()) } else { Err(no_payment(act, id)) }
    }

    /// The event of a kind about the object that its name says. `None`: there is no such object.
    fn tell(&self, id: &str, kind: &str) -> Option<Happening> {
        let object = match kind.split('.').next()? {
            "checkout" => self.sessions.get(id).cloned(),
            "payment_intent" => self.object(&self.intent_of(id)?),
            "charge" => self.charge_of(id).cloned(),
            _ => None,
        };
        Some(happening(kind, object?, None))
    }
}

pub(crate) fn happening(kind: &str, object: Value, previous: Option<Value>) -> Happening {
    Happening { kind: kind.to_owned(), object, previous }
}

pub(crate) fn state(act: Act, session: &str, is: &'static str, wanted: &'static str) -> CannotAct {
    CannotAct::State { act, session: session.to_owned(), is, wanted }
}

pub(crate) fn no_payment(act: Act, session: &str) -> CannotAct {
    CannotAct::NoPayment { act, session: session.to_owned() }
}
