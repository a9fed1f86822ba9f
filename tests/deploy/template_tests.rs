//! The template against the programs, in each of its ways to have a table, and whether a change of
//! either would be noticed.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use table_sim::{INDEX, TABLE};

use crate::scenarios::{Recorded, of_authorizer, of_get_order, of_stripe_events};
use crate::template::{Stack, Template, list, text};
use crate::{events, figures, roles, variables};

pub(crate) const JWT: (&str, &str) = ("JwtSecretParameter", "/shop/jwt-secret");
const BUS: (&str, &str) = ("StripeEventBus", "aws.partner/stripe.com/ed_test_61");
const KEY: (&str, &str) = (
    "SecretsKeyArn",
    "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666",
);

/// A table of its own; one that is there and has an index; one that has none.
pub(crate) const TABLES: [&[(&str, &str)]; 3] = [
    &[JWT, BUS, KEY],
    &[JWT, ("ExistingTable", TABLE), ("ExistingOrderIndex", INDEX)],
    &[("JwksUrl", "https://id.example/jwks.json"), ("ExistingTable", TABLE), KEY],
];

pub(crate) const PROGRAMS: [(&str, &str); 3] = [
    ("GetOrderFunction", "get-order"),
    ("StripeEventsFunction", "stripe-events"),
    ("AuthorizerFunction", "authorizer"),
];

/// What the programs of a stack do.
async fn record(stack: &Stack) -> [Recorded; 3] {
    [of_get_order(stack).await, of_stripe_events(stack).await, of_authorizer(stack).await]
}

