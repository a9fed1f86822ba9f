//! How Stripe's values are read: tolerantly, but never in silence where a value is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Malformed;
use crate::error::WHOLE_BODY;

/// Reads a body, or says which field cannot be read.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // The error's own text would quote the value.
        if error.inner().is_data() && path != "." { Malformed::at(path) } else { no_json() }
    })?;
    json.end().map_err(|_| no_json())?;
    Ok(value)
}

fn no_json() -> Malformed {
    Malformed::at(WHOLE_BODY)
}

/// A value, or its default where it is null.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An integer that may be written with a decimal point (`3000.0`), as some re-serialisers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer(pub(crate) i64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerVisitor;

        impl Visitor<'_> for IntegerVisitor {
            type Value = Integer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Integer, E> {
                Ok(Integer(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Integer, E> {
                i64::try_from(value).map(Integer).map_err(E::custom)
            }

            #[expect(clippy::cast_possible_truncation, reason = "checked to be exact")]
            fn visit_f64<E: Error>(self, value: f64) -> Result<Integer, E> {
                // Beyond 2^53 a float no longer tells neighbouring integers apart.
                if value.fract() == 0.0 && value.abs() < 9e15 {
                    Ok(Integer(value as i64))
                } else {
                    Err(E::custom("not an integer"))
                }
            }
        }

        deserializer.deserialize_any(IntegerVisitor)
    }
}

/// An id, or the object that it names where it was expanded.
pub(crate) enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

impl<T> Expandable<T> {
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Self::Id(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    /// The id, whichever stands there.
    pub(crate) fn id<'a>(
        &'a self,
        of: impl FnOnce(&'a T) -> Option<&'a String>,
    ) -> Option<&'a String> {
        match self {
            Self::Id(id) => Some(id),
            Self::Object(object) => of(object),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpandableVisitor<T>(PhantomData<T>);

        // By hand rather than `#[serde(untagged)]`, which would lose the path of a bad field.
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ExpandableVisitor<T> {
            type Value = Expandable<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or an object")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Self::Value, E> {
                Ok(Expandable::Id(id.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let object = T::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Expandable::Object(Box::new(object)))
            }
        }

        deserializer.deserialize_any(ExpandableVisitor(PhantomData))
    }
}

/// Metadata: words by name. Numbers and booleans become words; a list (PHP writes an empty map as
/// `[]`) is empty; anything else is passed over.
#[derive(Default)]
pub(crate) struct Metadata(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MetadataVisitor;

        impl<'de> Visitor<'de> for MetadataVisitor {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of words")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut words = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let word = match value {
                        serde_json::Value::String(text) => text,
                        serde_json::Value::Number(number) => number.to_string(),
                        serde_json::Value::Bool(flag) => flag.to_string(),
                        _ => continue,
                    };
                    words.insert(key, word);
                }
                Ok(Metadata(words))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Metadata, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Metadata::default())
            }
        }

        deserializer.deserialize_any(MetadataVisitor)
    }
}
