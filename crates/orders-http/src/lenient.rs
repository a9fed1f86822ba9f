//! Values of an event, of which none may be what it should.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value, or nothing where it is absent, null or of another type.
pub(crate) struct Lenient<T>(pub(crate) Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(Self(None)))
    }
}

/// Takes whatever is there, and reads it once.
struct Anything<T>(Lenient<T>);

/// A value as `T`, if it is one.
fn read<'de, T: Deserialize<'de>, E: Error>(value: impl IntoDeserializer<'de, E>) -> Lenient<T> {
    Lenient(T::deserialize(value.into_deserializer()).ok())
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Anything<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Lenient<T>, E> {
        Ok(read::<T, E>(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Lenient<T>, E> {
        Ok(read::<T, E>(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Lenient<T>, E> {
        Ok(read::<T, E>(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Lenient<T>, E> {
        Ok(read::<T, E>(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Lenient<T>, E> {
        Ok(read::<T, E>(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Lenient<T>, E> {
        Ok(self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Lenient<T>, A::Error> {
        let read = T::deserialize(SeqAccessDeserializer::new(&mut seq)).ok();
        // What is no list for `T` is still one, and has to be passed over.
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lenient<T>, A::Error> {
        let read = T::deserialize(MapAccessDeserializer::new(&mut map)).ok();
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Both {
        #[serde(default)]
        text: Lenient<String>,
        #[serde(default)]
        list: Lenient<Vec<Lenient<String>>>,
    }

    #[test]
    fn what_is_of_another_type_is_absent_and_hides_nothing_else() {
        for (json, text, list) in [
            (r#"{"text":"a","list":["b",7,null,"c"]}"#, Some("a"), Some("b,,,c")),
            (r#"{"text":{"a":[{"b":1}]},"list":["b"]}"#, None, Some("b")),
            (r#"{"text":[["a"]],"list":{"b":["c"]}}"#, None, None),
            (r#"{"text":true,"list":1.5}"#, None, None),
            (r#"{"text":-1,"list":"b"}"#, None, None),
            (r#"{"text":null}"#, None, None),
        ] {
            let both: Both = serde_json::from_str(json).unwrap();
            assert_eq!(both.text.0.as_deref(), text, "{json}");
            let entries = |list: Vec<Lenient<String>>| {
                let entries = list.into_iter().map(|entry| entry.0.unwrap_or_default());
                entries.collect::<Vec<_>>().join(",")
            };
            assert_eq!(both.list.0.map(entries).as_deref(), list, "{json}");
        }
    }
}
