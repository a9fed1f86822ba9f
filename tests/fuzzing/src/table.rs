use orders::Order;
use orders::ports::{Lookup, StoreError};
use serde_json::Value;

use crate::ORDER;
use crate::canned_table::{fetched, keyed, member, with_table};
use crate::shown::shown;

/// An item of the table, as DynamoDB's JSON. It may be wrong in any way; it is a row of the order
/// where it is an object at all.
pub fn item(bytes: &[u8]) {
    let keyed = match serde_json::from_slice::<Value>(bytes) {
        Ok(item @ Value::Object(_)) => keyed(item).to_string().into_bytes(),
        _ => bytes.to_vec(),
    };
    with_table(|table| match table.find_among(&keyed) {
        // What is no answer of DynamoDB's is an outage, which may pass.
        Ok(Lookup::Absent) | Err(StoreError::Unavailable(_)) => {}
        Ok(Lookup::Corrupt(row)) => {
            assert!(!row.attribute.is_empty(), "a corrupt row without a reason");
            table.check_round_trip(&fetched(without_the_webhooks(row.salvage)));
        }
        Ok(Lookup::Found(snapshot)) => {
            let Ok(snapshot) = snapshot.claim(&member()) else { return };
            assert_eq!(snapshot.order.order_id.as_str(), ORDER);
            let Ok(Lookup::Found(again)) = table.find_among(&keyed) else { panic!("it is gone") };
            let again = again.claim(&member()).expect("still hers");
            assert_eq!(shown(&again.order), shown(&snapshot.order), "read twice");
            table.check_round_trip(&fetched(without_the_webhooks(snapshot.order)));
        }
        Err(StoreError::Refused(why)) => panic!("{why}"),
    });
}

/// What only the webhook files is never written by us: it stays in its row.
fn without_the_webhooks(order: Order) -> Order {
    Order { pricing_summary: None, discounts: None, ..order }
}
