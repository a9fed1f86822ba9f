//! The trace that a request belongs to, as whoever sent it says.

/// The trace's id: the root of an `X-Amzn-Trace-Id` (`Root=1-5759e988-bd862e3fe1be46a994272793;…`),
/// else that of a W3C `traceparent` (`00-<trace id>-<span id>-01`).
pub(crate) fn trace_id<'a>(amazon: Option<&'a str>, w3c: Option<&'a str>) -> Option<&'a str> {
    let root = amazon
        .and_then(|header| header.split(';').find_map(|part| part.trim().strip_prefix("Root=")));
    let of_w3c = || {
        let mut parts = w3c?.trim().split('-');
        let (_version, id) = (parts.next()?, parts.next()?);
        (id.len() == 32).then_some(id)
    };
    root.or_else(of_w3c)
        .filter(|id| id.len() <= 64 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_taken_from_either_header_and_from_nothing_else() {
        let amazon = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let w3c = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (headers, id) in [
            ((Some(amazon), Some(w3c)), Some("1-5759e988-bd862e3fe1be46a994272793")),
            ((Some("Self=1-67891234-12456789abcdef012345678;Root=1-6-7"), None), Some("1-6-7")),
            ((None, Some(w3c)), Some("0af7651916cd43dd8448eb211c80319c")),
            ((Some("Sampled=1"), None), None),
            ((Some("Root=ava@example.com"), None), None),
            ((None, Some("00-short-b7ad6b7169203331-01")), None),
            ((None, None), None),
        ] {
            assert_eq!(trace_id(headers.0, headers.1), id, "{headers:?}");
        }
    }
}
