use serde_json::json;

use super::*;

fn read(event: Value) -> UntrustedRequest {
    UntrustedRequest::from_event(&event.to_string())
}

#[test]
fn the_order_is_the_path_parameter_else_the_end_of_the_path() {
    let text = |text: &str| RawOrderId::Text(text.to_owned());
    for (event, order) in [
        (json!({"pathParameters": {"orderId": "a"}, "path": "/dashboard/orders/b"}), text("a")),
        (
            json!({"pathParameters": {"orderId": ""}, "path": "/dashboard/orders/b"}),
            RawOrderId::Missing,
        ),
        (json!({"pathParameters": {"proxy": "x"}, "path": "/dashboard/orders/b"}), text("b")),
        (json!({"pathParameters": null, "path": "/prod/dashboard/orders/b/"}), text("b")),
        (json!({"rawPath": "/base/dashboard/orders/c"}), text("c")),
        (json!({"requestContext": {"http": {"path": "/dashboard/orders/d"}}}), text("d")),
        (json!({"path": "/dashboard/orders/a%2Db"}), text("a-b")),
        (json!({"path": "/dashboard/orders/a%252Db"}), text("a%2Db")),
        (json!({"path": "/dashboard/orders/a/b"}), text("a/b")),
        (json!({"path": "/dashboard/orders/%ff"}), RawOrderId::NotText),
        (json!({"path": "/dashboard/orders/"}), RawOrderId::Missing),
        (json!({"path": "/dashboard/orders"}), RawOrderId::Missing),
        (json!({"path": "/orders/a"}), RawOrderId::Missing),
        (json!({}), RawOrderId::Missing),
    ] {
        assert_eq!(read(event.clone()).order, order, "{event}");
    }
}

#[test]
fn the_method_is_found_in_every_kind_of_event_and_is_get_where_there_is_none() {
    for (event, method) in [
        (json!({"httpMethod": "head"}), "HEAD"),
        (json!({"requestContext": {"http": {"method": "OPTIONS"}}}), "OPTIONS"),
        (json!({"httpMethod": 7}), "GET"),
        (json!({}), "GET"),
    ] {
        assert_eq!(read(event.clone()).method, method, "{event}");
    }
}

#[test]
fn headers_are_found_whatever_their_case_and_however_they_are_sent() {
    for (event, origin) in [
        (json!({"headers": {"ORIGIN": "https://a"}}), Some("https://a")),
        (json!({"multiValueHeaders": {"origin": ["https://b"]}}), Some("https://b")),
        (
            json!({"headers": {"origin": "https://a"}, "multiValueHeaders": {"Origin": ["https://b", "https://c"]}}),
            Some("https://b"),
        ),
        (json!({"headers": {"origin": 7}}), None),
        (json!({"headers": null, "multiValueHeaders": null}), None),
    ] {
        assert_eq!(read(event.clone()).origin.as_deref(), origin, "{event}");
    }
    let tags = json!({"multiValueHeaders": {"If-None-Match": ["\"a\"", null, "\"b\""]}});
    assert_eq!(read(tags).if_none_match.as_deref(), Some("\"a\",\"b\""));
}

#[test]
fn a_wrong_type_costs_its_own_field_and_no_other() {
    let request = read(json!({
        "httpMethod": "GET", "path": {"a": 1}, "headers": [], "multiValueHeaders": "x",
        "pathParameters": {"orderId": "a"},
        "requestContext": {"requestId": 5, "authorizer": {"userId": "ava"}, "http": "x"},
    }));
    assert_eq!(request.order, RawOrderId::Text("a".to_owned()));
    assert_eq!(request.authorizer["userId"], "ava");
    assert_eq!(request.request_id, None);
}

#[test]
fn what_is_no_event_has_nothing_in_it() {
    for event in ["", "null", "[]", "7", "{", "{\"httpMethod\":\"GET\",\"httpMethod\":\"PUT\"}"] {
        let request = UntrustedRequest::from_event(event);
        assert_eq!(
            (request.authorizer, request.order),
            (Value::Null, RawOrderId::Missing),
            "{event}"
        );
    }
}

#[test]
fn a_load_balancer_is_known_by_its_context() {
    let elb = json!({"elb": {"targetGroupArn": "arn"}});
    let style = |event: Value| read(event).load_balancer;
    assert_eq!(style(json!({"requestContext": elb, "headers": {}})), Some(HeaderStyle::Single));
    assert_eq!(
        style(json!({"requestContext": elb, "multiValueHeaders": {"a": ["b"]}})),
        Some(HeaderStyle::Multiple)
    );
    assert_eq!(style(json!({"multiValueHeaders": {"a": ["b"]}})), None);
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(event in ".{0,200}") {
        let _request = UntrustedRequest::from_event(&event);
    }

    #[test]
    fn no_path_is_too_strange(path in ".{0,80}") {
        let _request = read(json!({"path": format!("/dashboard/orders/{path}")}));
    }
}
