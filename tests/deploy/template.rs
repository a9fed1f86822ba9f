//! The template as AWS translates it, and what it comes to under given parameters.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Map, Value, json};
use table_sim::TABLE;

/// The name that everything in the template is given which has none: that of its resource.
const ACCOUNT: [(&str, &str); 6] = [
    ("AWS::AccountId", "111122223333"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "eu-central-1"),
    ("AWS::StackName", "orders"),
    ("AWS::URLSuffix", "amazonaws.com"),
    // The table has the name that the embedded one has.
    ("CommerceTable", TABLE),
];

/// A translated template.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

/// The resources of a template under given parameters, with nothing left to resolve.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) resources: BTreeMap<String, Value>,
}

impl Template {
    /// Translates `deploy/template.yaml`. `None`, said aloud: there is no translator.
    #[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests have no config.rs")]
    pub(crate) fn translated() -> Option<Self> {
        let python = std::env::var("PEERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let there = Command::new(&python).args(["-c", "import cfnlint, samtranslator"]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            let lacks = format!("{python} has no packages `cfn-lint` and `aws-sam-translator`");
            assert!(std::env::var_os("CI").is_none(), "{lacks}");
            eprintln!("skipped: {lacks}; set PEERS_PYTHON to one that has");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/check.py");
        let output = Command::new(&python).args([script, "translate"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Self(serde_json::from_slice(&output.stdout).unwrap()))
    }

    /// What it comes to, with these parameters besides the defaults.
    pub(crate) fn with(&self, set: &[(&str, &str)]) -> Stack {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in self.0["Parameters"].as_object().unwrap() {
            parameters.insert(name.clone(), text(&parameter["Default"]));
        }
        for (name, value) in set {
            let known = parameters.insert((*name).to_owned(), (*value).to_owned());
            assert!(known.is_some(), "there is no parameter {name}");
        }
        let scope = Scope { template: &self.0, parameters: &parameters };
        let mut resources = BTreeMap::new();
        for (name, resource) in self.0["Resources"].as_object().unwrap() {
            if resource["Condition"].as_str().is_none_or(|condition| scope.holds(condition)) {
                resources.insert(name.clone(), scope.value(resource).unwrap());
            }
        }
        Stack { parameters, resources }
    }
}

impl Stack {
    /// The resources of a type.
    pub(crate) fn of_type(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind)
    }

    /// What a resource is made with.
    pub(crate) fn properties(&self, name: &str) -> &Value {
        &self.resources[name]["Properties"]
    }

    /// The environment that a function is given.
    pub(crate) fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let variables = self.properties(function)["Environment"]["Variables"].as_object();
        variables.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

struct Scope<'a> {
    template: &'a Value,
    parameters: &'a BTreeMap<String, String>,
}

impl Scope<'_> {
    fn holds(&self, condition: &str) -> bool {
        let rule = &self.template["Conditions"][condition];
        assert!(!rule.is_null(), "there is no condition {condition}");
        self.truth(rule)
    }

    fn truth(&self, rule: &Value) -> bool {
        let (name, of) = function(rule).unwrap_or_else(|| panic!("{rule} is no condition"));
        let mut inner = of.as_array().into_iter().flatten();
        match name {
            "Fn::Equals" => self.text(&of[0]) == self.text(&of[1]),
            "Fn::Not" => !self.truth(&of[0]),
            "Fn::And" => inner.all(|rule| self.truth(rule)),
            "Fn::Or" => inner.any(|rule| self.truth(rule)),
            "Condition" => self.holds(of.as_str().unwrap()),
            _ => panic!("{name} is no condition"),
        }
    }

    /// A value with nothing left to resolve; `None` for no value.
    fn value(&self, value: &Value) -> Option<Value> {
        if let Some((name, of)) = function(value) {
            return self.resolved(name, of);
        }
        Some(match value {
            Value::Array(list) => list.iter().filter_map(|value| self.value(value)).collect(),
            Value::Object(map) => {
                let pairs = map.iter();
                let pairs =
                    pairs.filter_map(|(name, value)| Some((name.clone(), self.value(value)?)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            other => other.clone(),
        })
    }

    fn resolved(&self, name: &str, of: &Value) -> Option<Value> {
        Some(match name {
            "Ref" if of == "AWS::NoValue" => return None,
            "Ref" => json!(self.named(of.as_str().unwrap())),
            "Fn::GetAtt" => json!(self.attribute(of[0].as_str().unwrap(), of[1].as_str().unwrap())),
            "Fn::If" => {
                let branch = if self.holds(of[0].as_str().unwrap()) { &of[1] } else { &of[2] };
                return self.value(branch);
            }
            "Fn::Sub" => json!(self.substituted(of)),
            "Fn::Split" => {
                let whole = self.text(&of[1]);
                whole.split(of[0].as_str().unwrap()).map(Value::from).collect()
            }
            "Fn::Select" => {
                let at = usize::try_from(of[0].as_u64().unwrap()).unwrap();
                self.value(&of[1])?[at].take()
            }
            _ => panic!("what {name} is was never learnt"),
        })
    }

    fn text(&self, value: &Value) -> String {
        text(&self.value(value).unwrap_or_default())
    }

    fn named(&self, name: &str) -> String {
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        if let Some((_, value)) = ACCOUNT.iter().find(|(known, _)| *known == name) {
            return (*value).to_owned();
        }
        assert!(self.template["Resources"][name].is_object(), "there is no {name}");
        name.to_owned()
    }

    fn attribute(&self, resource: &str, attribute: &str) -> String {
        let name = self.named(resource);
        if attribute.ends_with("Name") { name } else { format!("{name}.{attribute}") }
    }

    fn substituted(&self, of: &Value) -> String {
        let (pattern, own) = match of {
            Value::String(pattern) => (pattern, &Value::Null),
            _ => (as_string(&of[0]), &of[1]),
        };
        let mut parts = pattern.split("${");
        let mut made = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            made += &match (own.get(name), name.split_once('.')) {
                (Some(value), _) => self.text(value),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute),
                (None, None) => self.named(name),
            };
            made += rest;
        }
        made
    }
}

/// The function that an object stands for.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, of) = object.iter().next()?;
    let is_one = name == "Ref" || name == "Condition" && of.is_string() || name.starts_with("Fn::");
    is_one.then_some((name, of))
}

fn as_string(value: &Value) -> &String {
    let Value::String(text) = value else { panic!("{value} is no text") };
    text
}

/// A text or a number, as a text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One or several, as a list.
pub(crate) fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(several) => several.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}
