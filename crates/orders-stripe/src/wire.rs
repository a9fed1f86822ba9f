//! What Stripe sends, as far as an order needs it.
//!
//! Types of our own, since generated ones refuse payloads that Stripe really sends: every field
//! may be absent or null, unknown fields and words are let pass, and an id may stand where an
//! object can. A value of the wrong type is still an error, and names its field.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Malformed;

/// Reads a body, or says which field cannot be read.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // The error's own text would quote the value.
        Malformed::at(if path == "." { "body".to_owned() } else { path })
    })?;
    json.end().map_err(|_| Malformed::at("body"))?;
    Ok(value)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) payment_status: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) created: Option<Integer>,
    pub(crate) currency: Option<String>,
    pub(crate) amount_total: Option<Integer>,
    pub(crate) amount_subtotal: Option<Integer>,
    pub(crate) total_details: Option<TotalDetails>,
    pub(crate) shipping_cost: Option<ShippingCost>,
    pub(crate) presentment_details: Option<PresentmentDetails>,
    pub(crate) customer: Option<Expandable<Customer>>,
    pub(crate) customer_details: Option<CustomerDetails>,
    pub(crate) customer_email: Option<String>,
    pub(crate) collected_information: Option<CollectedInformation>,
    /// API versions from 2022-08-01 to 2025-02-24.
    pub(crate) shipping_details: Option<Shipping>,
    /// API versions before 2022-08-01.
    pub(crate) shipping: Option<Shipping>,
    pub(crate) payment_intent: Option<Expandable<PaymentIntent>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) line_items: Option<LineList>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Stripe's names")]
pub(crate) struct TotalDetails {
    pub(crate) amount_discount: Option<Integer>,
    pub(crate) amount_shipping: Option<Integer>,
    pub(crate) amount_tax: Option<Integer>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShippingCost {
    pub(crate) amount_total: Option<Integer>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PresentmentDetails {
    pub(crate) presentment_amount: Option<Integer>,
    pub(crate) presentment_currency: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: Option<String>,
    /// Absent on a deleted customer.
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Deserialize)]
pub(crate) struct CustomerDetails {
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CollectedInformation {
    pub(crate) shipping_details: Option<Shipping>,
}

#[derive(Deserialize)]
pub(crate) struct Shipping {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<Address>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Address {
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country: Option<String>,
}

macro_rules! personal {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[personal]")
            }
        })*
    };
}
personal!(CustomerDetails, Shipping, Address, Metadata);

#[derive(Debug, Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) latest_charge: Option<Expandable<Charge>>,
}

/// Refunds and disputes stand here; a payment intent says nothing of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<Integer>,
    pub(crate) amount_refunded: Option<Integer>,
    /// True only when refunded in full.
    pub(crate) refunded: Option<bool>,
    pub(crate) disputed: Option<bool>,
    pub(crate) receipt_url: Option<String>,
}

/// A page of lines: the first comes with the session, further ones from the list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LineList {
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) data: Vec<Line>,
    pub(crate) has_more: Option<bool>,
}

impl LineList {
    /// The id of the last line, after which the next page begins.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.data.last()?.id.as_deref().filter(|id| !id.is_empty())
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) quantity: Option<Integer>,
    pub(crate) currency: Option<String>,
    pub(crate) amount_total: Option<Integer>,
    pub(crate) amount_subtotal: Option<Integer>,
    pub(crate) price: Option<Expandable<Price>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Price {
    pub(crate) id: Option<String>,
    pub(crate) currency: Option<String>,
    /// Null for tiers and for fractions of a cent.
    pub(crate) unit_amount: Option<Integer>,
    pub(crate) product: Option<Expandable<Product>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) images: Vec<Option<String>>,
    pub(crate) metadata: Option<Metadata>,
}

fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
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
#[derive(Debug)]
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

/// The body of an error (Stripe: errors).
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorDetails,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorDetails {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) code: Option<String>,
}
