//! What was posted: an event of API Gateway, a function URL or a load balancer, with its body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::answer::{Answer, LambdaResponse};
use crate::event::{HeaderStyle, Headers, Named, UntrustedRequest};
use crate::lenient::Lenient;
use crate::trace::TraceHeaders;

/// A request with a body. Nothing of it is trusted yet, and none of it is for a log.
pub struct Posted {
    /// The method, in capitals.
    pub method: String,
    /// The bytes of the body, as its sender sent them. `None`: they were not handed on whole.
    pub body: Option<Vec<u8>>,
    /// The gateway's id of the request, as a header may hold it.
    pub request_id: Option<String>,
    /// The headers that say which trace it belongs to.
    pub trace: TraceHeaders,
    headers: Headers,
    load_balancer: Option<HeaderStyle>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    headers: Lenient<Named<Lenient<String>>>,
    multi_value_headers: Lenient<Named<Lenient<Vec<Lenient<String>>>>>,
    body: Lenient<String>,
    is_base64_encoded: Lenient<bool>,
}

impl Posted {
    /// Reads an event. One that cannot be read has nothing in it.
    pub fn from_event(event: &str) -> Self {
        let request = UntrustedRequest::from_event(event);
        let wire: Wire = serde_json::from_str(event).unwrap_or_default();
        let text = wire.body.0.unwrap_or_default();
        let body = if wire.is_base64_encoded.0 == Some(true) {
            STANDARD.decode(text).ok()
        } else {
            Some(text.into_bytes())
        };
        Self {
            method: request.method,
            body,
            request_id: request.request_id,
            trace: request.trace,
            headers: Headers {
                single: wire.headers.0.unwrap_or_default(),
                multiple: wire.multi_value_headers.0.unwrap_or_default(),
            },
            load_balancer: request.load_balancer,
        }
    }

    /// A header by its name, whose case does not matter; several of the name are joined. Only
    /// those are known that somebody looks at.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.joined(name)
    }

    /// An answer, in the shape in which its asker wants it.
    pub fn respond(&self, answer: Answer) -> LambdaResponse {
        LambdaResponse::new(answer, self.load_balancer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(event: serde_json::Value) -> Option<Vec<u8>> {
        Posted::from_event(&event.to_string()).body
    }

    #[test]
    fn the_body_is_the_bytes_that_were_sent_whether_or_not_they_were_encoded_on_the_way() {
        let sent = "{\"n\": \"\u{e9}\"}\n".as_bytes().to_vec();
        let text = String::from_utf8(sent.clone()).unwrap();
        let encoded = STANDARD.encode(&sent);
        assert_eq!(body(json!({"body": text})), Some(sent.clone()));
        assert_eq!(body(json!({"body": text, "isBase64Encoded": false})), Some(sent.clone()));
        assert_eq!(body(json!({"body": encoded, "isBase64Encoded": true})), Some(sent));
        assert_eq!(body(json!({"body": "no base64!", "isBase64Encoded": true})), None);
        for nothing in [json!({}), json!({"body": null}), json!({"body": {"id": 1}}), json!([])] {
            assert_eq!(body(nothing), Some(Vec::new()));
        }
    }

    #[test]
    fn a_header_is_found_whatever_its_case() {
        for event in [
            json!({"headers": {"stripe-signature": "t=1"}}),
            json!({"headers": {"Stripe-Signature": "t=1"}}),
            json!({"headers": {}, "multiValueHeaders": {"STRIPE-SIGNATURE": ["t=1"]}}),
        ] {
            let posted = Posted::from_event(&event.to_string());
            assert_eq!(posted.header("Stripe-Signature").as_deref(), Some("t=1"), "{event}");
        }
        let twice = json!({"multiValueHeaders": {"Stripe-Signature": ["t=1", "t=2"]}});
        let posted = Posted::from_event(&twice.to_string());
        assert_eq!(posted.header("stripe-signature").as_deref(), Some("t=1,t=2"));
    }
}
