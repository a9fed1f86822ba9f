use orders::Order;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// The nine fields that are always there, in their order.
const ALWAYS: [&str; 9] = [
    "\"orderId\":",
    "\"orderNumber\":",
    "\"status\":",
    "\"amount\":",
    "\"currency\":",
    "\"createdAt\":",
    "\"itemCount\":",
    "\"items\":",
    "\"customerEmail\":",
];

/// An order as its member sees it, checked to be what the contract promises.
pub(crate) fn shown(order: &Order) -> String {
    let body = serde_json::to_string(order).expect("any order can be written");
    let fields: Map<String, Value> = serde_json::from_str(&body).expect("as JSON");
    let mut rest = body.strip_prefix('{').expect("an object");
    for field in ALWAYS {
        assert!(rest.starts_with(field), "{field} is missing, or not in its place");
        let mut after = serde_json::Deserializer::from_str(&rest[field.len()..]).into_iter();
        let _: Option<Result<IgnoredAny, _>> = after.next();
        rest = rest[field.len() + after.byte_offset()..].trim_start_matches(',');
    }
    let items = fields["items"].as_array().expect("a list");
    assert_eq!(fields["itemCount"].as_u64(), Some(items.len() as u64));
    for amount in ["amount", "amountSubtotal", "amountTax", "amountRefunded"] {
        let amount = fields.get(amount).unwrap_or(&Value::Null);
        assert!(amount.is_null() || amount.is_i64(), "{amount} is no integer");
    }
    if let Some(metadata) = fields.get("metadata") {
        for internal in ["userId", "user_id", "quoteSignature", "normalizedHash"] {
            assert!(metadata.get(internal).is_none(), "{internal} is shown");
        }
    }
    body
}
