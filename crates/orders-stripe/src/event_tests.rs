use serde_json::json;

use super::*;

fn event(kind: &str, object: Value) -> Value {
    json!({
        "id": "evt_1", "object": "event", "type": kind, "created": 1_764_192_504,
        "livemode": false, "data": {"object": object},
    })
}

fn read_json(event: &Value) -> Result<Event, MalformedEvent> {
    read_event(event.to_string().as_bytes())
}

/// What an event is about, in a word.
fn about_of(kind: &str, object: Value) -> String {
    match read_json(&event(kind, object)).map(|event| event.about) {
        Ok(Some(About::Order(order))) => order.to_string(),
        Ok(Some(About::Payment(payment))) => payment.to_string(),
        Ok(Some(About::NoOrder)) => "no order".to_owned(),
        Ok(None) => "nothing".to_owned(),
        Err(malformed) => malformed.field,
    }
}

#[test]
fn each_type_of_the_contract_names_its_session_or_its_payment() {
    let session = json!({"id": "cs_test_1", "payment_intent": "pi_2"});
    let part = json!({"id": "ch_1", "payment_intent": "pi_2"});
    for (kind, object, expected) in [
        ("checkout.session.completed", &session, "cs_test_1"),
        ("checkout.session.async_payment_succeeded", &session, "cs_test_1"),
        ("checkout.session.async_payment_failed", &session, "cs_test_1"),
        ("checkout.session.expired", &session, "cs_test_1"),
        ("charge.refunded", &part, "pi_2"),
        ("charge.refund.updated", &part, "pi_2"),
        ("refund.created", &part, "pi_2"),
        ("refund.failed", &part, "pi_2"),
        ("charge.dispute.created", &part, "pi_2"),
        ("charge.dispute.closed", &part, "pi_2"),
        ("payment_intent.succeeded", &json!({"id": "pi_2"}), "pi_2"),
        ("payment_intent.payment_failed", &json!({"id": "pi_2"}), "pi_2"),
        ("payment_intent.canceled", &json!({"id": "pi_2"}), "pi_2"),
        ("charge.refunded", &json!({"payment_intent": {"id": "pi_2"}}), "pi_2"),
        ("charge.refunded", &json!({"id": "ch_1", "payment_intent": null}), "no order"),
        ("charge.dispute.created", &json!({"id": "dp_1", "charge": "ch_1"}), "no order"),
        ("checkout.session.created", &session, "nothing"),
        ("payment_intent.created", &json!(7), "nothing"),
        ("charge.succeeded", &part, "nothing"),
        ("customer.created", &json!(null), "nothing"),
    ] {
        assert_eq!(about_of(kind, object.clone()), expected, "{kind} {object}");
    }
}

#[test]
fn what_cannot_be_read_is_named_by_its_field_and_never_shown() {
    for (object, field) in [
        (json!({}), "data.object.id"),
        (json!({"id": ""}), "data.object.id"),
        (json!({"id": "secret session"}), "data.object.id"),
        (json!({"id": 7}), "data.object.id"),
        (json!([]), "data.object"),
        (json!("secret"), "data.object"),
    ] {
        let read = read_json(&event("checkout.session.completed", object)).unwrap_err();
        assert_eq!(read.to_string(), format!("the event makes no sense at `{field}`"));
    }
    assert_eq!(
        about_of("refund.created", json!({"payment_intent": "pi 2"})),
        "data.object.payment_intent"
    );
    let good = event("charge.refunded", json!({}));
    for (change, field) in [
        (json!({"id": null}), "id"),
        (json!({"id": "evt 1"}), "id"),
        (json!({"type": null}), "type"),
        (json!({"type": "Charge/../refunded"}), "type"),
        (json!({"livemode": "yes"}), "livemode"),
        (json!({"data": null}), "data"),
        (json!({"data": {}}), "data.object"),
    ] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(read_json(&bad).unwrap_err().field, field);
    }
    for no_json in [&b""[..], b"{", b"null", b"[]", b"{\"id\":\"evt_1\"}}", b"\xff"] {
        assert!(read_event(no_json).is_err());
    }
    assert!(read_event(b"{").unwrap_err().is_whole());
}

#[test]
fn only_events_of_the_keys_mode_and_of_the_shops_own_account_are_ours() {
    let with = |change: Value| {
        let mut event = event("charge.refunded", json!({}));
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        read_json(&event).unwrap()
    };
    assert!(with(json!({})).is_ours(Mode::Test));
    assert!(!with(json!({})).is_ours(Mode::Live));
    assert!(with(json!({"livemode": true})).is_ours(Mode::Live));
    // Sparse events do not say.
    assert!(with(json!({"livemode": null, "account": null})).is_ours(Mode::Live));
    assert!(!with(json!({"account": "acct_1"})).is_ours(Mode::Test));
}

#[test]
fn only_events_about_refunds_may_take_one_back() {
    for (kind, is_of_refund) in [
        ("charge.refunded", true),
        ("refund.failed", true),
        ("charge.refund.updated", true),
        ("charge.dispute.closed", false),
        ("payment_intent.succeeded", false),
    ] {
        let hint = read_json(&event(kind, json!({"id": "pi_1"}))).unwrap().hint().unwrap();
        assert_eq!(hint.is_of_refund, is_of_refund, "{kind}");
    }
}

#[test]
fn a_type_that_came_later_is_counted_with_its_family_or_with_the_others() {
    for (kind, family) in [
        ("checkout.session.completed", "checkout.session.completed"),
        ("checkout.session.reopened", "other"),
        ("payment_intent.succeeded", "payment_intent"),
        ("payment_intent.created", "other"),
        ("refund.paused", "refund"),
        ("charge.refunded", "refund"),
        ("charge.dispute.appealed", "dispute"),
        ("v1.billing.meter.error_report_triggered", "other"),
    ] {
        let event = event(kind, json!({"id": "x_1"}));
        assert_eq!(read_json(&event).unwrap().event_type.family(), family, "{kind}");
    }
}

#[test]
fn an_event_of_the_second_generation_is_of_a_type_that_nobody_asks_about() {
    let thin = json!({
        "id": "evt_test_65UFjd", "object": "v2.core.event", "type": "v2.core.account.created",
        "created": "2026-11-26T21:28:24.990Z", "livemode": false,
        "related_object": {"id": "acct_1", "type": "account", "url": "/v2/core/accounts/acct_1"},
    });
    let event = read_json(&thin).unwrap();
    assert_eq!((event.created, event.hint()), (None, None));
}
