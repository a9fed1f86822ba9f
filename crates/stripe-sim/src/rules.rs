//! Stripe's refusals, as it words them.

use serde_json::{Value, json};

/// An error of Stripe's: a status and the body's `error` object.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: Value,
}

impl Refusal {
    fn new(status: u16, message: String, code: Option<&str>, param: Option<&str>) -> Self {
        let mut error = json!({"message": message, "type": "invalid_request_error"});
        if let Some(code) = code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{code}"));
        }
        if let Some(param) = param {
            error["param"] = json!(param);
        }
        Self { status, error }
    }

    pub(crate) fn no_key() -> Self {
        let message = "You did not provide an API key. You need to provide your API key in the \
             Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
        Self::new(401, message.to_owned(), None, None)
    }

    pub(crate) fn wrong_key(key: &str) -> Self {
        let shown: String = key.chars().take(8).collect();
        Self::new(401, format!("Invalid API Key provided: {shown}****"), None, None)
    }

    pub(crate) fn missing_permission() -> Self {
        let message = "The provided key 'rk_test_****' does not have the required permissions for \
             this endpoint. Having the 'rak_checkout_session_read' permission would allow this \
             request to continue.";
        Self::new(403, message.to_owned(), None, None)
    }

    pub(crate) fn no_such(what: &str, id: &str, hint: &str, param: &str) -> Self {
        let message = format!("No such {what}: '{id}'{hint}");
        let status = if param == "session" { 404 } else { 400 };
        Self::new(status, message, Some("resource_missing"), Some(param))
    }

    pub(crate) fn not_expandable(path: &str) -> Self {
        Self::new(400, format!("This property cannot be expanded ({path})."), None, None)
    }

    pub(crate) fn too_deep(path: &str) -> Self {
        let message =
            format!("You cannot expand more than 4 levels of a property. Property: {path}");
        Self::new(400, message, None, None)
    }

    pub(crate) fn bad_limit(given: &str) -> Self {
        let message = match given.parse::<i64>() {
            Ok(number) if number > 100 => {
                "This value must be less than or equal to 100.".to_owned()
            }
            Ok(_) => "This value must be greater than or equal to 1.".to_owned(),
            Err(_) => format!("Invalid integer: {given}"),
        };
        Self::new(400, message, Some("parameter_invalid_integer"), Some("limit"))
    }

    pub(crate) fn empty(name: &str) -> Self {
        let message = format!(
            "You passed an empty string for '{name}'. We assume empty values are an attempt to unset \
             a parameter; however '{name}' cannot be unset. You should remove '{name}' from your \
             request or supply a non-empty value."
        );
        Self::new(400, message, Some("parameter_invalid_empty"), Some(name))
    }

    pub(crate) fn unknown_parameter(name: &str) -> Self {
        let message = format!("Received unknown parameter: {name}");
        Self::new(400, message, Some("parameter_unknown"), Some(name))
    }

    pub(crate) fn bad_version(version: &str) -> Self {
        Self::new(400, format!("Invalid Stripe API version: {version}"), None, None)
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        Self::new(404, format!("Unrecognized request URL ({method}: {path})."), None, None)
    }

    /// An error that a fault asks for.
    pub(crate) fn of_status(status: u16) -> Self {
        let (kind, code, message) = match status {
            401 => return Self::wrong_key("sk_test_fault"),
            403 => return Self::missing_permission(),
            409 => (
                "idempotency_error",
                Some("idempotency_key_in_use"),
                "The request conflicts with another.",
            ),
            429 => ("invalid_request_error", Some("rate_limit"), "Request rate limit exceeded."),
            500.. => ("api_error", None, "Something went wrong on Stripe's end."),
            _ => ("invalid_request_error", None, "The request was not accepted."),
        };
        let mut refusal = Self::new(status, message.to_owned(), code, None);
        refusal.error["type"] = json!(kind);
        refusal
    }
}

/// Whether a text has the form of an API version: a date, and a name since 2024-09-30.
pub(crate) fn is_version(text: &str) -> bool {
    let (date, name) = text.split_once('.').unwrap_or((text, "name"));
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|c| c.is_ascii_digit());
    let mut parts = date.split('-');
    let date_ok =
        [4, 2, 2].iter().all(|count| parts.next().is_some_and(|part| digits(part, *count)));
    date_ok
        && parts.next().is_none()
        && !name.is_empty()
        && name.bytes().all(|c| c.is_ascii_lowercase())
}
