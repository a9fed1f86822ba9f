use std::fmt;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use orders::UserId;
use sha2::Sha256;

/// Names members in the log without saying who they are: the same member has the same name, and
/// nobody without the key can tell whose it is or try ids out.
#[derive(Clone)]
pub struct UserHasher(Hmac<Sha256>);

/// So many bytes of the hash tell members apart: among a million, two share a name with a chance
/// of one in thirty million.
const BYTES: usize = 8;

impl UserHasher {
    /// A hasher with the key of a deployment.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of any length"))
    }

    /// The name of a member, in hexadecimal digits.
    pub fn name(&self, user: &UserId) -> String {
        let hash = self.0.clone().chain_update(user.as_str()).finalize().into_bytes();
        hash[..BYTES].iter().fold(String::new(), |mut name, byte| {
            // A `String` takes whatever is written to it.
            let _ = write!(name, "{byte:02x}");
            name
        })
    }
}

impl fmt::Debug for UserHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserHasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_one_name_per_key() {
        let name = |key: u8, user: &str| UserHasher::new(&[key; 32]).name(&user.parse().unwrap());
        assert_eq!(name(1, "ava"), name(1, "ava"));
        assert_ne!(name(1, "ava"), name(1, "ben"));
        assert_ne!(name(1, "ava"), name(2, "ava"));
        assert_eq!(name(1, "ava").len(), 2 * BYTES);
    }
}
