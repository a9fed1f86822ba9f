//! What the template makes of itself: routes, the gateway's own answers, times, and what stays.

use serde_json::Value;

use crate::roles;
use crate::template::{Template, text};
use crate::template_tests::{JWT, PROGRAMS, TABLES};

#[test]
fn only_the_preflight_and_the_webhook_are_open_and_each_function_is_called_by_its_routes_alone() {
    let Some(template) = Template::translated() else { return };
    let stack = template.with(TABLES[0]);
    let mut routes = Vec::new();
    for (path, methods) in stack.properties("OrdersApi")["Body"]["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            let guard = route["security"][0].as_object().unwrap().keys().next().unwrap();
            let to = text(&route["x-amazon-apigateway-integration"]["uri"]);
            let to = to.split('/').find_map(|part| part.strip_suffix(".Arn")).unwrap().to_owned();
            routes.push(format!("{method} {path} {guard} {to}"));
        }
    }
    routes.sort();
    assert_eq!(
        routes,
        [
            "get /dashboard/orders/{orderId} Members GetOrderFunction",
            "head /dashboard/orders/{orderId} Members GetOrderFunction",
            "options /dashboard/orders/{orderId} NONE GetOrderFunction",
            "post /stripe/webhook NONE StripeEventsFunction",
        ]
    );
    let doors = roles::doors(&stack);
    let of = |function: &str| doors[function].join(", ");
    assert_eq!(of("AuthorizerFunction"), "apigateway.amazonaws.com authorizers/*");
    assert_eq!(of("StripeEventsFunction"), "apigateway.amazonaws.com */POST/stripe/webhook");
    let orders = ["GET", "HEAD", "OPTIONS"]
        .map(|method| format!("apigateway.amazonaws.com */{method}/dashboard/orders/*"));
    assert_eq!(doors["GetOrderFunction"], orders);
}

#[test]
fn what_the_gateway_answers_by_itself_is_an_error_of_the_contract_that_a_page_may_read() {
    let Some(template) = Template::translated() else { return };
    for (listed, first) in [
        ("*", "'*'"),
        ("https://shop.example", "'https://shop.example'"),
        ("https://shop.example,https://www.shop.example", "'https://shop.example'"),
    ] {
        let stack = template.with(&[JWT, ("CorsAllowOrigin", listed)]);
        let answers =
            &stack.properties("OrdersApi")["Body"]["x-amazon-apigateway-gateway-responses"];
        for kind in ["UNAUTHORIZED", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX"] {
            let header = |name: &str| {
                text(&answers[kind]["responseParameters"][format!("gatewayresponse.header.{name}")])
            };
            assert_eq!(header("Access-Control-Allow-Origin"), first, "{kind}");
            assert_eq!(header("Vary"), "'Origin'", "{kind}");
            let with_credentials = header("Access-Control-Allow-Credentials") == "'true'";
            assert_eq!(with_credentials, listed != "*", "{kind}");
            let body = text(&answers[kind]["responseTemplates"]["application/json"]);
            // As the gateway fills it in: this variable comes with its quotes.
            let body = body.replace("$context.error.messageString", "\"Too Many Requests\"");
            let body: Value = serde_json::from_str(&body).unwrap();
            let fields: Vec<_> = body.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["code", "detail", "error", "requestId"], "{kind}");
            assert_eq!(body["requestId"], "$context.requestId", "{kind}");
            assert_eq!(body["error"] == "Unauthorized", kind == "UNAUTHORIZED");
        }
    }
}

#[test]
fn times_fit_into_each_other_and_what_holds_data_outlives_the_stack() {
    let Some(template) = Template::translated() else { return };
    let stack = template.with(TABLES[0]);
    let number = |value: &Value| text(value).parse::<u64>().unwrap();
    let budget = number(&template.0["Parameters"]["RequestBudgetMs"]["MaxValue"]);
    let timeout = |function: &str| number(&stack.properties(function)["Timeout"]);
    for (function, _) in &PROGRAMS[..2] {
        assert!(
            timeout(function) * 1000 >= budget + 1000,
            "{function} ends before its budget does"
        );
    }
    assert!(timeout("GetOrderFunction") < 29, "a REST API waits no longer");
    let queue = stack.properties("StripeEventsQueue");
    assert_eq!(number(&queue["VisibilityTimeout"]), 6 * timeout("StripeEventsFunction"));
    for (name, resource) in &stack.resources {
        let holds = ["AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue"];
        if holds.contains(&resource["Type"].as_str().unwrap()) {
            assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
}
