//! Who asks. Only the gateway's authorizer is believed, never a header or a query parameter.

use orders::{Caller, InvalidUserId, UserId};
use serde_json::Value;

/// The authorizer named nobody that can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unidentified {
    /// No place holds a text.
    #[error("the authorizer names no user")]
    Absent,
    /// The first text found is no user id.
    #[error("the authorizer's user id cannot be used: {0}")]
    Invalid(InvalidUserId),
}

/// Where an authorizer may put the user id, in order. `principalId` is none of them: the
/// authorizer in use puts the raw token there.
const USER_ID: [&[&str]; 5] =
    [&["userId"], &["user_id"], &["sub"], &["claims", "sub"], &["jwt", "claims", "sub"]];

/// Where claims may stand.
const CLAIMS: [&[&str]; 3] = [&[], &["claims"], &["jwt", "claims"]];

/// The caller that the authorizer vouches for.
pub(crate) fn caller(authorizer: &Value) -> Result<Caller, Unidentified> {
    // An HTTP API puts what a Lambda authorizer says under `lambda`.
    let lambda = &authorizer["lambda"];
    let user_id = [authorizer, lambda]
        .into_iter()
        .flat_map(|root| USER_ID.iter().map(move |path| at(root, path)))
        .find_map(said)
        .ok_or(Unidentified::Absent)?;
    let user_id: UserId = user_id.parse().map_err(Unidentified::Invalid)?;
    let (email, verified) = [authorizer, lambda]
        .into_iter()
        .flat_map(|root| CLAIMS.iter().map(move |path| at(root, path)))
        // The address and the word on it have to come from the same place.
        .find_map(|claims| Some((said(&claims["email"])?, is_verified(claims))))
        .unzip();
    Ok(Caller::new(user_id, email.map(str::to_owned), verified.unwrap_or(false)))
}

fn at<'a>(root: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(root, |value, key| &value[*key])
}

/// A text with something in it.
fn said(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// Authorizer values arrive as strings.
fn is_verified(claims: &Value) -> bool {
    ["email_verified", "emailVerified"].iter().any(|key| match &claims[*key] {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.trim().eq_ignore_ascii_case("true"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_text_among_the_known_places_is_the_caller() {
        for (authorizer, user) in [
            (json!({"userId": "a", "user_id": "b", "sub": "c"}), "a"),
            (json!({"userId": " ", "user_id": "b", "sub": "c"}), "b"),
            (json!({"userId": 7, "sub": " c "}), "c"),
            (json!({"claims": {"sub": "d"}, "jwt": {"claims": {"sub": "e"}}}), "d"),
            (json!({"jwt": {"claims": {"sub": "e"}}}), "e"),
            (json!({"lambda": {"userId": "f"}}), "f"),
            (json!({"lambda": null, "jwt": {"claims": {"sub": "e"}}}), "e"),
            (json!({"lambda": {"claims": {"sub": "g"}}}), "g"),
        ] {
            let caller = caller(&authorizer).unwrap();
            assert_eq!(caller.user_id().as_str(), user, "{authorizer}");
        }
    }

    #[test]
    fn nobody_is_believed_without_a_usable_user_id() {
        for authorizer in [
            json!(null),
            json!("ava"),
            json!([{"userId": "ava"}]),
            json!({}),
            json!({"principalId": "eyJhbGciOi", "email": "ava@example.com"}),
            json!({"userId": ""}),
            json!({"userId": {"sub": "ava"}}),
            json!({"claims": "ava"}),
        ] {
            assert_eq!(caller(&authorizer).unwrap_err(), Unidentified::Absent, "{authorizer}");
        }
        for (bad, why) in [
            ("a".repeat(257), InvalidUserId::TooLong),
            ("a\u{7}".to_owned(), InvalidUserId::ControlCharacter),
        ] {
            // The next place is not asked: a bad first answer is no reason to try another.
            let authorizer = json!({"userId": bad, "sub": "ava"});
            assert_eq!(caller(&authorizer).unwrap_err(), Unidentified::Invalid(why));
        }
    }

    #[test]
    fn an_email_is_verified_only_by_a_word_from_the_same_place() {
        for (claims, verified) in [
            (json!({"sub": "u", "email": "a@b.c", "email_verified": "true"}), true),
            (json!({"sub": "u", "email": "a@b.c", "emailVerified": true}), true),
            (json!({"sub": "u", "email": "a@b.c", "email_verified": "false"}), false),
            (json!({"sub": "u", "email": "a@b.c", "email_verified": 1}), false),
            (json!({"sub": "u", "email": "a@b.c"}), false),
            (json!({"sub": "u", "email": "a@b.c", "claims": {"email_verified": true}}), false),
            (json!({"sub": "u", "claims": {"email": "a@b.c", "email_verified": "true"}}), true),
        ] {
            let caller = caller(&claims).unwrap();
            assert_eq!(caller.verified_email().is_some(), verified, "{claims}");
        }
    }
}
