//! What changes in a shop when something happens to an order.
//!
//! The public ones change the objects and nothing else: no event is made and nothing refused. They
//! set up where a test begins, or play an event that was lost. `StripeSim::act` does it all.

use serde_json::{Value, json};

use crate::objects::{charge, intent, suffix};
use crate::shop::Shop;

impl Shop {
    /// The buyer pays, now or at last, and no event tells of it.
    pub fn pay(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("complete");
            session["payment_status"] = json!("paid");
        });
        self.change_payment(id, "succeeded", |charge| {
            charge["status"] = json!("succeeded");
            charge["paid"] = json!(true);
            charge["failure_code"] = Value::Null;
            charge["failure_message"] = Value::Null;
        });
    }

    /// An asynchronous payment fails, and no event tells of it.
    pub fn fail_payment(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("complete");
            session["payment_status"] = json!("unpaid");
        });
        self.decline(id);
    }

    /// The buyer never finishes, and no event tells of it.
    pub fn expire(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("expired");
            session["url"] = Value::Null;
        });
        let Some(intent) = self.intent_mut(id) else { return };
        if intent["status"].as_str().is_some_and(|status| status.starts_with("requires_")) {
            intent["status"] = json!("canceled");
            intent["cancellation_reason"] = json!("automatic");
        }
    }

    /// Some or all of the payment is returned, in minor units, and no event tells of it.
    pub fn refund(&mut self, id: &str, amount: i64) {
        self.change_payment(id, "succeeded", |charge| {
            let refunded = charge["amount_refunded"].as_i64().unwrap_or(0) + amount;
            charge["amount_refunded"] = json!(refunded);
            charge["refunded"] = json!(Some(refunded) == charge["amount"].as_i64());
        });
    }

    /// The buyer has finished with a payment method that takes days.
    pub(crate) fn wait_for_payment(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("complete");
            session["payment_status"] = json!("unpaid");
        });
        self.change_payment(id, "processing", |charge| {
            charge["status"] = json!("pending");
            charge["paid"] = json!(false);
        });
    }

    /// The attempt to pay fails; what becomes of the session is another matter.
    pub(crate) fn decline(&mut self, id: &str) {
        self.change_payment(id, "requires_payment_method", |charge| {
            charge["status"] = json!("failed");
            charge["paid"] = json!(false);
            charge["failure_code"] = json!("card_declined");
            charge["failure_message"] = json!("Your card was declined.");
        });
    }

    /// Makes what a payment needs and the session lacks: an intent, which Stripe makes when the
    /// buyer confirms (since 2022-08-01), and a charge, unless one is under way.
    pub(crate) fn begin_payment(&mut self, id: &str, now: i64) {
        if self.has_no_intent(id) && self.wants_payment(id) {
            self.change(id, |session| {
                session["payment_intent"] = json!(format!("pi_{}", suffix(id)));
            });
            let session = &self.sessions[id];
            let amount = session["amount_total"].as_i64().unwrap_or(0);
            self.add_object(intent(&format!("pi_{}", suffix(id)), session, amount));
        }
        let Some(intent) = self.intent_of(id).and_then(|intent| self.object(&intent)) else {
            return;
        };
        if self.charge_of(id).is_some_and(|charge| charge["status"] == "pending") {
            return;
        }
        let charge_id = self.unused("ch", intent["id"].as_str().unwrap_or_default());
        self.add_object(charge(&charge_id, &intent, now));
        if let Some(intent) = self.intent_mut(id) {
            intent["latest_charge"] = json!(charge_id);
        }
    }

    /// Whether Stripe has not made an intent for a session.
    pub(crate) fn has_no_intent(&self, id: &str) -> bool {
        self.sessions.get(id).is_some_and(|session| session["payment_intent"].is_null())
    }

    /// Whether a session is there to be paid, and not free or to be invoiced.
    pub(crate) fn wants_payment(&self, id: &str) -> bool {
        self.sessions.get(id).is_some_and(|session| {
            session["mode"] == "payment" && session["amount_total"].as_i64().unwrap_or(0) > 0
        })
    }

    /// The payment intent that a session names.
    pub(crate) fn intent_of(&self, id: &str) -> Option<String> {
        self.sessions.get(id)?["payment_intent"].as_str().map(str::to_owned)
    }

    /// The latest charge of a session.
    pub(crate) fn charge_of(&self, id: &str) -> Option<&Value> {
        let intent = self.objects.get(&self.intent_of(id)?)?;
        self.objects.get(intent["latest_charge"].as_str()?)
    }

    /// An id with a prefix that nothing has yet, made from its kin's.
    pub(crate) fn unused(&self, prefix: &str, kin: &str) -> String {
        let first = format!("{prefix}_{}", suffix(kin));
        let others = (2..).map(|n| format!("{first}n{n}"));
        let mut ids = std::iter::once(first.clone()).chain(others);
        ids.find(|id| !self.objects.contains_key(id)).unwrap_or(first)
    }

    fn intent_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.objects.get_mut(&self.intent_of(id)?)
    }

    fn change_payment(&mut self, id: &str, status: &str, to_charge: impl FnOnce(&mut Value)) {
        let charge = self.charge_of(id).and_then(|charge| charge["id"].as_str());
        let charge = charge.map(str::to_owned).and_then(|charge| self.objects.get_mut(&charge));
        let failure = charge.and_then(|charge| {
            to_charge(charge);
            let failed = charge["status"] == "failed";
            failed.then(|| {
                json!({
                    "charge": charge["id"], "code": charge["failure_code"],
                    "message": charge["failure_message"], "type": "card_error",
                })
            })
        });
        let Some(intent) = self.intent_mut(id) else { return };
        intent["status"] = json!(status);
        let received = if status == "succeeded" { intent["amount"].clone() } else { json!(0) };
        intent["amount_received"] = received;
        intent["last_payment_error"] = json!(failure);
    }
}
