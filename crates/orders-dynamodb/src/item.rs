//! An item as DynamoDB sends it, borrowed from the bytes of the answer.

use std::borrow::Cow;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::keys::NewItem;

/// The attributes of an item, or of a map within it, in their order. There are some thirty, so that
/// a look at each costs less than hashing their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Item<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// How many attributes there is room for at first: a line has 13, a row twice as many.
const USUAL: usize = 16;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// `S`.
    Text(Cow<'a, str>),
    /// `N`, as it is spelled.
    Number(Cow<'a, str>),
    /// `BOOL`.
    Flag(bool),
    /// `NULL`.
    Null,
    /// `L`.
    List(Vec<Value<'a>>),
    /// `M`.
    Map(Item<'a>),
    /// `SS`.
    Texts(Vec<Cow<'a, str>>),
    /// `NS`.
    Numbers(Vec<Cow<'a, str>>),
    /// Bytes, or something that DynamoDB did not have when this was written.
    Other,
}

impl<'a> Item<'a> {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The text of an attribute that is one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// All attributes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

impl<'a, const N: usize> From<[(&'a str, Value<'a>); N]> for Item<'a> {
    fn from(attributes: [(&'a str, Value<'a>); N]) -> Self {
        attributes.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, Value<'a>)> for Item<'a> {
    fn from_iter<T: IntoIterator<Item = (&'a str, Value<'a>)>>(attributes: T) -> Self {
        Self(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// The same of an item that the SDK has read.
impl<'a> From<&'a NewItem> for Item<'a> {
    fn from(item: &'a NewItem) -> Self {
        item.iter().map(|(name, value)| (name.as_str(), Value::from(value))).collect()
    }
}

impl<'a> From<&'a AttributeValue> for Value<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        let texts = |list: &'a [String]| list.iter().map(|text| text.as_str().into()).collect();
        match value {
            AttributeValue::S(text) => Self::Text(text.as_str().into()),
            AttributeValue::N(number) => Self::Number(number.as_str().into()),
            AttributeValue::Bool(flag) => Self::Flag(*flag),
            AttributeValue::Null(_) => Self::Null,
            AttributeValue::L(list) => Self::List(list.iter().map(Self::from).collect()),
            AttributeValue::M(map) => Self::Map(map.into()),
            AttributeValue::Ss(list) => Self::Texts(texts(list)),
            AttributeValue::Ns(list) => Self::Numbers(texts(list)),
            _ => Self::Other,
        }
    }
}

/// A text that is only copied where the bytes have it escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Attributes;

        impl<'de> Visitor<'de> for Attributes {
            type Value = Item<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'de>, A::Error> {
                let mut item = Vec::with_capacity(USUAL);
                while let Some((Text(name), value)) = map.next_entry()? {
                    item.push((name, value));
                }
                Ok(Item(item))
            }
        }

        deserializer.deserialize_map(Attributes)
    }
}

/// DynamoDB's words for the types of values.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    S,
    N,
    Bool,
    Null,
    L,
    M,
    Ss,
    Ns,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Typed;

        impl<'de> Visitor<'de> for Typed {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a value by its type")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                let Some(kind) = map.next_key()? else {
                    return Err(A::Error::custom("a value without a type"));
                };
                let value = match kind {
                    Kind::S => Value::Text(map.next_value::<Text<'_>>()?.0),
                    Kind::N => Value::Number(map.next_value::<Text<'_>>()?.0),
                    Kind::Bool => Value::Flag(map.next_value()?),
                    Kind::Null => map.next_value::<bool>().map(|_| Value::Null)?,
                    Kind::L => Value::List(map.next_value()?),
                    Kind::M => Value::Map(map.next_value()?),
                    Kind::Ss => Value::Texts(texts(map.next_value()?)),
                    Kind::Ns => Value::Numbers(texts(map.next_value()?)),
                    Kind::Other => map.next_value::<IgnoredAny>().map(|_| Value::Other)?,
                };
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(value),
                    Some(_) => Err(A::Error::custom("a value of two types")),
                }
            }
        }

        deserializer.deserialize_map(Typed)
    }
}

fn texts(list: Vec<Text<'_>>) -> Vec<Cow<'_, str>> {
    list.into_iter().map(|text| text.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_and_what_is_none_is_refused() {
        let json = r#"{"s":{"S":"a\"b"},"n":{"N":"1.50"},"f":{"BOOL":true},"z":{"NULL":true},
            "l":{"L":[{"S":"x"},{"B":"AAEC"}]},"m":{"M":{"y":{"N":"2"}}},"ss":{"SS":["p","q"]},
            "ns":{"NS":["1"]},"bs":{"BS":["AA=="]}}"#;
        let item: Item<'_> = serde_json::from_str(json).unwrap();
        for (name, value) in [
            ("s", Value::Text("a\"b".into())),
            ("n", Value::Number("1.50".into())),
            ("f", Value::Flag(true)),
            ("z", Value::Null),
            ("l", Value::List(vec![Value::Text("x".into()), Value::Other])),
            ("m", Value::Map(Item::from([("y", Value::Number("2".into()))]))),
            ("ss", Value::Texts(vec!["p".into(), "q".into()])),
            ("ns", Value::Numbers(vec!["1".into()])),
            ("bs", Value::Other),
        ] {
            assert_eq!(item.get(name), Some(&value), "{name}");
        }
        for bad in [
            "[]",
            r#"{"a":{}}"#,
            r#"{"a":"b"}"#,
            r#"{"a":{"S":1}}"#,
            r#"{"a":{"S":null}}"#,
            r#"{"a":{"S":"b","N":"1"}}"#,
        ] {
            assert!(serde_json::from_str::<Item<'_>>(bad).is_err(), "{bad}");
        }
    }
}
