//! Attributes, read one at a time and tolerantly.

use std::cell::RefCell;
use std::collections::BTreeMap;

use orders::{Currency, MinorUnits, Personal, Timestamp};
use serde_json::Value as Json;

use crate::item::{Item, Value};
use crate::number::{integer, whole};

/// Deeper documents than DynamoDB itself takes (32 levels) are not followed.
const MAX_DEPTH: usize = 32;

/// The attributes of a row, or of a map within it. `NULL` is the same as absent; so is a wrong
/// type, but each of those is kept as a fault of the row, by its path.
pub(crate) struct Fields<'a> {
    item: &'a Item<'a>,
    path: String,
    faults: &'a RefCell<Vec<String>>,
}

impl<'a> Fields<'a> {
    /// The attributes of a row. Its faults are put into the cell.
    pub(crate) fn of(item: &'a Item<'a>, faults: &'a RefCell<Vec<String>>) -> Self {
        Self { item, path: String::new(), faults }
    }

    /// Finds fault with an attribute.
    pub(crate) fn corrupt<T>(&self, name: &str) -> Option<T> {
        self.faults.borrow_mut().push(format!("{}{name}", self.path));
        None
    }

    fn get(&self, name: &str) -> Option<&'a Value<'a>> {
        self.item.get(name).filter(|value| **value != Value::Null)
    }

    /// A text; a blank one is unknown.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Text(text) => (!text.trim().is_empty()).then(|| text.to_string()),
            _ => self.corrupt(name),
        }
    }

    /// Reads something that the order does not hang on: a wrong type is as good as nothing.
    pub(crate) fn perhaps<T>(&self, read: impl FnOnce(&Fields<'_>) -> Option<T>) -> Option<T> {
        let unheeded = RefCell::default();
        read(&Fields::of(self.item, &unheeded))
    }

    /// A text that some writers store as a number: a postal code, a variant.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(name),
        }
    }

    pub(crate) fn personal(&self, name: &str) -> Option<Personal<String>> {
        self.text(name).map(Personal::new)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<MinorUnits> {
        match self.get(name)? {
            Value::Number(number) => integer(number).or_else(|| self.corrupt(name)),
            _ => self.corrupt(name),
        }
    }

    pub(crate) fn currency(&self, name: &str) -> Option<Currency> {
        self.text(name).as_deref().and_then(Currency::new)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Flag(flag) => Some(*flag),
            _ => self.corrupt(name),
        }
    }

    /// ISO 8601 as a text, or seconds since 1970 as a number (with a fraction, as Python has it).
    pub(crate) fn timestamp(&self, name: &str) -> Option<Timestamp> {
        let moment = match self.get(name)? {
            // A text that is no moment is as good as none.
            Value::Text(text) => return text.parse().ok(),
            Value::Number(number) => {
                whole(number).and_then(|seconds| Timestamp::from_epoch(seconds).ok())
            }
            _ => None,
        };
        moment.or_else(|| self.corrupt(name))
    }

    pub(crate) fn map(&self, name: &str) -> Option<Fields<'a>> {
        match self.get(name)? {
            Value::Map(item) => Some(self.within(item, name)),
            // What some languages make of an empty map.
            Value::Text(text) if text.is_empty() => None,
            Value::List(list) if list.is_empty() => None,
            _ => self.corrupt(name),
        }
    }

    fn within(&self, item: &'a Item<'a>, name: &str) -> Fields<'a> {
        Fields { item, path: format!("{}{name}.", self.path), faults: self.faults }
    }

    pub(crate) fn list<T>(&self, name: &str, read: impl Fn(&Fields<'a>) -> T) -> Vec<T> {
        let entries = match self.get(name) {
            None => return Vec::new(),
            Some(Value::List(entries)) => entries,
            Some(_) => return self.corrupt(name).unwrap_or_default(),
        };
        let read = |(index, entry): (usize, &'a Value<'a>)| match entry {
            Value::Map(item) => Some(read(&self.within(item, &format!("{name}[{index}]")))),
            _ => self.corrupt(&format!("{name}[{index}]")),
        };
        entries.iter().enumerate().filter_map(read).collect()
    }

    /// A document of any shape, passed on as it is.
    pub(crate) fn document(&self, name: &str) -> Option<Json> {
        json(self.get(name)?, MAX_DEPTH).or_else(|| self.corrupt(name))
    }

    /// The entries that are words or can be written as one.
    pub(crate) fn words(&self) -> impl Iterator<Item = (String, String)> + use<'a> {
        self.item.iter().filter_map(|(key, value)| {
            let word = match value {
                Value::Text(text) | Value::Number(text) => text.to_string(),
                Value::Flag(flag) => flag.to_string(),
                _ => return None,
            };
            Some((key.to_owned(), word))
        })
    }
}

/// A DynamoDB value as JSON. `None` where it is nested too deeply.
fn json(value: &Value<'_>, depth: usize) -> Option<Json> {
    let deeper = depth.checked_sub(1)?;
    Some(match value {
        Value::Text(text) => Json::from(&**text),
        Value::Number(number) => json_number(number),
        Value::Flag(flag) => Json::Bool(*flag),
        Value::List(list) => list.iter().map(|entry| json(entry, deeper)).collect::<Option<_>>()?,
        // Sorted here, and not left to how `serde_json` was built: an entity tag is over the bytes.
        Value::Map(map) => map
            .iter()
            .map(|(key, entry)| Some((key.to_owned(), json(entry, deeper)?)))
            .collect::<Option<BTreeMap<_, _>>>()?
            .into_iter()
            .collect(),
        Value::Texts(set) => set.iter().map(|text| Json::from(&**text)).collect(),
        Value::Numbers(set) => set.iter().map(|number| json_number(number)).collect(),
        Value::Null | Value::Other => Json::Null,
    })
}

fn json_number(text: &str) -> Json {
    match integer(text) {
        Some(number) => Json::from(number),
        None => text.parse::<f64>().map_or(Json::Null, Json::from),
    }
}
