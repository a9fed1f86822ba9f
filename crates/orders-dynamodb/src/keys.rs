//! How the table is keyed. No other file knows `PK` and `SK`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{OrderId, Timestamp, UserId};

type Item = HashMap<String, AttributeValue>;

const PARTITION: &str = "PK";
const SORT: &str = "SK";

/// The condition that holds where no row stands at the key.
pub(crate) const NO_ROW: &str = "attribute_not_exists(PK)";
/// The condition that holds where a row stands at the key.
pub(crate) const ROW_EXISTS: &str = "attribute_exists(PK)";
/// The rows of one order in one partition, on the index (hash `orderId`, range `PK`).
pub(crate) const INDEX_KEYS: &str = "orderId = :order AND PK = :partition";
/// Every order in one partition, on the table.
pub(crate) const PARTITION_KEYS: &str = "PK = :partition AND begins_with(SK, :orders)";
/// What [`PARTITION_KEYS`] calls `:orders`.
pub(crate) const ORDERS_PREFIX: &str = "ORDER#";

/// The partition of a member.
pub(crate) fn partition(user: &UserId) -> AttributeValue {
    AttributeValue::S(format!("USER#{}", user.as_str()))
}

/// The sort key of the row that a fallback writes. It follows from the session alone, so that a
/// repetition writes the same row.
pub(crate) fn order_row(created: Timestamp, order: &OrderId) -> String {
    format!("{ORDERS_PREFIX}{}#{order}", created.seconds())
}

/// The key of a row in a member's partition.
pub(crate) fn row_key(user: &UserId, sort: &str) -> Item {
    HashMap::from([
        (PARTITION.to_owned(), partition(user)),
        (SORT.to_owned(), AttributeValue::S(sort.to_owned())),
    ])
}

/// The key of a member's profile.
pub(crate) fn profile_key(user: &UserId) -> Item {
    row_key(user, "PROFILE")
}

/// The sort key of a row as read.
pub(crate) fn sort_key(item: &Item) -> Option<&str> {
    item.get(SORT)?.as_s().ok().map(String::as_str)
}

/// Whether a row is an order.
pub(crate) fn is_order(item: &Item) -> bool {
    sort_key(item).is_some_and(|sort| sort.starts_with(ORDERS_PREFIX))
}

/// The `<timestamp>` of `ORDER#<timestamp>#<orderId>`: epoch seconds or ISO 8601, depending on
/// the writer.
pub(crate) fn written_at(sort: &str) -> Option<Timestamp> {
    sort.strip_prefix(ORDERS_PREFIX)?.split('#').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fallback_row_is_keyed_by_the_sessions_creation_in_seconds() {
        let created = Timestamp::from_millis(1_764_192_504_990).unwrap();
        let order = "cs_test_1".parse().unwrap();
        assert_eq!(order_row(created, &order), "ORDER#1764192504#cs_test_1");
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
