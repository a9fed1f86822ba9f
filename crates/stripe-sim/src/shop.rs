use std::borrow::Borrow;
use std::collections::HashMap;

use serde_json::Value;

use crate::expand::{expand, page};
use crate::rules::Refusal;
use crate::session::SessionBuilder;

/// What the stand-in knows: sessions with their lines, and the objects they name.
#[derive(Clone, Debug, Default)]
pub struct Shop {
    pub(crate) sessions: HashMap<String, Value>,
    lines: HashMap<String, Vec<Value>>,
    pub(crate) objects: HashMap<String, Value>,
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

    /// A session or another object, as it is now.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.sessions.get(id).or_else(|| self.objects.get(id))
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
        let all = self.lines.get(id).map_or(&[][..], Vec::as_slice);
        let start = start(all, after, "item")?;
        let mut list = self.lines(id, start, limit);
        for path in paths {
            expand(self, "list", &mut list, path)?;
        }
        Ok(list)
    }

    /// A page of the sessions of a key's mode, newest first, with expansions; of one payment
    /// intent, if it is named. An intent that nobody knows has none (Stripe: list sessions).
    pub(crate) fn session_page(
        &self,
        live: bool,
        payment_intent: Option<&str>,
        (limit, after): (usize, Option<&str>),
        paths: &[String],
    ) -> Result<Value, Refusal> {
        let is_live = |session: &Value| session["livemode"].as_bool().unwrap_or(false);
        let mut all: Vec<&Value> =
            self.sessions.values().filter(|session| is_live(session) == live).collect();
        all.sort_by_key(|session| {
            (-session["created"].as_i64().unwrap_or(0), session["id"].as_str())
        });
        let rest = all.split_off(start(&all, after, "checkout.session")?);
        let mut found: Vec<Value> = rest
            .into_iter()
            .filter(|session| payment_intent.is_none_or(|intent| names(session, intent)))
            .take(limit + 1)
            .cloned()
            .collect();
        let has_more = found.len() > limit;
        found.truncate(limit);
        let mut list = page("/v1/checkout/sessions", &found, has_more);
        for path in paths {
            expand(self, "sessions", &mut list, path)?;
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

/// Where a page begins: after the entry of an id, if one is given.
fn start<T: Borrow<Value>>(all: &[T], after: Option<&str>, what: &str) -> Result<usize, Refusal> {
    let Some(after) = after else { return Ok(0) };
    let at = all.iter().position(|entry| entry.borrow()["id"] == after);
    at.map(|at| at + 1).ok_or_else(|| Refusal::no_such(what, after, "", "starting_after"))
}

/// Whether a session is paid by an intent, be it named or, as in some recordings, expanded.
fn names(session: &Value, intent: &str) -> bool {
    let paid_by = &session["payment_intent"];
    paid_by == intent || paid_by["id"] == intent
}
