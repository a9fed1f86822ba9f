use std::fmt;

use serde::{Serialize, Serializer};

/// A value that tells who somebody is or where they live: an e-mail, a name, a phone number.
///
/// It reaches the member it belongs to, through `Serialize`, and the table. It never reaches a
/// log: `Debug` hides it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for an answer, the table or a comparison.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Personal;

    #[test]
    fn debug_output_does_not_show_the_value() {
        let email = Personal::new("ava@example.com".to_owned());
        assert!(!format!("{:?}", Some(email)).contains("ava"));
    }
}
