use std::collections::BTreeMap;

use crate::Personal;

/// Keys of a session's metadata that are the shop's own business and never shown.
const INTERNAL_METADATA: [&str; 6] =
    ["userId", "user_id", "quoteSignature", "quote_signature", "normalizedHash", "normalized_hash"];

/// The metadata that a member may see; nothing where none is left.
///
/// At most 50 keys, values cut at 500 characters, as Stripe allows: a row that another program
/// wrote is not bound by that.
pub fn public_metadata(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Option<Personal<BTreeMap<String, String>>> {
    // In the order of the keys, so that the same row has the same fifty.
    let sorted: BTreeMap<String, String> = pairs.into_iter().collect();
    let kept: BTreeMap<String, String> = sorted
        .into_iter()
        .filter(|(key, _)| !INTERNAL_METADATA.contains(&key.as_str()))
        .take(50)
        .map(|(key, value)| (key, value.chars().take(500).collect()))
        .collect();
    (!kept.is_empty()).then(|| Personal::new(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_metadata_is_never_shown() {
        let pairs = INTERNAL_METADATA.iter().map(|key| ((*key).to_owned(), "x".to_owned()));
        assert!(public_metadata(pairs).is_none());
        let many = (0..80).rev().map(|n| (format!("key{n:02}"), String::new()));
        let kept = public_metadata(many).unwrap();
        assert_eq!(
            (kept.reveal().len(), kept.reveal().last_key_value().unwrap().0.as_str()),
            (50, "key49")
        );
        let shown = public_metadata([("gift".to_owned(), "y".repeat(501))]).unwrap();
        assert_eq!(shown.reveal()["gift"].len(), 500);
    }
}
