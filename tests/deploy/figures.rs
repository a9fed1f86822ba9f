//! Alarms and the dashboard against the figures that there are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Stack, list, text};

/// A figure, as CloudWatch keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Figure {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Name and value of each dimension. A value may be open where it is looked at: [`ANY`].
    pub(crate) dimensions: BTreeSet<(String, String)>,
    pub(crate) is_duration: bool,
}

/// Any value of a dimension.
const ANY: &str = "*";

/// The figures of AWS's own that are looked at, and by which dimensions each is kept (the services'
/// own documentation of their CloudWatch metrics); `true`: it is a time, or a level.
const OF_AWS: [(&str, &str, &[&str], bool); 17] = [
    ("AWS/ApiGateway", "4XXError", &["ApiName", "Stage"], false),
    ("AWS/ApiGateway", "5XXError", &["ApiName", "Stage"], false),
    ("AWS/ApiGateway", "Count", &["ApiName", "Stage"], false),
    ("AWS/ApiGateway", "Latency", &["ApiName", "Stage"], true),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", &["TableName"], false),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", INDEXED, false),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", &["TableName"], false),
    ("AWS/DynamoDB", "ReadThrottleEvents", &["TableName"], false),
    ("AWS/DynamoDB", "ReadThrottleEvents", INDEXED, false),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"], false),
    ("AWS/DynamoDB", "WriteThrottleEvents", INDEXED, false),
    ("AWS/Lambda", "Duration", &["FunctionName"], true),
    ("AWS/Lambda", "Errors", &["FunctionName"], false),
    ("AWS/Lambda", "Invocations", &["FunctionName"], false),
    ("AWS/Lambda", "Throttles", &["FunctionName"], false),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", &["QueueName"], true),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"], true),
];
const INDEXED: &[&str] = &["GlobalSecondaryIndexName", "TableName"];

impl Figure {
    /// The figures in a line of a program's log, in the embedded metric format.
    pub(crate) fn all_in(line: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        for directive in list(&line["_aws"]["CloudWatchMetrics"]) {
            for set in list(&directive["Dimensions"]) {
                let dimensions: BTreeSet<_> =
                    list(&set).iter().map(|name| (text(name), text(&line[text(name)]))).collect();
                for metric in list(&directive["Metrics"]) {
                    all.push(Self {
                        namespace: text(&directive["Namespace"]),
                        name: text(&metric["Name"]),
                        dimensions: dimensions.clone(),
                        is_duration: metric["Unit"] == "Milliseconds",
                    });
                }
            }
        }
        all
    }

    fn is_seen_by(&self, look: &Look) -> bool {
        let same = |(have, asked): (&(String, String), &(String, String))| {
            have.0 == asked.0 && (have.1 == asked.1 || asked.1 == ANY)
        };
        self.namespace == look.namespace
            && self.name == look.name
            && self.dimensions.len() == look.dimensions.len()
            && self.dimensions.iter().zip(&look.dimensions).all(same)
    }
}

/// A look at a figure: of an alarm, or of the dashboard.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) by: String,
    namespace: String,
    pub(crate) name: String,
    dimensions: BTreeSet<(String, String)>,
    statistic: String,
}

impl Look {
    fn is_at_aws(&self, stack: &Stack) -> Option<bool> {
        let names: Vec<_> = self.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        let known = OF_AWS.iter().find(|(namespace, name, dimensions, _)| {
            *namespace == self.namespace && *name == self.name && *dimensions == names
        })?;
        self.dimensions.iter().all(|(name, value)| is_there(stack, name, value)).then_some(known.3)
    }
}

/// Whether a dimension has a value that the stack makes.
fn is_there(stack: &Stack, name: &str, value: &str) -> bool {
    let is = |kind: &str| stack.resources.get(value).is_some_and(|it| it["Type"] == kind);
    match name {
        "FunctionName" => is("AWS::Lambda::Function"),
        "QueueName" => is("AWS::SQS::Queue"),
        "ApiName" => stack
            .of_type("AWS::ApiGateway::RestApi")
            .any(|(_, api)| api["Properties"]["Name"] == value),
        "Stage" => stack
            .of_type("AWS::ApiGateway::Stage")
            .any(|(_, it)| it["Properties"]["StageName"] == value),
        "TableName" => stack.environment("GetOrderFunction")["COMMERCE_TABLE"] == value,
        "GlobalSecondaryIndexName" => stack.environment("GetOrderFunction")["ORDER_INDEX"] == value,
        _ => false,
    }
}

/// What is wrong with the alarms and the dashboard, beside what was recorded.
pub(crate) fn problems(stack: &Stack, recorded: &BTreeSet<Figure>) -> Vec<String> {
    let (alarms, dashboard) = (alarms(stack), dashboard(stack));
    let mut problems = Vec::new();
    for look in alarms.iter().chain(&dashboard) {
        let own = recorded.iter().find(|figure| figure.is_seen_by(look));
        match own.map(|figure| figure.is_duration).or_else(|| look.is_at_aws(stack)) {
            None => problems.push(format!("{} looks at what is not there: {look:?}", look.by)),
            Some(is_duration) if is_duration == (look.statistic == "Sum") => {
                problems.push(format!("{} takes {} of {}", look.by, look.statistic, look.name));
            }
            Some(_) => {}
        }
    }
    for figure in recorded {
        if !dashboard.iter().any(|look| figure.is_seen_by(look)) {
            problems.push(format!("on no dashboard: {figure:?}"));
        }
    }
    problems
}

