//! What came: an event of API Gateway (REST and HTTP API), a function URL or a load balancer.
//!
//! Read with as few demands as possible. Whatever cannot be read counts as absent, so that any
//! event gets an answer and a strange one can only lose rights, never gain any.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::lenient::Lenient;
use crate::trace::TraceHeaders;

/// The part of a request that this endpoint looks at. Nothing of it is trusted yet, and none of it
/// is for a log: the authorizer's context may hold the token itself.
pub(crate) struct UntrustedRequest {
    /// The method, in capitals.
    pub(crate) method: String,
    /// The order id as it stands in the request.
    pub(crate) order: RawOrderId,
    /// The `Origin` header.
    pub(crate) origin: Option<String>,
    /// The `If-None-Match` headers, joined.
    pub(crate) if_none_match: Option<String>,
    /// The headers that say which trace it belongs to.
    pub(crate) trace: TraceHeaders,
    /// The gateway's id of the request, as a header may hold it.
    pub(crate) request_id: Option<String>,
    /// What the gateway's authorizer said; `null` where there was none.
    pub(crate) authorizer: Value,
    /// Whether the answer goes to a load balancer, and needs a list of values for each header.
    pub(crate) load_balancer: Option<HeaderStyle>,
}

/// The order id as it stands in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawOrderId {
    /// There is none, or it is empty.
    Missing,
    /// A text, to be parsed.
    Text(String),
    /// Bytes that are no text once they are percent-decoded.
    NotText,
}

/// How a load balancer wants headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderStyle {
    /// One value each.
    Single,
    /// A list of values each (multi-value headers are enabled on the target group).
    Multiple,
}

impl UntrustedRequest {
    /// Reads an event. An event that cannot be read at all is one with nothing in it.
    pub(crate) fn from_event(event: &str) -> Self {
        let wire: Wire = serde_json::from_str(event).unwrap_or_default();
        let context = wire.request_context.0.unwrap_or_default();
        let http = context.http.0.unwrap_or_default();
        let headers = Headers {
            single: wire.headers.0.unwrap_or_default(),
            multiple: wire.multi_value_headers.0.unwrap_or_default(),
        };
        let path = wire.raw_path.0.or(wire.path.0).or(http.path.0).unwrap_or_default();
        let load_balancer = context.elb.0.map(|_| {
            if headers.multiple.is_empty { HeaderStyle::Single } else { HeaderStyle::Multiple }
        });
        // A direct invocation, such as a test event in the console, has no method.
        let method = wire.http_method.0.or(http.method.0).unwrap_or_else(|| "GET".to_owned());
        Self {
            method: method.to_ascii_uppercase(),
            order: order(wire.path_parameters.0.unwrap_or_default().order_id.0, &path),
            origin: headers.first("origin"),
            if_none_match: headers.joined("if-none-match"),
            trace: TraceHeaders {
                amazon: headers.first("x-amzn-trace-id"),
                parent: headers.first("traceparent"),
            },
            request_id: context.request_id.0.map(header_text).filter(|id| !id.trim().is_empty()),
            authorizer: context.authorizer.0.unwrap_or_default(),
            load_balancer,
        }
    }
}

/// A text as a header may hold it.
fn header_text(text: String) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(256).collect()
}

/// The path parameter, else what follows `/dashboard/orders/` in the path, whatever stage or base
/// path stands before it.
fn order(parameter: Option<String>, path: &str) -> RawOrderId {
    const ORDERS: &str = "/dashboard/orders/";
    if let Some(text) = parameter {
        return if text.is_empty() { RawOrderId::Missing } else { RawOrderId::Text(text) };
    }
    let segment = path.rfind(ORDERS).map_or("", |at| &path[at + ORDERS.len()..]);
    let segment = segment.strip_suffix('/').unwrap_or(segment);
    if segment.is_empty() {
        return RawOrderId::Missing;
    }
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => RawOrderId::Text(text.into_owned()),
        Err(_) => RawOrderId::NotText,
    }
}

/// The headers that anybody looks at. A browser sends some twenty, twice; no others are kept.
const LOOKED_AT: [&str; 5] =
    ["origin", "if-none-match", "x-amzn-trace-id", "traceparent", "stripe-signature"];

pub(crate) struct Headers {
    pub(crate) single: Named<Lenient<String>>,
    pub(crate) multiple: Named<Lenient<Vec<Lenient<String>>>>,
}

impl Headers {
    fn values(&self, name: &str) -> Vec<&str> {
        if let Some(Lenient(Some(list))) = self.multiple.get(name) {
            return list.iter().filter_map(|value| value.0.as_deref()).collect();
        }
        self.single.get(name).and_then(|value| value.0.as_deref()).into_iter().collect()
    }

    fn first(&self, name: &str) -> Option<String> {
        self.values(name).first().map(|value| (*value).to_owned())
    }

    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// The values of the headers that are looked at, by their names in lower case.
pub(crate) struct Named<T> {
    values: Vec<(&'static str, T)>,
    /// Whether there was no header at all.
    is_empty: bool,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { values: Vec::new(), is_empty: true }
    }
}

impl<T> Named<T> {
    fn get(&self, name: &str) -> Option<&T> {
        self.values.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(Named<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Named<T>, A::Error> {
                while let Some(Name(known)) = map.next_key()? {
                    self.0.is_empty = false;
                    match known {
                        Some(name) => self.0.values.push((name, map.next_value()?)),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(self.0)
            }
        }

        deserializer.deserialize_map(Pairs(Named::default()))
    }
}

/// The name of a header, where it is looked at. Its case does not matter.
struct Name(Option<&'static str>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyName;

        impl Visitor<'_> for AnyName {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                let known = LOOKED_AT.into_iter().find(|known| known.eq_ignore_ascii_case(name));
                Ok(Name(known))
            }
        }

        deserializer.deserialize_str(AnyName)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    http_method: Lenient<String>,
    path: Lenient<String>,
    raw_path: Lenient<String>,
    path_parameters: Lenient<PathParameters>,
    headers: Lenient<Named<Lenient<String>>>,
    multi_value_headers: Lenient<Named<Lenient<Vec<Lenient<String>>>>>,
    request_context: Lenient<Context>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PathParameters {
    order_id: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    request_id: Lenient<String>,
    authorizer: Lenient<Value>,
    http: Lenient<Http>,
    elb: Lenient<Elb>,
}

/// What says that a load balancer asks. That it is an object is all there is to know.
#[derive(Deserialize)]
struct Elb {}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Lenient<String>,
    path: Lenient<String>,
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
