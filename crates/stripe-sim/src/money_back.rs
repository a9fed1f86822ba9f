//! Refunds and disputes: what can be had back of a payment.

use serde_json::{Value, json};

use crate::acting::{Happening, happening, no_payment, state};
use crate::acts::{Act, CannotAct};
use crate::objects::{destination, dispute, move_funds, refund, suffix};
use crate::shop::Shop;

impl Shop {
    pub(crate) fn return_money(
        &mut self,
        id: &str,
        asked: Option<i64>,
        now: i64,
    ) -> Result<Vec<Happening>, CannotAct> {
        let act = Act::Refund(asked);
        let (charge, left) = self.what_is_left(id, act)?;
        let dispute = self.object(&dispute_id(&charge));
        if dispute.is_some_and(|dispute| dispute["status"] != "won") {
            let wanted = "paid without a dispute, or with one that was won";
            return Err(state(act, id, "disputed", wanted));
        }
        let amount = asked.unwrap_or(left);
        if !(1..=left).contains(&amount) {
            return Err(CannotAct::Amount { given: amount, left });
        }
        self.refund(id, amount);
        let refund_id = self.unused("re", charge["id"].as_str().unwrap_or_default());
        let made = refund(&refund_id, &charge, amount, now);
        let mut settled = made.clone();
        settled["destination_details"] = destination("available");
        self.add_object(settled.clone());
        let mut before = json!({"amount_refunded": charge["amount_refunded"]});
        if amount == left {
            before["refunded"] = json!(false);
        }
        let charge = self.charge_of(id).cloned().unwrap_or_default();
        let pending = json!({"destination_details": made["destination_details"]});
        Ok(vec![
            happening("refund.created", made, None),
            happening("charge.refunded", charge, Some(before)),
            happening("refund.updated", settled.clone(), Some(pending.clone())),
            happening("charge.refund.updated", settled, Some(pending)),
        ])
    }

    pub(crate) fn open_dispute(&mut self, id: &str, now: i64) -> Result<Vec<Happening>, CannotAct> {
        let (mut charge, left) = self.what_is_left(id, Act::Dispute)?;
        let dispute_id = dispute_id(&charge);
        if self.objects.contains_key(&dispute_id) {
            return Err(state(
                Act::Dispute,
                id,
                "disputed already",
                "paid and not disputed before",
            ));
        }
        let opened = dispute(&dispute_id, &charge, left, now);
        charge["disputed"] = json!(true);
        self.add_object(charge);
        self.add_object(opened.clone());
        Ok(vec![
            happening("charge.dispute.created", opened.clone(), None),
            happening("charge.dispute.funds_withdrawn", opened, None),
        ])
    }

    /// The charge stays `disputed`, however it ends (Stripe: the charge object).
    pub(crate) fn close_dispute(
        &mut self,
        id: &str,
        act: Act,
        now: i64,
    ) -> Result<Vec<Happening>, CannotAct> {
        let dispute = self.charge_of(id).and_then(|charge| self.object(&dispute_id(charge)));
        let wanted = "disputed, with the dispute open";
        let mut dispute = dispute.ok_or_else(|| state(act, id, "not disputed", wanted))?;
        if dispute["status"] != "needs_response" {
            return Err(state(act, id, "disputed with the dispute closed", wanted));
        }
        let before = json!({"status": dispute["status"]});
        let mut told = Vec::new();
        if act == Act::WinDispute {
            move_funds(&mut dispute, 1, now);
            dispute["is_charge_refundable"] = json!(true);
            dispute["status"] = json!("won");
            told.push(happening("charge.dispute.funds_reinstated", dispute.clone(), None));
        } else {
            dispute["status"] = json!("lost");
        }
        self.add_object(dispute.clone());
        told.push(happening("charge.dispute.closed", dispute, Some(before)));
        Ok(told)
    }

    /// The charge of a paid session, and what of it has not been refunded, more than nothing.
    fn what_is_left(&self, id: &str, act: Act) -> Result<(Value, i64), CannotAct> {
        let charge = self.charge_of(id).filter(|charge| charge["status"] == "succeeded");
        let charge = charge.ok_or_else(|| no_payment(act, id))?;
        let minor_units = |property: &str| charge[property].as_i64().unwrap_or(0);
        let left = minor_units("amount") - minor_units("amount_refunded");
        if left < 1 {
            let wanted = "paid with something left to return";
            return Err(state(act, id, "refunded in full", wanted));
        }
        Ok((charge.clone(), left))
    }
}

/// A charge has one dispute at most, whose id follows from its own.
fn dispute_id(charge: &Value) -> String {
    format!("du_{}", suffix(charge["id"].as_str().unwrap_or_default()))
}
