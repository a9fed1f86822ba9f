use std::str::FromStr;

/// Which pages of other origins may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsPolicy {
    /// Any page, but without the browser's credentials.
    Any,
    /// The listed origins, with credentials. Never empty.
    Listed {
        /// Sent where the request's origin is not listed, so that a browser refuses the answer.
        first: String,
        /// The others.
        others: Vec<String>,
    },
}

/// An entry that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// Not of the form of an origin.
    #[error("`{0}` is no origin; write it as https://shop.example or http://localhost:3000")]
    Form(String),
    /// `*` beside origins.
    #[error("`*` stands beside origins; use it alone, or list origins only")]
    MixedWildcard,
}

impl FromStr for CorsPolicy {
    type Err = InvalidOrigin;

    /// Reads a list separated by commas or blanks. An empty list is `*`.
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let mut entries = list
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|entry| !entry.is_empty())
            .peekable();
        let any = entries.clone().any(|entry| entry == "*");
        if any && entries.clone().any(|entry| entry != "*") {
            return Err(InvalidOrigin::MixedWildcard);
        }
        if any || entries.peek().is_none() {
            return Ok(Self::Any);
        }
        let mut origins = entries.map(origin);
        let first = origins.next().unwrap_or_else(|| Err(InvalidOrigin::Form(String::new())))?;
        Ok(Self::Listed { first, others: origins.collect::<Result<_, _>>()? })
    }
}

/// An origin as a browser writes it: lower case, without a slash at the end.
fn origin(entry: &str) -> Result<String, InvalidOrigin> {
    let origin = entry.strip_suffix('/').unwrap_or(entry).to_ascii_lowercase();
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let plain = host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-_:[]".contains(&c));
    if host.is_empty() || !plain {
        return Err(InvalidOrigin::Form(entry.to_owned()));
    }
    Ok(origin)
}

/// What the endpoint answers.
pub(crate) const METHODS: &str = "GET, HEAD, OPTIONS";

/// What a page may send.
const ALLOW_HEADERS: &str = "Content-Type, Authorization, If-None-Match, X-Amz-Date, X-Api-Key, \
     X-Amz-Security-Token, X-Amz-User-Agent, X-Amz-Content-Sha256, X-Amzn-Trace-Id";

/// What a page may read.
const EXPOSE_HEADERS: &str =
    "ETag, Retry-After, Server-Timing, WWW-Authenticate, X-Order-Source, X-Request-Id";

/// How long a browser may remember a preflight, in seconds. Chromium keeps it for no longer.
const MAX_AGE: &str = "7200";

impl CorsPolicy {
    /// The headers of every answer.
    pub(crate) fn headers(&self, origin: Option<&str>) -> Vec<(&'static str, String)> {
        let mut headers = match self {
            Self::Any => vec![("Access-Control-Allow-Origin", "*".to_owned())],
            Self::Listed { first, others } => {
                let listed = origin.and_then(|origin| {
                    std::iter::once(first).chain(others).find(|entry| *entry == origin)
                });
                let mut headers =
                    vec![("Access-Control-Allow-Origin", listed.unwrap_or(first).clone())];
                if listed.is_some() {
                    headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
                }
                headers
            }
        };
        headers.push(("Access-Control-Expose-Headers", EXPOSE_HEADERS.to_owned()));
        headers
    }

    /// The further headers of the answer to a preflight.
    pub(crate) fn preflight_headers() -> [(&'static str, String); 3] {
        [
            ("Access-Control-Allow-Methods", METHODS.to_owned()),
            ("Access-Control-Allow-Headers", ALLOW_HEADERS.to_owned()),
            ("Access-Control-Max-Age", MAX_AGE.to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(policy: &str, origin: Option<&str>) -> (String, bool) {
        let headers = policy.parse::<CorsPolicy>().unwrap().headers(origin);
        let credentials =
            headers.iter().any(|(name, _)| *name == "Access-Control-Allow-Credentials");
        (headers[0].1.clone(), credentials)
    }

    #[test]
    fn a_listed_origin_is_echoed_with_credentials_and_any_other_gets_the_first() {
        let list = "https://a.example, https://B.example/\nhttp://localhost:3000";
        for (origin, expected) in [
            (Some("https://a.example"), ("https://a.example", true)),
            (Some("https://b.example"), ("https://b.example", true)),
            (Some("http://localhost:3000"), ("http://localhost:3000", true)),
            (Some("https://evil.example"), ("https://a.example", false)),
            (Some("https://a.example.evil"), ("https://a.example", false)),
            (Some("null"), ("https://a.example", false)),
            (None, ("https://a.example", false)),
        ] {
            assert_eq!(allowed(list, origin), (expected.0.to_owned(), expected.1), "{origin:?}");
        }
    }

    #[test]
    fn without_a_list_any_origin_may_read_but_without_credentials() {
        for policy in ["", " ", "*", "*, *"] {
            assert_eq!(allowed(policy, Some("https://a.example")), ("*".to_owned(), false));
        }
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for bad in ["shop.example", "https://", "https://a.example/path", "https://a?b"] {
            assert!(matches!(bad.parse::<CorsPolicy>(), Err(InvalidOrigin::Form(_))), "{bad}");
        }
        assert_eq!("* https://a.example".parse::<CorsPolicy>(), Err(InvalidOrigin::MixedWildcard));
    }
}
