use serde::Serialize;

/// An answer that is no success, in words.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The HTTP status.
    pub status: u16,
    /// What callers of old match on.
    pub error: &'static str,
    /// What callers match on, in snake case.
    pub code: &'static str,
    /// What to do about it.
    pub detail: &'static str,
}

impl Words {
    /// The words, in the order in which they are read.
    pub const fn new(
        status: u16,
        error: &'static str,
        code: &'static str,
        detail: &'static str,
    ) -> Self {
        Self { status, error, code, detail }
    }

    /// The body.
    pub fn body(&self, request_id: &str) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            error: &'a str,
            code: &'a str,
            detail: &'a str,
            request_id: &'a str,
        }

        let Self { error, code, detail, .. } = *self;
        // Four texts can always be written.
        serde_json::to_string(&Body { error, code, detail, request_id }).unwrap_or_default()
    }
}
