//! What each role may, against what the program does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::recorded::Call;
use crate::template::{Stack, list, text};

/// What is done in a role's name by Lambda itself, or by a service on the way, and on what.
fn of_lambda(stack: &Stack, function: &str) -> BTreeSet<Call> {
    let logs = text(&stack.properties(function)["LoggingConfig"]["LogGroup"]);
    let mut calls = BTreeSet::new();
    let mut may = |action: &str, resource: String| calls.insert((action.to_owned(), resource));
    // Whatever the program writes to its standard output.
    may("logs:CreateLogStream", format!("{logs}.Arn"));
    may("logs:PutLogEvents", format!("{logs}.Arn"));
    // `TracingConfig`; X-Ray knows no resources.
    may("xray:PutTraceSegments", "*".to_owned());
    may("xray:PutTelemetryRecords", "*".to_owned());
    for (_, mapping) in stack.of_type("AWS::Lambda::EventSourceMapping") {
        if mapping["Properties"]["FunctionName"] == function {
            // What polls a queue for a function.
            let queue = text(&mapping["Properties"]["EventSourceArn"]);
            for action in ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"] {
                may(action, queue.clone());
            }
        }
    }
    let key = &stack.parameters["SecretsKeyArn"];
    let reads = |name: &&String| name.ends_with("_PARAMETER");
    let environment = stack.environment(function);
    if !key.is_empty() && environment.keys().filter(reads).any(|name| !environment[name].is_empty())
    {
        // The parameter store decrypts in the name of whoever reads.
        may("kms:Decrypt", key.clone());
    }
    calls
}

/// What is wrong with the role of a function whose program makes these calls.
pub(crate) fn problems(stack: &Stack, function: &str, calls: &BTreeSet<Call>) -> Vec<String> {
    let role = text(&stack.properties(function)["Role"]);
    let role = role.strip_suffix(".Arn").unwrap_or_default();
    let mut problems = shape(stack, function, role);
    let needed: BTreeSet<_> = calls.union(&of_lambda(stack, function)).cloned().collect();
    let mut given = BTreeSet::new();
    for statement in statements(stack.properties(role)) {
        if statement["Effect"] != "Allow" {
            problems.push(format!("{role} has a statement that allows nothing"));
        }
        for action in list(&statement["Action"]) {
            for resource in list(&statement["Resource"]) {
                let call = (text(&action), text(&resource));
                problems.extend(condition(role, &call, &statement["Condition"]));
                if !given.insert(call.clone()) {
                    problems.push(format!("{role} allows {call:?} twice"));
                }
            }
        }
    }
    problems.extend(needed.difference(&given).map(|call| format!("{role} lacks {call:?}")));
    problems
        .extend(given.difference(&needed).map(|call| format!("{role} has no use for {call:?}")));
    problems
}

/// A role is one function's, Lambda's alone to assume, and says itself all that it may.
fn shape(stack: &Stack, function: &str, role: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let functions = stack.of_type("AWS::Lambda::Function");
    let same = |other: &Value| other["Properties"]["Role"] == stack.properties(function)["Role"];
    if functions.filter(|(_, other)| same(other)).count() != 1 {
        problems.push(format!("{role} is not {function}'s alone"));
    }
    let properties = stack.properties(role).as_object().unwrap();
    if !properties.keys().eq(["AssumeRolePolicyDocument", "Policies"]) {
        problems.push(format!("{role} has more than its policies: {:?}", properties.keys()));
    }
    let assumed = json!([{
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]);
    if properties["AssumeRolePolicyDocument"]["Statement"] != assumed {
        problems.push(format!("{role} may be assumed by others"));
    }
    let of_others =
        stack.of_type("AWS::IAM::Policy").chain(stack.of_type("AWS::IAM::ManagedPolicy"));
    problems.extend(of_others.map(|(name, _)| format!("{name} is a policy beside the roles")));
    problems
}

/// Only the use of a key is conditional: by way of the parameter store.
fn condition(role: &str, call: &Call, condition: &Value) -> Option<String> {
    let expected = match call.0.as_str() {
        "kms:Decrypt" => {
            json!({"StringEquals": {"kms:ViaService": "ssm.eu-central-1.amazonaws.com"}})
        }
        _ => Value::Null,
    };
    (*condition != expected).then(|| format!("{role} allows {call:?} under {condition}"))
}

pub(crate) fn statements(role: &Value) -> Vec<Value> {
    let policies = list(&role["Policies"]);
    policies.iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect()
}

/// Who may call a function: the API's routes and authorizer, and nobody else.
pub(crate) fn doors(stack: &Stack) -> BTreeMap<String, Vec<String>> {
    let mut doors: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (_, permission) in stack.of_type("AWS::Lambda::Permission") {
        let permission = &permission["Properties"];
        let source = text(&permission["SourceArn"]);
        let source = source.split_once("OrdersApi/").map_or(source.as_str(), |(_, path)| path);
        let function = text(&permission["FunctionName"]).replace(".Arn", "");
        doors
            .entry(function)
            .or_default()
            .push(format!("{} {source}", text(&permission["Principal"])));
    }
    for list in doors.values_mut() {
        list.sort();
    }
    doors
}
