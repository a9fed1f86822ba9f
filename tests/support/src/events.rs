use serde_json::{Value, json};

/// Who asks, as the gateway's authorizer would say it.
#[derive(Clone, Debug)]
pub struct Asker(Value);

impl Asker {
    /// A member by her user id.
    pub fn user(user_id: &str) -> Self {
        Self(json!({"principalId": "raw.token.here", "userId": user_id}))
    }

    /// The same, with an e-mail and whether it is verified.
    pub fn with_email(user_id: &str, email: &str, verified: bool) -> Self {
        // Authorizer values arrive as strings.
        Self(json!({"userId": user_id, "email": email, "email_verified": verified.to_string()}))
    }

    /// Any authorizer context.
    pub fn context(context: Value) -> Self {
        Self(context)
    }
}

/// An event of an API Gateway REST route, as the dashboard causes it.
pub fn rest_event(asker: &Asker, order: &str) -> Value {
    json!({
        "resource": "/dashboard/orders/{orderId}",
        "path": format!("/dashboard/orders/{order}"),
        "httpMethod": "GET",
        "headers": {"Accept": "application/json", "Host": "api.example.com"},
        "multiValueHeaders": {"Accept": ["application/json"], "Host": ["api.example.com"]},
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": {"orderId": order},
        "stageVariables": null,
        "requestContext": {
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "authorizer": asker.0,
            "httpMethod": "GET",
            "path": format!("/prod/dashboard/orders/{order}"),
            "resourcePath": "/dashboard/orders/{orderId}",
            "stage": "prod",
        },
        "body": null,
        "isBase64Encoded": false,
    })
}

/// An event of an API Gateway REST route, as a webhook of Stripe's causes it.
pub fn posted_event(body: &str, signature: Option<&str>) -> Value {
    let mut headers = json!({"Content-Type": "application/json; charset=utf-8"});
    if let Some(signature) = signature {
        headers["Stripe-Signature"] = json!(signature);
    }
    json!({
        "resource": "/stripe/webhook",
        "path": "/stripe/webhook",
        "httpMethod": "POST",
        "headers": headers,
        "pathParameters": null,
        "requestContext": {"requestId": "9bb1f5a0-5c2c-4cf0-b2f0-1d6e1c9d0d5a", "stage": "prod"},
        "body": body,
        "isBase64Encoded": false,
    })
}
