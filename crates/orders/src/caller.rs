use std::fmt;
use std::str::FromStr;

use crate::Personal;

/// Who asks: the user id that the gateway's authorizer vouches for.
///
/// Trimmed, 1 to 256 characters, no control characters. It may be an e-mail (guests are filed
/// under theirs), so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

/// Why a text is not a [`UserId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserId {
    /// Nothing but blanks.
    #[error("the user id is blank")]
    Blank,
    /// More than 256 characters.
    #[error("the user id is longer than 256 characters")]
    TooLong,
    /// A control character, such as a line break.
    #[error("the user id has a control character")]
    ControlCharacter,
}

impl FromStr for UserId {
    type Err = InvalidUserId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidUserId::Blank);
        }
        if text.chars().count() > 256 {
            return Err(InvalidUserId::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidUserId::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }
}

impl UserId {
    /// The id as text, for a key of the table or a comparison.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[user]")
    }
}

/// The caller's identity and the optional evidence that came with it, all from the authorizer.
#[derive(Clone, Debug)]
pub struct Caller {
    user_id: UserId,
    verified_email: Option<Personal<String>>,
}

impl Caller {
    /// A caller. An e-mail that the authorizer does not call verified is dropped here: anyone can
    /// type one, so it is never evidence.
    pub fn new(user_id: UserId, email: Option<String>, email_verified: bool) -> Self {
        let verified_email = email
            .filter(|email| email_verified && !email.trim().is_empty())
            .map(|email| Personal::new(email.trim().to_owned()));
        Self { user_id, verified_email }
    }

    /// Who asks.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The caller's e-mail, where the authorizer vouches for it.
    pub fn verified_email(&self) -> Option<&Personal<String>> {
        self.verified_email.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_trimmed_and_refused_when_blank_long_or_with_control_characters() {
        assert_eq!(" auth0|1 ".parse::<UserId>().unwrap().as_str(), "auth0|1");
        assert!("é".repeat(256).parse::<UserId>().is_ok());
        for (bad, why) in [
            ("  ".to_owned(), InvalidUserId::Blank),
            ("a".repeat(257), InvalidUserId::TooLong),
            ("a\u{0}b".to_owned(), InvalidUserId::ControlCharacter),
            ("a\nb".to_owned(), InvalidUserId::ControlCharacter),
        ] {
            assert_eq!(bad.parse::<UserId>(), Err(why));
        }
    }

    #[test]
    fn an_unverified_or_blank_email_is_no_evidence() {
        let user = || "u".parse::<UserId>().unwrap();
        let caller = |email: &str, verified| Caller::new(user(), Some(email.to_owned()), verified);
        assert!(caller("a@b.c", false).verified_email().is_none());
        assert!(caller("  ", true).verified_email().is_none());
        assert_eq!(caller(" a@b.c", true).verified_email().unwrap().reveal(), "a@b.c");
    }
}
