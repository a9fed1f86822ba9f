use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::event::HeaderStyle;

/// What leaves: a status, headers, a body. No `Debug`: the body is for its member alone.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Each name once.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for `HEAD`, 204 and 304.
    pub body: String,
}

/// The shape in which Lambda hands an answer to API Gateway, a function URL or a load balancer.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LambdaResponse {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'static str, Vec<String>>>,
    body: String,
    is_base64_encoded: bool,
}

impl LambdaResponse {
    pub(crate) fn new(answer: Answer, load_balancer: Option<HeaderStyle>) -> Self {
        let multiple = load_balancer == Some(HeaderStyle::Multiple);
        let (single, lists) = if multiple {
            (
                None,
                Some(answer.headers.into_iter().map(|(name, value)| (name, vec![value])).collect()),
            )
        } else {
            (Some(answer.headers.into_iter().collect()), None)
        };
        let reason =
            http::StatusCode::from_u16(answer.status).ok().and_then(|s| s.canonical_reason());
        Self {
            status_code: answer.status,
            // A load balancer wants both in one text.
            status_description: load_balancer
                .map(|_| format!("{} {}", answer.status, reason.unwrap_or_default())),
            headers: single,
            multi_value_headers: lists,
            body: answer.body,
            is_base64_encoded: false,
        }
    }
}

/// A strong entity tag: the same bytes have the same tag, other bytes another.
pub(crate) fn entity_tag(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let mut tag = "\"".to_owned();
    for byte in digest.iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether `If-None-Match` holds the tag. The comparison is weak, as RFC 9110 (13.1.2) has it.
pub(crate) fn matches(if_none_match: &str, tag: &str) -> bool {
    if_none_match
        .split(',')
        .map(str::trim)
        .any(|entry| entry == "*" || entry.strip_prefix("W/").unwrap_or(entry) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_matched_alone_in_a_list_weakly_and_by_a_star() {
        let tag = entity_tag("{}");
        assert!(tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"'));
        assert_ne!(tag, entity_tag("{ }"));
        for header in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
            assert!(matches(&header, &tag), "{header}");
        }
        for header in ["", "\"x\"", tag.trim_matches('"')] {
            assert!(!matches(header, &tag), "{header}");
        }
    }
}
