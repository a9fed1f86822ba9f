use super::*;

fn text(value: &str) -> Value<'_> {
    Value::Text(value.into())
}

fn number(value: &str) -> Value<'_> {
    Value::Number(value.into())
}

fn id() -> OrderId {
    "cs_test_1".parse().unwrap()
}

fn row<'a>(attributes: &[(&'a str, Value<'a>)]) -> Item<'a> {
    let key = [("SK", text("ORDER#1764192504#cs_test_1")), ("orderId", text("cs_test_1"))];
    // The first of a name counts.
    attributes.iter().cloned().chain(key).collect()
}

fn map<'a>(attributes: &[(&'a str, Value<'a>)]) -> Value<'a> {
    Value::Map(attributes.iter().cloned().collect())
}

#[test]
fn amounts_are_integers_in_whatever_way_they_are_spelled() {
    for spelling in ["3000", "3000.0", "3E+3"] {
        let read = order_row(&row(&[("amount", number(spelling))]), &id());
        assert_eq!((read.order.amount, read.corrupt_at), (Some(3000), None), "{spelling}");
    }
}

#[test]
fn null_blanks_and_what_says_nothing_are_the_same_as_absent() {
    let read = order_row(
        &row(&[
            ("amount", Value::Null),
            ("items", Value::Null),
            ("customerEmail", text("  ")),
            ("createdAt", text("yesterday")),
            ("metadata", text("{}")),
            ("source", number("5")),
            ("final", text("true")),
            ("updatedAt", Value::Flag(true)),
            ("shippingAddress", Value::List(vec![])),
        ]),
        &id(),
    );
    assert_eq!(read.corrupt_at, None);
    assert_eq!(read.order, Order::new(id()));
}

#[test]
fn what_cannot_be_read_is_named_by_its_path_and_the_rest_is_kept() {
    fn line<'a>(name: &'a str, value: Value<'a>) -> Value<'a> {
        Value::List(vec![map(&[]), map(&[(name, value)])])
    }
    for (attribute, value, path) in [
        ("amount", number("30.5"), "amount"),
        ("amount", text("3000"), "amount"),
        ("orderId", text("cs_test_other"), "orderId"),
        ("orderId", number("1"), "orderId"),
        ("createdAt", Value::Flag(true), "createdAt"),
        ("status", number("7"), "status"),
        ("items", text("[]"), "items"),
        ("items", Value::List(vec![text("a line")]), "items[0]"),
        ("items", line("amountTotal", number("0.1")), "items[1].amountTotal"),
        ("items", line("quantity", text("2")), "items[1].quantity"),
        ("shippingAddress", text("1 Road"), "shippingAddress"),
        ("shippingAddress", map(&[("city", number("1"))]), "shippingAddress.city"),
    ] {
        let read = order_row(&row(&[("mode", text("payment")), (attribute, value)]), &id());
        assert_eq!(read.corrupt_at.as_deref(), Some(path));
        assert_eq!(read.order.mode.as_deref(), Some("payment"), "{path}");
    }
}

#[test]
fn moments_are_read_from_texts_and_numbers() {
    for value in [
        text("2025-11-26T21:28:24.990123+00:00"),
        text("2025-11-26T21:28:24.99Z"),
        number("1764192504990"),
    ] {
        let read = order_row(&row(&[("createdAt", value)]), &id());
        assert_eq!(read.order.created_at.unwrap().to_string(), "2025-11-26T21:28:24.990Z");
    }
    // As Python's `time.time()` has it.
    let read = order_row(&row(&[("createdAt", number("1764192504.99"))]), &id());
    assert_eq!(read.order.created_at.unwrap().to_string(), "2025-11-26T21:28:24.000Z");
}

#[test]
fn a_document_too_deep_for_dynamodb_itself_is_not_followed() {
    let nested = |levels| (0..levels).fold(text("core"), |inner, _| Value::List(vec![inner]));
    let read = |levels| order_row(&row(&[("pricingSummary", nested(levels))]), &id()).corrupt_at;
    assert_eq!(read(31), None);
    assert_eq!(read(100).as_deref(), Some("pricingSummary"));
}

#[test]
fn a_completed_order_that_is_unpaid_is_pending() {
    let status = |payment: &str| {
        let item = row(&[("status", text("completed")), ("stripePaymentStatus", text(payment))]);
        order_row(&item, &id()).order.status
    };
    assert_eq!(status("unpaid"), Some(OrderStatus::Pending));
    assert_eq!(status("paid"), Some(OrderStatus::Completed));
}

#[test]
fn a_row_expires_by_a_number_in_the_past_only() {
    let now = Timestamp::from_millis(1_764_192_504_000).unwrap();
    for (value, expired) in [
        (number("1764192503"), true),
        (number("1764192504"), true),
        (number("1.764192503E9"), true),
        (number("1764192503.5"), true),
        (number("1764192505"), false),
        (text("1"), false),
        (Value::Null, false),
    ] {
        assert_eq!(is_expired(&row(&[("expiresAt", value.clone())]), now), expired, "{value:?}");
    }
    assert!(!is_expired(&row(&[]), now));
}
