use serde_json::{Value, json};

use super::*;
use crate::lenient::parse;
use crate::reading::read_lines;

fn parse_session(body: &[u8], fetched_at: Timestamp) -> Result<UnverifiedCheckout, Malformed> {
    let session: Session = parse(body)?;
    let id = session.id.as_deref().unwrap_or_default().parse().map_err(|_| Malformed::at("id"))?;
    checkout(id, session, fetched_at)
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_764_192_504_990).unwrap()
}

fn fault(session: Value) -> String {
    parse_session(session.to_string().as_bytes(), now()).unwrap_err().field
}

#[test]
fn a_field_of_the_wrong_type_is_named_and_its_value_is_not() {
    let with = |field: &str, value: Value| {
        let mut session = json!({"id": "cs_test_1"});
        session[field] = value;
        session
    };
    for (session, field) in [
        (json!({}), "id"),
        (json!({"id": null}), "id"),
        (json!({"id": "with a blank"}), "id"),
        (with("amount_total", json!("ava@example.com")), "amount_total"),
        (with("amount_total", json!(10.5)), "amount_total"),
        (with("amount_total", json!(u64::MAX)), "amount_total"),
        (with("created", json!(i64::MAX)), "created"),
        (with("customer", json!(7)), "customer"),
        (with("customer", json!({"metadata": "x"})), "customer.metadata"),
        (with("customer_details", json!({"email": ["ava@example.com"]})), "customer_details.email"),
        (
            with("payment_intent", json!({"latest_charge": {"refunded": "yes"}})),
            "payment_intent.latest_charge.refunded",
        ),
        (
            with("line_items", json!({"data": [{}, {"amount_total": "1"}]})),
            "line_items.data[1].amount_total",
        ),
        (
            with("line_items", json!({"data": [{"price": {"product": {"images": 1}}}]})),
            "line_items.data[0].price.product.images",
        ),
        (with("metadata", json!("x")), "metadata"),
    ] {
        assert_eq!(fault(session.clone()), field, "{session}");
    }
    for body in ["", "null", "[]", "{\"id\":\"cs_test_1\"} and more", "<html>"] {
        assert_eq!(parse_session(body.as_bytes(), now()).unwrap_err().field, "body", "{body}");
    }
    let error = parse_session(br#"{"id":"cs_test_1","amount_total":"ava@example.com"}"#, now());
    assert!(!format!("{error:?} {}", error.as_ref().unwrap_err()).contains("ava"));
}

#[test]
fn what_may_be_absent_null_or_of_the_future_is_let_pass() {
    for session in [
        json!({"id": "cs_test_1"}),
        json!({
            "id": "cs_test_1", "status": null, "payment_status": null, "amount_total": null,
            "currency": null, "customer": null, "customer_details": null, "metadata": null,
            "line_items": null, "payment_intent": null, "total_details": null, "created": null,
        }),
        json!({
            "id": "cs_test_1", "status": "a word of the future", "mode": "rental",
            "metadata": [], "customer": {"id": "cus_1", "deleted": true}, "amount_total": 3000.0,
            "line_items": {"data": null, "has_more": null}, "new": {"field": [1, {"x": null}]},
        }),
    ] {
        parse_session(session.to_string().as_bytes(), now()).unwrap();
    }
}

#[test]
fn every_recorded_line_list_becomes_lines_or_names_its_field() {
    let Some(lists) = test_support::recorded_payloads("line_items") else { return };
    let mut lines = 0;
    for (name, payload) in lists {
        let value: Value = serde_json::from_slice(&payload).unwrap();
        // Some files hold a line by itself.
        let list = if value["object"] == "item" { json!({"data": [value]}) } else { value };
        let count = list["data"].as_array().map_or(0, Vec::len);
        let read = read_lines(list.to_string().as_bytes(), None);
        assert_eq!(read.as_ref().map(Vec::len), Ok(count), "{name}");
        lines += count;
        for line in read.unwrap() {
            assert!(line.name.is_some_and(|name| !name.is_empty()), "{name}");
        }
    }
    assert!(lines > 15, "{lines}");
}

#[test]
fn every_recorded_session_becomes_an_order_or_names_its_field() {
    let Some(sessions) = test_support::recorded_payloads("sessions") else { return };
    let mut refused = Vec::new();
    for (name, payload) in sessions {
        let has_id = serde_json::from_slice::<Value>(&payload).unwrap()["id"].is_string();
        match parse_session(&payload, now()) {
            Ok(_) => assert!(has_id, "{name}"),
            Err(malformed) => refused.push((name, malformed.field)),
        }
    }
    assert!(refused.iter().all(|(_, field)| field == "id"), "{refused:?}");
}
