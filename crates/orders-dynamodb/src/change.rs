//! What a write changes, and on which condition.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::{RowRef, Timestamp};

use crate::keys;
use crate::write::{Attribute, timestamp};

/// The condition of an insert: no row stands there; or one that has expired; or an older view of
/// ours that was not final, and that no other program has changed since (its `updatedAt` would be
/// later than our `fetchedAt`). An older view is one that was answered, which is its `fetchedAt`,
/// before this one was asked for.
pub(crate) fn insert_condition() -> String {
    format!(
        "{} OR #expires <= :now OR (attribute_exists(#version) AND #final = :false \
         AND #fetched < :asked AND #updated <= #fetched)",
        keys::NO_ROW
    )
}

/// The names in [`insert_condition`].
pub(crate) const INSERT_NAMES: [(&str, &str); 5] = [
    ("#expires", "expiresAt"),
    ("#version", "normalizerVersion"),
    ("#final", "final"),
    ("#fetched", "fetchedAt"),
    ("#updated", "updatedAt"),
];

/// An update of a row, with its condition. Every name is given a placeholder, for DynamoDB reserves
/// hundreds of words (`status` and `items` among them).
pub(crate) struct Change {
    pub(crate) expression: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Change {
    /// Sets what is known. What is not stays as it is, unless it was found unreadable.
    pub(crate) fn refresh(attributes: Vec<Attribute>, row: &RowRef, asked_at: Timestamp) -> Self {
        let mut change = Self::setting(attributes, row);
        change.restrict(row.seen(), asked_at);
        change
    }

    /// The same, but only where the row is as it was read.
    pub(crate) fn update(attributes: Vec<Attribute>, row: &RowRef) -> Self {
        let mut change = Self::setting(attributes, row);
        let unchanged = change.unchanged(row.seen());
        change.condition = format!("{} AND {unchanged}", keys::ROW_EXISTS);
        change
    }

    fn setting(attributes: Vec<Attribute>, row: &RowRef) -> Self {
        let mut change = Self {
            expression: String::new(),
            condition: String::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        };
        change.set(attributes, row.unreadable());
        change
    }

    fn set(&mut self, attributes: Vec<Attribute>, unreadable: &[String]) {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (index, (name, value)) in attributes.into_iter().enumerate() {
            let Some(value) = value else { continue };
            self.names.insert(format!("#a{index}"), name.to_owned());
            self.values.insert(format!(":a{index}"), value);
            set.push(match name {
                // The webhook keeps the shop's internal keys in the same map.
                "metadata" => format!("#a{index} = if_not_exists(#a{index}, :a{index})"),
                _ => format!("#a{index} = :a{index}"),
            });
        }
        for (index, name) in unreadable.iter().enumerate() {
            if !self.names.values().any(|set| set == name) {
                self.names.insert(format!("#r{index}"), name.clone());
                remove.push(format!("#r{index}"));
            }
        }
        self.expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            self.expression.push_str(" REMOVE ");
            self.expression.push_str(&remove.join(", "));
        }
    }

    /// The row is still there; it holds no newer view; and it is unchanged since it was read, or
    /// was changed by another process of ours only.
    fn restrict(&mut self, seen: Option<&str>, asked_at: Timestamp) {
        let unchanged = self.unchanged(seen);
        self.names.insert("#fetched".to_owned(), "fetchedAt".to_owned());
        self.values.insert(":asked".to_owned(), timestamp(asked_at));
        self.values.insert(":text".to_owned(), AttributeValue::S("S".to_owned()));
        self.condition = format!(
            "{} AND (NOT attribute_type(#fetched, :text) OR #fetched < :asked) \
             AND (#updated <= #fetched OR ({unchanged}))",
            keys::ROW_EXISTS
        );
    }

    /// The condition that the row has the mark that it had when it was read.
    fn unchanged(&mut self, seen: Option<&str>) -> &'static str {
        self.names.insert("#updated".to_owned(), "updatedAt".to_owned());
        match seen.and_then(|seen| seen.split_at_checked(1)) {
            // Absent, `NULL`, or nothing that could be read as a mark.
            None => {
                self.values.insert(":text".to_owned(), AttributeValue::S("S".to_owned()));
                self.values.insert(":number".to_owned(), AttributeValue::S("N".to_owned()));
                "NOT attribute_type(#updated, :text) AND NOT attribute_type(#updated, :number)"
            }
            Some((kind, value)) => {
                let value = value.to_owned();
                let seen =
                    if kind == "N" { AttributeValue::N(value) } else { AttributeValue::S(value) };
                self.values.insert(":seen".to_owned(), seen);
                "#updated = :seen"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_set_what_was_unreadable_removed_and_the_rest_left_alone() {
        let row = RowRef::new("k".to_owned(), None)
            .with_unreadable(vec!["status".to_owned(), "amountShipping".to_owned()]);
        let attributes: Vec<Attribute> = vec![
            ("status", Some(AttributeValue::S("completed".to_owned()))),
            ("amountTax", None),
            ("disputed", Some(AttributeValue::Bool(false))),
        ];
        let moment = Timestamp::from_millis(0).unwrap();
        let change = Change::refresh(attributes, &row, moment);
        assert_eq!(change.expression, "SET #a0 = :a0, #a2 = :a2 REMOVE #r1");
        assert_eq!(change.names["#r1"], "amountShipping");
        assert_eq!(change.values[":a2"], AttributeValue::Bool(false));
    }
}
