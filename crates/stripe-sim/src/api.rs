//! The part of Stripe's API that is spoken here.

use axum::http::HeaderMap;
use serde_json::Value;

use crate::Recorded;
use crate::rules::{Refusal, is_version};
use crate::server::{Shared, lock, text};

impl Shared {
    /// What Stripe would answer.
    pub(crate) fn answer(&self, headers: &HeaderMap, request: &Recorded) -> Result<Value, Refusal> {
        let live = self.authenticate(headers)?;
        if let Some(version) = request.version.as_deref().filter(|version| !is_version(version)) {
            return Err(Refusal::bad_version(version));
        }
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let shop = lock(&self.shop);
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "checkout", "sessions"]) => {
                let asked = Asked::of(request, &["limit", "payment_intent", "starting_after"])?;
                let page = (asked.limit, asked.starting_after.as_deref());
                shop.session_page(live, asked.payment_intent.as_deref(), page, &asked.expand)
            }
            ("GET", ["v1", "checkout", "sessions", id]) => {
                let asked = Asked::of(request, &[])?;
                shop.session(id, live, &asked.expand)
            }
            ("GET", ["v1", "checkout", "sessions", id, "line_items"]) => {
                let asked = Asked::of(request, &["limit", "starting_after"])?;
                let page = (asked.limit, asked.starting_after.as_deref());
                shop.line_page(id, live, page, &asked.expand)
            }
            (method, _) => Err(Refusal::unknown_url(method, &request.path)),
        }
    }

    /// Whether the key is one of ours, and of live mode.
    fn authenticate(&self, headers: &HeaderMap) -> Result<bool, Refusal> {
        let given = text(headers, "authorization").unwrap_or_default();
        let key = given.strip_prefix("Bearer ").unwrap_or_default();
        if key.is_empty() {
            return Err(Refusal::no_key());
        }
        if !lock(&self.keys).contains(key) {
            return Err(Refusal::wrong_key(key));
        }
        Ok(key.contains("_live_"))
    }
}

/// The parameters of a request.
#[derive(Default)]
struct Asked {
    expand: Vec<String>,
    limit: usize,
    starting_after: Option<String>,
    payment_intent: Option<String>,
}

impl Asked {
    /// Reads the parameters; any but `expand` and the named ones are refused.
    fn of(request: &Recorded, known: &[&str]) -> Result<Self, Refusal> {
        let mut asked = Self { limit: 10, ..Self::default() };
        for (name, value) in &request.query {
            match name.as_str() {
                name if name == "expand[]"
                    || (name.starts_with("expand[") && name.ends_with(']')) =>
                {
                    asked.expand.push(value.clone());
                }
                "limit" if known.contains(&"limit") => {
                    let limit = value.parse().ok().filter(|limit| (1..=100).contains(limit));
                    asked.limit = limit.ok_or_else(|| Refusal::bad_limit(value))?;
                }
                "starting_after" if known.contains(&"starting_after") => {
                    asked.starting_after = Some(value.clone());
                }
                "payment_intent" if known.contains(&"payment_intent") => {
                    let given = Some(value.clone()).filter(|given| !given.is_empty());
                    asked.payment_intent = Some(given.ok_or_else(|| Refusal::empty(name))?);
                }
                name => return Err(Refusal::unknown_parameter(name)),
            }
        }
        Ok(asked)
    }
}
