//! JSON objects in which no name stands twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The object in some bytes, if no name stands twice in it, at any depth. Of two that say different
/// things one program reads the first and another the last (RFC 7519, section 4), so such an object
/// says nothing.
pub(crate) fn distinct_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Plain(Value::Object(object))) => Some(object),
        _ => None,
    }
}

/// A value that is read as it stands. `serde_json`'s own reader gives some names a meaning
/// (`$serde_json::private::RawValue`), which whoever writes a token must not make use of.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsItStands)
    }
}

struct AsItStands;

impl<'de> Visitor<'de> for AsItStands {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no name stands twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Plain, A::Error> {
        let mut list = Vec::new();
        while let Some(Plain(value)) = values.next_element()? {
            list.push(value);
        }
        Ok(Plain(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Plain, A::Error> {
        let mut object = Map::new();
        while let Some((name, Plain(value))) = members.next_entry::<String, Plain>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Plain(object.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_stands_and_no_name_may_stand_twice() {
        for text in [r#"{"a":[1,-2,1.5,null,true,"\u00e9"],"b":{"a":{}}}"#, "{}"] {
            let read: Value = serde_json::from_str(text).unwrap();
            assert_eq!(distinct_object(text.as_bytes()).map(Value::Object), Some(read));
        }
        let odd = br#"{"sub":{"$serde_json::private::RawValue":"\"ava\""}}"#;
        assert!(distinct_object(odd).unwrap()["sub"].is_object());
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
            "[]",
            "1",
            "",
            "{} {}",
            r#"{"a":NaN}"#,
            r#"{"a":1e999}"#,
            "\u{feff}{}",
        ] {
            assert_eq!(distinct_object(text.as_bytes()), None, "{text}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
        assert_eq!(distinct_object(deep.as_bytes()), None);
    }
}
