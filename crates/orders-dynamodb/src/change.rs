use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::write::Attribute;

/// An update expression that sets what is known and removes what is not. Every name is given a
/// placeholder, for DynamoDB reserves hundreds of words (`status` and `items` among them).
pub(crate) struct Change {
    pub(crate) expression: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Change {
    pub(crate) fn of(attributes: Vec<Attribute>) -> Self {
        let mut change =
            Self { expression: String::new(), names: HashMap::new(), values: HashMap::new() };
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (index, (name, value)) in attributes.into_iter().enumerate() {
            change.names.insert(format!("#a{index}"), name.to_owned());
            match value {
                Some(value) => {
                    change.values.insert(format!(":a{index}"), value);
                    set.push(format!("#a{index} = :a{index}"));
                }
                None => remove.push(format!("#a{index}")),
            }
        }
        change.expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            change.expression.push_str(" REMOVE ");
            change.expression.push_str(&remove.join(", "));
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_set_and_the_rest_removed() {
        let change = Change::of(vec![
            ("status", Some(AttributeValue::S("completed".to_owned()))),
            ("amountTax", None),
            ("disputed", Some(AttributeValue::Bool(false))),
        ]);
        assert_eq!(change.expression, "SET #a0 = :a0, #a2 = :a2 REMOVE #a1");
        assert_eq!(change.names["#a1"], "amountTax");
        assert_eq!(change.values[":a2"], AttributeValue::Bool(false));
    }
}
