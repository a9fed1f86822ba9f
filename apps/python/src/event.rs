//! An event as JSON, as it was before Python read it.
//!
//! What is no JSON counts as absent, as in an event that comes as text: a strange one can only
//! lose rights, never gain any.

use std::io::{self, Write};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// The deepest that anything in an event lies; what reads the text goes no deeper either.
const DEEPEST: u8 = 100;

/// Lambda hands over 6 MB at most. More in bytes than that is made up, or refers to itself.
const LONGEST: usize = 8 * 1024 * 1024;

/// The event as text; `null` where it is none.
pub(crate) fn as_json(event: &Bound<'_, PyAny>) -> String {
    let mut text = Limited(Vec::new());
    let written = serde_json::to_writer(&mut text, &Value { value: event, depth: 0 });
    let text = written.ok().and_then(|()| String::from_utf8(text.0).ok());
    text.unwrap_or_else(|| "null".to_owned())
}

/// A value of Python's, and how deep it lies.
struct Value<'a, 'py> {
    value: &'a Bound<'py, PyAny>,
    depth: u8,
}

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value;
        if let Ok(text) = value.cast::<PyString>() {
            // Half a surrogate is no text.
            return text.to_str().ok().serialize(serializer);
        }
        if self.depth >= DEEPEST {
            return serializer.serialize_unit();
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            self.map(dict, serializer)
        } else if let Ok(list) = value.cast::<PyList>() {
            self.list(list.iter(), serializer)
        } else if let Ok(list) = value.cast::<PyTuple>() {
            self.list(list.iter(), serializer)
        } else {
            scalar(value).serialize(serializer)
        }
    }
}

impl Value<'_, '_> {
    fn below<'a, 'py>(&self, value: &'a Bound<'py, PyAny>) -> Value<'a, 'py> {
        Value { value, depth: self.depth + 1 }
    }

    fn map<S: Serializer>(
        &self,
        dict: &Bound<'_, PyDict>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // A copy: nobody changes it meanwhile.
        for entry in dict.items() {
            let Ok((key, value)) = entry.extract::<(Bound<'_, PyString>, Bound<'_, PyAny>)>()
            else {
                continue;
            };
            if let Ok(key) = key.to_str() {
                map.serialize_entry(key, &self.below(&value))?;
            }
        }
        map.end()
    }

    fn list<'py, S: Serializer>(
        &self,
        list: impl Iterator<Item = Bound<'py, PyAny>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for value in list {
            seq.serialize_element(&self.below(&value))?;
        }
        seq.end()
    }
}

/// A flag or a number that JSON has; else null.
fn scalar(value: &Bound<'_, PyAny>) -> serde_json::Value {
    if let Ok(flag) = value.cast::<PyBool>() {
        flag.is_true().into()
    } else if value.is_instance_of::<PyInt>() {
        value.extract::<i64>().map_or(serde_json::Value::Null, Into::into)
    } else if value.is_instance_of::<PyFloat>() {
        value.extract::<f64>().unwrap_or(f64::NAN).into()
    } else {
        serde_json::Value::Null
    }
}

/// Bytes in memory, and an error where they become too many.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
