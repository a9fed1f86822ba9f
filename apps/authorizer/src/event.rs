//! What the gateway asks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The event of a REST API's Lambda authorizer, of the kind `TOKEN` or `REQUEST`, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizerEvent {
    /// Of a `TOKEN`: the header that was named as the identity source.
    authorization_token: Option<String>,
    /// What is to be called.
    #[serde(default)]
    pub(crate) method_arn: String,
    /// Of a `REQUEST`: one value of each header.
    headers: Option<BTreeMap<String, Option<String>>>,
    /// Of a `REQUEST`: all the values of each header.
    multi_value_headers: Option<BTreeMap<String, Option<Vec<String>>>>,
    request_context: Option<RequestContext>,
    /// HTTP APIs ask otherwise, and take another answer.
    route_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: Option<String>,
}

impl AuthorizerEvent {
    /// The `Authorization` header; `None` where it is absent, or there twice: two tokens would leave
    /// it open whose request it is.
    pub(crate) fn authorization(&self) -> Option<&str> {
        if let Some(token) = &self.authorization_token {
            return Some(token);
        }
        let many = self.multi_value_headers.iter().flatten().filter(|(name, _)| is_it(name));
        let many: Vec<_> = many.flat_map(|(_, values)| values.iter().flatten()).collect();
        let single = self.headers.iter().flatten().filter(|(name, _)| is_it(name));
        let single: Vec<_> = single.filter_map(|(_, value)| value.as_ref()).collect();
        // A gateway says the same in both; the one with all the values decides.
        let values = if many.is_empty() { single } else { many };
        match values[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The gateway's id of the request; a `TOKEN` has none.
    pub(crate) fn request_id(&self) -> &str {
        let context = self.request_context.as_ref();
        context.and_then(|context| context.request_id.as_deref()).unwrap_or_default()
    }

    /// Whether an HTTP API asks.
    pub(crate) fn is_of_http_api(&self) -> bool {
        self.route_arn.is_some()
    }
}

fn is_it(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn authorization(event: &Value) -> Option<String> {
        let event: AuthorizerEvent = serde_json::from_value(event.clone()).unwrap();
        event.authorization().map(str::to_owned)
    }

    #[test]
    fn the_token_is_found_in_either_kind_of_event_if_there_is_one_alone() {
        for (event, found) in [
            (json!({"authorizationToken": "Bearer a"}), Some("Bearer a")),
            (json!({"headers": {"Authorization": "Bearer a"}}), Some("Bearer a")),
            (json!({"headers": {"AUTHORIZATION": "Bearer a"}}), Some("Bearer a")),
            (json!({"multiValueHeaders": {"authorization": ["Bearer a"]}}), Some("Bearer a")),
            (
                json!({"headers": {"Authorization": "Bearer a"}, "multiValueHeaders": {"Authorization": ["Bearer a"]}}),
                Some("Bearer a"),
            ),
            (json!({"multiValueHeaders": {"Authorization": ["Bearer a", "Bearer b"]}}), None),
            (
                json!({"headers": {"Authorization": "Bearer b"}, "multiValueHeaders": {"Authorization": ["Bearer a", "Bearer b"]}}),
                None,
            ),
            (json!({"headers": {"Authorization": "Bearer a", "authorization": "Bearer b"}}), None),
            (json!({"headers": null, "multiValueHeaders": null}), None),
            (json!({"headers": {"Authorization": null}}), None),
            (json!({"headers": {"X-Authorization": "Bearer a"}}), None),
            (json!({}), None),
        ] {
            assert_eq!(authorization(&event).as_deref(), found, "{event}");
        }
    }
}
