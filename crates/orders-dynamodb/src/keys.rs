//! How the table is keyed. No other file knows `PK` and `SK`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{EventId, OrderId, Timestamp, UserId};

use crate::item::Item;

/// A row as it is written, or a part of one.
pub(crate) type NewItem = HashMap<String, AttributeValue>;

const PARTITION: &str = "PK";
const SORT: &str = "SK";
const MEMBER_PREFIX: &str = "USER#";
const ORDER_ID: &str = "orderId";

/// The condition that holds where no row stands at the key.
pub(crate) const NO_ROW: &str = "attribute_not_exists(PK)";
/// The condition that holds where a row stands at the key.
pub(crate) const ROW_EXISTS: &str = "attribute_exists(PK)";
/// The rows of one order in one partition, on the index (hash `orderId`, range `PK`).
pub(crate) const INDEX_KEYS: &str = "orderId = :order AND PK = :partition";
/// The rows of one order in all partitions, on the index.
pub(crate) const INDEX_ORDER: &str = "orderId = :order";
/// The orders in one partition from some time on, on the table; those with ISO 8601 in their keys
/// come after all others, and are always among them.
pub(crate) const PARTITION_SINCE: &str = "PK = :partition AND SK BETWEEN :since AND :last";
/// Every order in one partition, on the table.
pub(crate) const PARTITION_KEYS: &str = "PK = :partition AND begins_with(SK, :orders)";
/// Among them the one asked for, and those of which only the key can tell which order they are.
pub(crate) const ORDER_FILTER: &str = "orderId = :order OR NOT attribute_type(orderId, :text)";
/// What [`PARTITION_KEYS`] calls `:orders`.
pub(crate) const ORDERS_PREFIX: &str = "ORDER#";

/// The partition of a member.
pub(crate) fn partition(user: &UserId) -> AttributeValue {
    AttributeValue::S(format!("{MEMBER_PREFIX}{}", user.as_str()))
}

/// The sort key of the row that a fallback writes. It follows from the session alone, so that a
/// repetition writes the same row.
pub(crate) fn order_row(created: Timestamp, order: &OrderId) -> String {
    format!("{ORDERS_PREFIX}{}#{order}", created.seconds())
}

/// The keys between which every row of an order lies whose session was made at that moment. Some
/// writer's clock may be behind.
pub(crate) fn rows_since(created: Timestamp) -> [AttributeValue; 2] {
    const DAY: i64 = 24 * 60 * 60;
    let since = format!("{ORDERS_PREFIX}{}", created.seconds() - DAY);
    [since, format!("{ORDERS_PREFIX}~")].map(AttributeValue::S)
}

/// The key of the mark of an event that was dealt with.
pub(crate) fn event_key(event: &EventId) -> NewItem {
    HashMap::from([
        (PARTITION.to_owned(), AttributeValue::S(format!("EVENT#{event}"))),
        (SORT.to_owned(), AttributeValue::S("METADATA".to_owned())),
    ])
}

/// The key of a row as read.
pub(crate) fn key_of(item: &NewItem) -> Option<NewItem> {
    let part = |name: &str| Some((name.to_owned(), item.get(name)?.clone()));
    Some(HashMap::from([part(PARTITION)?, part(SORT)?]))
}

/// In whose partition a row lies, if it is a member's.
pub(crate) fn user_of(item: &NewItem) -> Option<UserId> {
    let id = item.get(PARTITION)?.as_s().ok()?.strip_prefix(MEMBER_PREFIX)?;
    id.parse().ok().filter(|user: &UserId| user.as_str() == id)
}

/// The key of a row in a member's partition.
pub(crate) fn row_key(user: &UserId, sort: &str) -> NewItem {
    HashMap::from([
        (PARTITION.to_owned(), partition(user)),
        (SORT.to_owned(), AttributeValue::S(sort.to_owned())),
    ])
}

/// The key of a member's profile.
pub(crate) fn profile_key(user: &UserId) -> NewItem {
    row_key(user, "PROFILE")
}

/// The sort key of a row as read.
pub(crate) fn sort_key<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    item.text(SORT)
}

/// Whether a row is this order's: by its `orderId`, and where that is no text, by its key.
pub(crate) fn is_row_of(item: &Item<'_>, order: &OrderId) -> bool {
    let named = item.text(ORDER_ID);
    sort_key(item).and_then(|sort| sort.strip_prefix(ORDERS_PREFIX)).is_some_and(|sort| {
        let in_key = || sort.split_once('#').is_some_and(|(_, id)| id == order.as_str());
        named.map_or_else(in_key, |id| id == order.as_str())
    })
}

/// Whether a row lies in another partition than the member's.
pub(crate) fn is_anothers(item: &Item<'_>, user: &UserId) -> bool {
    let is_hers = |key: &str| key.strip_prefix(MEMBER_PREFIX) == Some(user.as_str());
    item.get(PARTITION).is_some_and(|_| !item.text(PARTITION).is_some_and(is_hers))
}

/// The `<timestamp>` of `ORDER#<timestamp>#<orderId>`: epoch seconds or ISO 8601, depending on
/// the writer.
pub(crate) fn written_at(sort: &str) -> Option<Timestamp> {
    sort.strip_prefix(ORDERS_PREFIX)?.split('#').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Value;

    #[test]
    fn a_fallback_row_is_keyed_by_the_sessions_creation_in_seconds() {
        let created = Timestamp::from_millis(1_764_192_504_990).unwrap();
        let order = "cs_test_1".parse().unwrap();
        assert_eq!(order_row(created, &order), "ORDER#1764192504#cs_test_1");
    }

    #[test]
    fn a_row_is_an_orders_by_its_attribute_and_without_one_by_its_key() {
        let text = |text: &'static str| Value::Text(text.into());
        let row = |sort: &'static str, order_id: Option<Value<'static>>| {
            let id = order_id.map(|id| (ORDER_ID, id));
            let item: Item<'_> = [(SORT, text(sort))].into_iter().chain(id).collect();
            is_row_of(&item, &"cs_test_1".parse().unwrap())
        };
        let (own, other) = ("ORDER#1#cs_test_1", "ORDER#1#cs_test_2");
        assert!(row(own, None) && row(own, Some(Value::Null)));
        assert!(row(own, Some(text("cs_test_1"))) && row(other, Some(text("cs_test_1"))));
        assert!(!row(other, None) && !row(own, Some(text("cs_test_2"))));
        assert!(!row("ORDER#1#x#cs_test_1", None) && !row("NOTE#1#cs_test_1", None));
    }

    #[test]
    fn the_time_in_a_key_is_read_in_seconds_and_in_iso_8601() {
        let written = |sort: &str| written_at(sort).map(|moment| moment.to_string());
        let moment = Some("2025-11-26T21:28:24.000Z".to_owned());
        assert_eq!(written("ORDER#1764192504#cs_test_1"), moment);
        assert_eq!(written("ORDER#2025-11-26T21:28:24Z#cs_test_1"), moment);
        assert_eq!(written("ORDER#soon#cs_test_1"), None);
        assert_eq!(written("PROFILE"), None);
    }
}