/// What the alarms look at.
pub(crate) fn alarms(stack: &Stack) -> Vec<Look> {
    let mut looks = Vec::new();
    for (name, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        if alarm["MetricName"].is_string() {
            let statistic = [&alarm["Statistic"], &alarm["ExtendedStatistic"]];
            let statistic = statistic.iter().find_map(|value| value.as_str()).unwrap_or_default();
            looks.push(look(name, alarm, statistic));
        }
        for metric in list(&alarm["Metrics"]) {
            let (stat, said) = (&metric["MetricStat"], text(&metric["Expression"]));
            if stat.is_object() {
                looks.push(look(name, &stat["Metric"], stat["Stat"].as_str().unwrap_or_default()));
            } else if said != "SUM(FILL(METRICS(), 0))" {
                looks.push(queried(name, &said));
            }
        }
    }
    looks
}

fn look(by: &str, metric: &Value, statistic: &str) -> Look {
    let dimensions = list(&metric["Dimensions"]);
    let dimensions = dimensions.iter().map(|it| (text(&it["Name"]), text(&it["Value"])));
    Look {
        by: by.to_owned(),
        namespace: text(&metric["Namespace"]),
        name: text(&metric["MetricName"]),
        dimensions: dimensions.collect(),
        statistic: statistic.to_owned(),
    }
}

/// What a query of Metrics Insights looks at:
/// `SELECT SUM(name) FROM SCHEMA(namespace, dimension, ...) WHERE dimension = 'value' AND ...`.
fn queried(by: &str, query: &str) -> Look {
    let inside = |before: &str| {
        let (_, after) = query.split_once(before).unwrap_or_else(|| panic!("{by}: {query}"));
        after.split_once(')').unwrap().0
    };
    let mut schema = inside("SCHEMA(").split(", ");
    let namespace = schema.next().unwrap().to_owned();
    let (_, conditions) = query.split_once("WHERE ").unwrap_or_default();
    let mut conditions: Vec<_> =
        conditions.split(" AND ").filter_map(|condition| condition.split_once(" = ")).collect();
    let dimensions = schema.map(|name| {
        let at = conditions.iter().position(|(asked, _)| *asked == name);
        let value = at.map_or(ANY, |at| conditions.swap_remove(at).1.trim_matches('\''));
        (name.to_owned(), value.to_owned())
    });
    let dimensions = dimensions.collect();
    assert!(conditions.is_empty(), "{by} asks by what is in no schema: {conditions:?}");
    let name = inside("SELECT SUM(").to_owned();
    Look { by: by.to_owned(), namespace, name, dimensions, statistic: "Sum".to_owned() }
}

/// What the dashboard looks at.
fn dashboard(stack: &Stack) -> Vec<Look> {
    let mut looks = Vec::new();
    for (name, dashboard) in stack.of_type("AWS::CloudWatch::Dashboard") {
        let body = text(&dashboard["Properties"]["DashboardBody"]);
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|bad| panic!("{bad}: {body}"));
        for widget in list(&body["widgets"]) {
            let properties = &widget["properties"];
            let by = format!("{name}, {}", text(&properties["title"]));
            for metric in list(&properties["metrics"]) {
                looks.push(shown(&by, &metric, &text(&properties["stat"])));
            }
        }
    }
    looks
}

/// A line of a widget: `[namespace, name, dimension, value, ..., {options}]`, or
/// `[{"expression": "SEARCH('{namespace,dimension,...} dimension=\"value\" ...', 'statistic', period)"}]`.
fn shown(by: &str, metric: &Value, statistic: &str) -> Look {
    let mut parts = list(metric);
    let options = parts.pop_if(|last| last.is_object()).unwrap_or_default();
    if let Some(search) = options["expression"].as_str() {
        return searched(by, search);
    }
    let statistic = options["stat"].as_str().unwrap_or(statistic).to_owned();
    let parts: Vec<_> = parts.iter().map(text).collect();
    let (namespace, name) = (parts[0].clone(), parts[1].clone());
    let pairs = parts[2..].chunks_exact(2);
    let dimensions = pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    Look { by: by.to_owned(), namespace, name, dimensions, statistic }
}

fn searched(by: &str, search: &str) -> Look {
    let (_, schema) = search.split_once("SEARCH('{").unwrap_or_else(|| panic!("{by}: {search}"));
    let (schema, terms) = schema.split_once("} ").unwrap();
    let (terms, rest) = terms.split_once("', '").unwrap();
    let statistic = rest.split_once('\'').unwrap().0.to_owned();
    let term = |name: &str| {
        let named = |term: &&str| term.split_once('=').is_some_and(|(known, _)| known == name);
        let found = terms.split(' ').find(named);
        found.and_then(|term| term.split_once('=')).map(|(_, value)| value.trim_matches('"'))
    };
    let mut schema = schema.split(',');
    let namespace = schema.next().unwrap().to_owned();
    let dimensions =
        schema.map(|name| (name.to_owned(), term(name).unwrap_or(ANY).to_owned())).collect();
    let name = term("MetricName").unwrap().to_owned();
    Look { by: by.to_owned(), namespace, name, dimensions, statistic }
}
