use std::collections::HashMap;

use serde_json::{Value, json};

use crate::expand::{expand, page};
use crate::rules::Refusal;
use crate::session::SessionBuilder;

/// What the stand-in knows: sessions with their lines, and the objects they name.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    sessions: HashMap<String, Value>,
    lines: HashMap<String, Vec<Value>>,
    objects: HashMap<String, Value>,
}

impl Shop {
    /// Adds a session, in place of one of that id.
    pub fn add(&mut self, session: SessionBuilder) {
        let built = session.build();
        for object in built.objects {
            self.add_object(object);
        }
        if let Some(id) = built.session["id"].as_str() {
            self.lines.insert(id.to_owned(), built.lines);
            self.sessions.insert(id.to_owned(), built.session.clone());
        }
    }

    /// Adds a session as recorded. `line_items`, if they are there, stay with it.
    pub fn add_recorded(&mut self, id: &str, session: Value) {
        self.sessions.insert(id.to_owned(), session);
    }

    /// Adds or replaces a customer, product, payment intent or charge.
    pub fn add_object(&mut self, object: Value) {
        if let Some(id) = object["id"].as_str() {
            self.objects.insert(id.to_owned(), object.clone());
        }
    }

    /// Changes a session, as time does.
    ///
    /// # Panics
    ///
    /// Where there is no such session.
    pub fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        #[expect(clippy::panic, reason = "a mistake in a test")]
        let Some(session) = self.sessions.get_mut(id) else { panic!("no session {id}") };
        change(session);
    }

    /// The buyer pays, now or at last.
    pub fn pay(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("complete");
            session["payment_status"] = json!("paid");
        });
        self.change_payment(id, "succeeded", |charge| charge["status"] = json!("succeeded"));
    }

    /// An asynchronous payment fails.
    pub fn fail_payment(&mut self, id: &str) {
        self.change(id, |session| {
            session["status"] = json!("complete");
            session["payment_status"] = json!("unpaid");
        });
        self.change_payment(id, "requires_payment_method", |charge| {
            charge["status"] = json!("failed");
        });
    }

    /// The buyer never finishes.
    pub fn expire(&mut self, id: &str) {
        self.change(id, |session| session["status"] = json!("expired"));
    }

    /// Some or all of the payment is returned, in minor units.
    pub fn refund(&mut self, id: &str, amount: i64) {
        self.change_payment(id, "succeeded", |charge| {
            let refunded = charge["amount_refunded"].as_i64().unwrap_or(0) + amount;
            charge["amount_refunded"] = json!(refunded);
            charge["refunded"] = json!(Some(refunded) == charge["amount"].as_i64());
        });
    }

    fn change_payment(&mut self, id: &str, status: &str, to_charge: impl FnOnce(&mut Value)) {
        let intent = self.sessions.get(id).and_then(|session| session["payment_intent"].as_str());
        let Some(intent) = intent.and_then(|intent| self.objects.get_mut(intent)) else { return };
        intent["status"] = json!(status);
        let charge = intent["latest_charge"].as_str().map(str::to_owned);
        if let Some(charge) = charge.and_then(|charge| self.objects.get_mut(&charge)) {
            to_charge(charge);
        }
    }

    /// A session with expansions. `live` says the key's mode.
    pub(crate) fn session(&self, id: &str, live: bool, paths: &[String]) -> Result<Value, Refusal> {
        let mut session = self.visible(id, live)?.clone();
        for path in paths {
            expand(self, "session", &mut session, path)?;
        }
        Ok(session)
    }

    /// A page of a session's lines with expansions.
    pub(crate) fn line_page(
        &self,
        id: &str,
        live: bool,
        (limit, after): (usize, Option<&str>),
        paths: &[String],
    ) -> Result<Value, Refusal> {
        self.visible(id, live)?;
        let start = match after {
            None => 0,
            Some(after) => {
                let all = self.lines.get(id).map_or(&[][..], Vec::as_slice);
                let at = all.iter().position(|line| line["id"] == after);
                1 + at.ok_or_else(|| Refusal::no_such("item", after, "", "starting_after"))?
            }
        };
        let mut list = self.lines(id, start, limit);
        for path in paths {
            expand(self, "list", &mut list, path)?;
        }
        Ok(list)
    }

    fn visible(&self, id: &str, live: bool) -> Result<&Value, Refusal> {
        let missing = |hint| Refusal::no_such("checkout.session", id, hint, "session");
        let session = self.sessions.get(id).ok_or_else(|| missing(""))?;
        match (session["livemode"].as_bool().unwrap_or(false), live) {
            (true, false) => Err(missing(
                "; a similar object exists in live mode, but a test mode key was used to make this request.",
            )),
            (false, true) => Err(missing(
                "; a similar object exists in test mode, but a live mode key was used to make this request.",
            )),
            _ => Ok(session),
        }
    }

    pub(crate) fn lines(&self, id: &str, start: usize, limit: usize) -> Value {
        let all = self.lines.get(id).map_or(&[][..], Vec::as_slice);
        let end = all.len().min(start.saturating_add(limit));
        let url = format!("/v1/checkout/sessions/{id}/line_items");
        page(&url, all.get(start..end).unwrap_or_default(), end < all.len())
    }

    pub(crate) fn object(&self, id: &str) -> Option<Value> {
        self.objects.get(id).cloned()
    }
}