fn all_figures(recorded: &[Recorded]) -> BTreeSet<figures::Figure> {
    recorded.iter().flat_map(|program| program.figures.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_allows_what_its_program_does_and_each_figure_is_looked_at_whatever_the_table() {
    let Some(template) = Template::translated() else { return };
    let mut figures = BTreeSet::new();
    for parameters in TABLES {
        let stack = template.with(parameters);
        let recorded = record(&stack).await;
        figures.extend(all_figures(&recorded));
        for ((function, _), recorded) in PROGRAMS.iter().zip(&recorded) {
            assert_eq!(
                roles::problems(&stack, function, &recorded.calls),
                [""; 0],
                "{parameters:?}"
            );
        }
    }
    for parameters in TABLES {
        assert_eq!(figures::problems(&template.with(parameters), &figures), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_more_or_less_and_a_figure_of_another_name_are_found() {
    let Some(template) = Template::translated() else { return };
    let stack = template.with(TABLES[0]);
    let recorded = record(&stack).await;
    let mut figures = all_figures(&recorded);
    // With a secret it always knows.
    figures.extend(of_authorizer(&template.with(TABLES[2])).await.figures);
    let found = |template: &Template| {
        let stack = template.with(TABLES[0]);
        let calls = PROGRAMS.iter().zip(&recorded);
        let roles =
            calls.flat_map(|((function, _), it)| roles::problems(&stack, function, &it.calls));
        roles.chain(figures::problems(&stack, &figures)).count()
    };
    assert_eq!(found(&template), 0);
    for (role, statements) in [("GetOrderRole", 6), ("StripeEventsRole", 7), ("AuthorizerRole", 4)]
    {
        let policy = format!("/Resources/{role}/Properties/Policies/0/PolicyDocument/Statement");
        assert_eq!(list(template.0.pointer(&policy).unwrap()).len(), statements, "all are tried");
        for n in 0..statements {
            assert!(
                found(&changed(&template, &policy, |all| {
                    all.as_array_mut().unwrap().remove(n);
                })) > 0,
                "{role} without {n}"
            );
            let statement = format!("{policy}/{n}");
            if template.0.pointer(&format!("{statement}/Action")).is_none() {
                continue;
            }
            for (what, value) in [("Action", json!("dynamodb:Scan")), ("Resource", json!("*"))] {
                assert!(
                    found(&changed(&template, &format!("{statement}/{what}"), |one| {
                        let mut all = list(one);
                        all.push(value.clone());
                        *one = all.into();
                    })) > 0,
                    "{role} with more {what} in {n}"
                );
            }
        }
    }
    for (alarm, field) in [
        ("Denials", "MetricName"),
        ("Denials", "Namespace"),
        ("Denials", "Statistic"),
        ("OrdersInternal", "Dimensions/1/Value"),
        ("OrdersSlow", "Dimensions/0/Value"),
        ("CorruptSnapshots", "Metrics/1/MetricStat/Metric/MetricName"),
    ] {
        let changed = changed(&template, &format!("/Resources/{alarm}/Properties/{field}"), |it| {
            *it = json!("Average");
        });
        assert!(found(&changed) > 0, "{alarm}, {field}");
    }
    for (alarm, from, to) in
        [("EventsInternal", "internal", "eternal"), ("EventsInternal", "kind, ", "")]
    {
        let query = format!("/Resources/{alarm}/Properties/Metrics/0/Expression/Fn::Sub");
        let changed = changed(&template, &query, |it| *it = text(it).replace(from, to).into());
        assert!(found(&changed) > 0, "{alarm}, {from}");
    }
    let body = "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0";
    for figure in figures.iter().filter(|figure| figure.name.ends_with("_total")) {
        let changed = changed(&template, body, |it| {
            *it = text(it).replace(&figure.name, "others_total").into();
        });
        assert!(found(&changed) > 0, "{} is on no dashboard", figure.name);
    }
}

fn changed(template: &Template, pointer: &str, change: impl FnOnce(&mut Value)) -> Template {
    let mut template = template.clone();
    let place = template.0.pointer_mut(pointer);
    change(place.unwrap_or_else(|| panic!("there is no {pointer}")));
    template
}

#[test]
fn each_variable_that_is_set_is_read_and_each_that_is_read_is_set_or_left_for_a_reason() {
    let Some(template) = Template::translated() else { return };
    let stack = template.with(TABLES[0]);
    let mut all = BTreeSet::new();
    for (function, name) in PROGRAMS {
        let read = variables::read_by(name);
        assert_eq!(variables::problems(&stack, function, &read), [""; 0]);
        for variable in stack.environment(function).into_keys() {
            let place = format!("/Resources/{function}/Properties/Environment/Variables");
            let without = changed(&template, &place, |set| {
                set.as_object_mut().unwrap().remove(&variable);
            });
            assert_eq!(variables::problems(&without.with(TABLES[0]), function, &read).len(), 1);
        }
        for more in ["STRIPE_RATE", "LOG_LEVEL"] {
            let place = format!("/Resources/{function}/Properties/Environment/Variables");
            let with = changed(&template, &place, |set| set[more] = json!("1"));
            assert_eq!(variables::problems(&with.with(TABLES[0]), function, &read).len(), 1);
        }
        all.extend(read);
    }
    assert_eq!(variables::forgotten(&all), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_lets_through_the_events_that_the_program_heeds() {
    let Some(template) = Template::translated() else { return };
    assert_eq!(events::problems(&template.with(TABLES[0])).await, [""; 0]);
    let types = "/Resources/StripeEventsRule/Properties/EventPattern/detail-type";
    let less = changed(&template, types, |list| drop(list.as_array_mut().unwrap().pop()));
    assert!(!events::problems(&less.with(TABLES[0])).await.is_empty());
}

#[test]
fn the_alarms_are_those_of_the_operators_page() {
    let Some(template) = Template::translated() else { return };
    let stack = template.with(TABLES[0]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, page) = page.split_once("\n## Alarms\n").unwrap();
    let (table, _) = page.split_once("\n## ").unwrap();
    let rows: Vec<Vec<_>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).skip(1).collect())
        .collect();
    let named: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let alarms: Vec<_> = stack.of_type("AWS::CloudWatch::Alarm").map(|(name, _)| name).collect();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, alarms);
    for (row, name) in rows.iter().zip(named) {
        for look in figures::alarms(&stack).iter().filter(|look| look.by == name) {
            assert!(row[1].contains(&format!("`{}`", look.name)), "{row:?} is about {}", look.name);
        }
        let alarm = stack.properties(name);
        let limit = text(&alarm["Threshold"]);
        let row_limit = row[2].replace(',', "");
        let when = match alarm["ComparisonOperator"].as_str().unwrap() {
            "GreaterThanOrEqualToThreshold" => format!("{limit} or more"),
            "GreaterThanThreshold" => format!("over {limit}"),
            other => panic!("{name}: {other}"),
        };
        assert_eq!(row_limit, when, "{name}");
    }
}
