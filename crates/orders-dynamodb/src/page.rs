//! An answer to a query, as DynamoDB sends it.

use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity};
use serde::Deserialize;

use crate::item::{Item, Value};
use crate::keys::NewItem;

/// A page of rows, borrowed from the answer's bytes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page<'a> {
    /// The rows. Every answer to a query has a list of them.
    #[serde(borrow)]
    pub(crate) items: Vec<Item<'a>>,
    #[serde(default)]
    count: usize,
    #[serde(default)]
    scanned_count: i32,
    #[serde(default)]
    consumed_capacity: Option<Capacity>,
    #[serde(default, borrow)]
    last_evaluated_key: Option<Item<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Capacity {
    #[serde(default)]
    capacity_units: Option<f64>,
}

/// What is left of a page when its rows are read.
pub(crate) struct End {
    /// How many rows DynamoDB looked at.
    pub(crate) scanned: i32,
    /// What it charged.
    pub(crate) capacity: Option<ConsumedCapacity>,
    /// Where the next page begins.
    pub(crate) next: Option<NewItem>,
}

impl<'a> Page<'a> {
    /// Reads the bytes of an answer. What is no page, or has less in it than it says, did not come
    /// from DynamoDB: `None`.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let page: Self = serde_json::from_slice(bytes).ok()?;
        (page.items.len() >= page.count).then_some(page)
    }

    /// The page without its rows. `None` where the next one begins at no key.
    pub(crate) fn end(&self) -> Option<End> {
        let units = self.consumed_capacity.as_ref().and_then(|capacity| capacity.capacity_units);
        let next = self.last_evaluated_key.iter().flat_map(Item::iter);
        let next = next.map(|(name, value)| Some((name.to_owned(), key(value)?)));
        let next: NewItem = next.collect::<Option<_>>()?;
        Some(End {
            scanned: self.scanned_count,
            capacity: units.map(|units| ConsumedCapacity::builder().capacity_units(units).build()),
            next: (!next.is_empty()).then_some(next),
        })
    }
}

/// A part of a key. The table's are texts; an index of somebody else's may have numbers.
fn key(value: &Value<'_>) -> Option<AttributeValue> {
    match value {
        Value::Text(text) => Some(AttributeValue::S(text.to_string())),
        Value::Number(number) => Some(AttributeValue::N(number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_rows_its_cost_and_where_the_next_begins() {
        let json = br#"{"Count":1,"Items":[{"PK":{"S":"USER#a"}}],"ScannedCount":7,"ConsumedCapacity":
            {"TableName":"t","CapacityUnits":2.5},"LastEvaluatedKey":{"PK":{"S":"USER#a"},"n":{"N":"1"}}}"#;
        let page = Page::read(json).unwrap();
        assert_eq!(page.items[0].text("PK"), Some("USER#a"));
        let end = page.end().unwrap();
        assert_eq!(end.scanned, 7);
        assert_eq!(end.capacity.unwrap().capacity_units(), Some(2.5));
        assert_eq!(end.next.unwrap()["n"], AttributeValue::N("1".to_owned()));
        let last = Page::read(br#"{"Items":[],"LastEvaluatedKey":{}}"#).unwrap();
        assert!(last.end().unwrap().next.is_none());
    }

    #[test]
    fn what_is_no_page_is_none() {
        for json in [
            "{}",
            "}{ no JSON",
            r#"{"Items":null}"#,
            r#"{"Items":"rows"}"#,
            r#"{"Items":[],"Count":1}"#,
            r#"{"Items":[],"Count":-1}"#,
            r#"{"Items":[{"a":"b"}]}"#,
        ] {
            assert!(Page::read(json.as_bytes()).is_none(), "{json}");
        }
        let odd = Page::read(br#"{"Items":[],"LastEvaluatedKey":{"PK":{"BOOL":true}}}"#).unwrap();
        assert!(odd.end().is_none());
    }
}
