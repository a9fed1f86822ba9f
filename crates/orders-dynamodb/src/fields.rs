//! Attributes, read one at a time and tolerantly.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{Currency, MinorUnits, Personal, Timestamp};
use serde_json::Value;

use crate::number::{integer, whole};
use crate::read::Item;

/// Deeper documents than DynamoDB itself takes (32 levels) are not followed.
const MAX_DEPTH: usize = 32;

/// The attributes of a row, or of a map within it. `NULL` is the same as absent; so is a wrong
/// type, but each of those is kept as a fault of the row, by its path.
pub(crate) struct Fields<'a> {
    item: &'a Item,
    path: String,
    faults: &'a RefCell<Vec<String>>,
}

impl<'a> Fields<'a> {
    /// The attributes of a row. Its faults are put into the cell.
    pub(crate) fn of(item: &'a Item, faults: &'a RefCell<Vec<String>>) -> Self {
        Self { item, path: String::new(), faults }
    }

    /// Finds fault with an attribute.
    pub(crate) fn corrupt<T>(&self, name: &str) -> Option<T> {
        self.faults.borrow_mut().push(format!("{}{name}", self.path));
        None
    }

    fn get(&self, name: &str) -> Option<&'a AttributeValue> {
        self.item.get(name).filter(|value| !value.is_null())
    }

    /// A text; a blank one is unknown.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            AttributeValue::S(text) => (!text.trim().is_empty()).then(|| text.clone()),
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
            AttributeValue::N(number) => Some(number.clone()),
            _ => self.text(name),
        }
    }

    pub(crate) fn personal(&self, name: &str) -> Option<Personal<String>> {
        self.text(name).map(Personal::new)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<MinorUnits> {
        match self.get(name)? {
            AttributeValue::N(number) => integer(number).or_else(|| self.corrupt(name)),
            _ => self.corrupt(name),
        }
    }

    pub(crate) fn currency(&self, name: &str) -> Option<Currency> {
        self.text(name).as_deref().and_then(Currency::new)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            AttributeValue::Bool(flag) => Some(*flag),
            _ => self.corrupt(name),
        }
    }

    /// ISO 8601 as a text, or seconds since 1970 as a number (with a fraction, as Python has it).
    pub(crate) fn timestamp(&self, name: &str) -> Option<Timestamp> {
        let moment = match self.get(name)? {
            // A text that is no moment is as good as none.
            AttributeValue::S(text) => return text.parse().ok(),
            AttributeValue::N(number) => {
                whole(number).and_then(|seconds| Timestamp::from_epoch(seconds).ok())
            }
            _ => None,
        };
        moment.or_else(|| self.corrupt(name))
    }

    pub(crate) fn map(&self, name: &str) -> Option<Fields<'a>> {
        match self.get(name)? {
            AttributeValue::M(item) => Some(self.within(item, name)),
            // What some languages make of an empty map.
            AttributeValue::S(text) if text.is_empty() => None,
            AttributeValue::L(list) if list.is_empty() => None,
            _ => self.corrupt(name),
        }
    }

    fn within(&self, item: &'a Item, name: &str) -> Fields<'a> {
        Fields { item, path: format!("{}{name}.", self.path), faults: self.faults }
    }

    pub(crate) fn list<T>(&self, name: &str, read: impl Fn(&Fields<'a>) -> T) -> Vec<T> {
        let entries = match self.get(name) {
            None => return Vec::new(),
            Some(AttributeValue::L(entries)) => entries,
            Some(_) => return self.corrupt(name).unwrap_or_default(),
        };
        let read = |(index, entry): (usize, &'a AttributeValue)| match entry {
            AttributeValue::M(item) => Some(read(&self.within(item, &format!("{name}[{index}]")))),
            _ => self.corrupt(&format!("{name}[{index}]")),
        };
        entries.iter().enumerate().filter_map(read).collect()
    }

    /// A document of any shape, passed on as it is.
    pub(crate) fn document(&self, name: &str) -> Option<Value> {
        json(self.get(name)?, MAX_DEPTH).or_else(|| self.corrupt(name))
    }

    /// The entries that are words or can be written as one.
    pub(crate) fn words(&self) -> impl Iterator<Item = (String, String)> + use<'a> {
        self.item.iter().filter_map(|(key, value)| {
            let word = match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
                AttributeValue::Bool(flag) => flag.to_string(),
                _ => return None,
            };
            Some((key.clone(), word))
        })
    }
}

/// A DynamoDB value as JSON. `None` where it is nested too deeply.
fn json(value: &AttributeValue, depth: usize) -> Option<Value> {
    let deeper = depth.checked_sub(1)?;
    Some(match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(number) => json_number(number),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(list) => {
            list.iter().map(|entry| json(entry, deeper)).collect::<Option<_>>()?
        }
        // Sorted here, and not left to how `serde_json` was built: an entity tag is over the bytes.
        AttributeValue::M(map) => map
            .iter()
            .map(|(key, entry)| Some((key.clone(), json(entry, deeper)?)))
            .collect::<Option<BTreeMap<_, _>>>()?
            .into_iter()
            .collect(),
        AttributeValue::Ss(set) => set.iter().cloned().map(Value::String).collect(),
        AttributeValue::Ns(set) => set.iter().map(|number| json_number(number)).collect(),
        _ => Value::Null,
    })
}

fn json_number(text: &str) -> Value {
    match integer(text) {
        Some(number) => Value::from(number),
        None => text.parse::<f64>().map_or(Value::Null, Value::from),
    }
}
