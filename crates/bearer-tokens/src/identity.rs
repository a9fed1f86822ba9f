//! Who a token is about, as the gateway hands it on.

use orders::UserId;
use serde_json::{Map, Value};

use crate::Refusal;

/// The claims that are handed on besides the user id, under the same names.
const HANDED_ON: [&str; 4] = ["email", "email_verified", "role", "displayName"];

/// Who a verified token is about.
#[derive(Clone)]
pub struct Identity {
    user_id: UserId,
    claims: Map<String, Value>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[identity]")
    }
}

impl Identity {
    /// By the claims of a token that was verified: `userId`, else `sub`.
    pub(crate) fn of(claims: &Map<String, Value>) -> Result<Self, Refusal> {
        let present = |name| claims.get(name).filter(|value: &&Value| !value.is_null());
        let user_id = match present("userId").or_else(|| present("sub")) {
            Some(Value::String(id)) => id.parse().map_err(|_| Refusal::Nobody)?,
            Some(_) => return Err(Refusal::Claims),
            None => return Err(Refusal::Nobody),
        };
        // RFC 7519, section 4.1.2, whether or not it is what decides.
        if present("sub").is_some_and(|sub| !sub.is_string()) {
            return Err(Refusal::Claims);
        }
        let handed_on =
            |name: &str| Some((name.to_owned(), Value::String(text(claims.get(name)?)?)));
        Ok(Self { user_id, claims: HANDED_ON.iter().filter_map(|name| handed_on(name)).collect() })
    }

    /// The member's user id.
    pub fn user_id(&self) -> &str {
        self.user_id.as_str()
    }

    /// What the gateway hands on to the function, as a Lambda authorizer has to give it: no value
    /// but texts. What the token does not say is not in it.
    pub fn context(&self) -> Map<String, Value> {
        let mut context = self.claims.clone();
        context.insert("userId".to_owned(), self.user_id().into());
        context
    }
}

/// A claim as a text that a header or a line can hold; `None` for one that is no single value.
fn text(claim: &Value) -> Option<String> {
    match claim {
        Value::String(text) if text.contains(char::is_control) => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(claim.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
