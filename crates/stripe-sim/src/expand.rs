//! Which properties can be expanded, and what they expand to.
//!
//! At most 4 levels. An id becomes the object it names; an includable property, absent
//! otherwise, appears; anything else is refused (Stripe: expanding objects).

use serde_json::{Value, json};

use crate::rules::Refusal;
use crate::shop::Shop;

/// What a property is on the way along a path.
enum Step {
    /// An id that can become the object of a kind.
    Id(&'static str),
    /// The first lines of a session.
    Lines,
    /// An object or list to pass through.
    Through(&'static str),
}

fn step(kind: &str, property: &str) -> Option<Step> {
    Some(match (kind, property) {
        ("session", "line_items") => Step::Lines,
        ("session" | "payment_intent" | "charge", "customer") => Step::Id("customer"),
        ("session" | "charge", "payment_intent") => Step::Id("payment_intent"),
        ("session", "invoice" | "payment_link" | "setup_intent" | "subscription") => {
            Step::Id("other")
        }
        ("payment_intent", "latest_charge") => Step::Id("charge"),
        ("charge", "balance_transaction") => Step::Id("other"),
        ("list", "data") => Step::Through("item"),
        ("sessions", "data") => Step::Through("session"),
        ("item", "price") => Step::Through("price"),
        ("price", "product") => Step::Id("product"),
        ("product", "default_price") => Step::Id("price"),
        _ => return None,
    })
}

/// Expands a property, given as a path with dots.
pub(crate) fn expand(
    shop: &Shop,
    kind: &str,
    object: &mut Value,
    path: &str,
) -> Result<(), Refusal> {
    let properties: Vec<&str> = path.split('.').collect();
    if properties.len() > 4 {
        return Err(Refusal::too_deep(path));
    }
    walk(shop, kind, object, &properties).ok_or_else(|| Refusal::not_expandable(path))
}

/// Follows a path. `None`: there is no such way.
fn walk(shop: &Shop, kind: &str, object: &mut Value, path: &[&str]) -> Option<()> {
    let (property, rest) = path.split_first()?;
    let step = step(kind, property)?;
    let next = match step {
        Step::Id(next) | Step::Through(next) => next,
        Step::Lines => "list",
    };
    // The way is checked to its end even where there is nothing to expand.
    if !rest.is_empty() {
        step_exists(next, rest)?;
    } else if matches!(step, Step::Through(_)) {
        return None;
    }
    match step {
        Step::Lines => {
            if object.get("line_items").is_none() {
                let id = object["id"].as_str()?.to_owned();
                object["line_items"] = shop.lines(&id, 0, 10);
            }
        }
        Step::Id(_) => {
            if let Some(found) = object[*property].as_str().and_then(|id| shop.object(id)) {
                object[*property] = found;
            }
        }
        Step::Through(_) => {}
    }
    if rest.is_empty() {
        return Some(());
    }
    match &mut object[*property] {
        Value::Array(entries) => {
            entries.iter_mut().try_for_each(|entry| walk(shop, next, entry, rest))
        }
        value @ Value::Object(_) => walk(shop, next, value, rest),
        _ => Some(()),
    }
}

fn step_exists(kind: &str, path: &[&str]) -> Option<()> {
    let (property, rest) = path.split_first()?;
    match step(kind, property)? {
        Step::Through(_) if rest.is_empty() => None,
        Step::Id(next) | Step::Through(next) if !rest.is_empty() => step_exists(next, rest),
        Step::Lines if !rest.is_empty() => step_exists("list", rest),
        _ => Some(()),
    }
}

/// A page of a list.
pub(crate) fn page(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "data": data, "has_more": has_more, "url": url})
}
