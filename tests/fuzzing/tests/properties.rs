//! What must hold of any input, tried with fixtures that were changed at random. A case is named by
//! its number, and is the same in every run with the same fixtures.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fuzzing::TARGETS;
use serde_json::{Value, json};

/// How many changed fixtures are tried of each kind.
const CASES: u64 = 3_000;

fn check(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let seeds = seeds::of(name);
    for seed in &seeds {
        target(seed);
    }
    for case in 0..CASES {
        let mut chance = fastrand::Rng::with_seed(case);
        let input = changed(&seeds[chance.usize(..seeds.len())], &mut chance);
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        assert!(outcome.is_ok(), "case {case} of {name}: {}", String::from_utf8_lossy(&input));
    }
}

/// The input with a few changes, to its values where it is JSON, or to its bytes.
fn changed(input: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    if let Ok(mut value) = serde_json::from_slice::<Value>(input) {
        for _ in 0..chance.u32(1..4) {
            change_value(&mut value, chance);
        }
        bytes = value.to_string().into_bytes();
        if chance.u32(0..4) > 0 {
            return bytes;
        }
    }
    for _ in 0..chance.u32(1..4) {
        let at = chance.usize(..=bytes.len());
        match chance.u32(0..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.u8(..)),
            2 if at < bytes.len() => bytes[at] ^= 1 << chance.u32(0..8),
            _ => bytes.splice(at..at, *b"\"\\u0000[{").for_each(drop),
        }
    }
    bytes
}

fn change_value(value: &mut Value, chance: &mut fastrand::Rng) {
    match value {
        Value::Object(fields) if !fields.is_empty() && chance.u32(0..10) > 0 => {
            let name = fields.keys().nth(chance.usize(..fields.len())).unwrap().clone();
            if chance.u32(0..10) == 0 {
                fields.remove(&name);
            } else {
                change_value(&mut fields[&name], chance);
            }
        }
        Value::Array(list) if !list.is_empty() && chance.u32(0..10) > 0 => {
            let at = chance.usize(..list.len());
            change_value(&mut list[at], chance);
        }
        _ => *value = odd(chance),
    }
}

/// A value that somebody did not think of.
fn odd(chance: &mut fastrand::Rng) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(""),
        json!("  "),
        json!("3E+3"),
        json!("-0.0"),
        json!("99999999999999999999"),
        json!("2025-11-26T21:28:24+1\u{e9}2"),
        json!("\u{0}\u{202e}\u{1f600}"),
        json!("long ".repeat(2_000)),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        json!({"S": "open"}),
        json!({"N": "1E+100"}),
        json!({"NULL": true}),
        json!({"L": [{"M": {}}, {"N": "7"}]}),
        json!({"M": {"userId": {"S": "ben"}}}),
        json!({"id": "", "object": "odd", "deleted": true}),
    ];
    odd[chance.usize(..odd.len())].clone()
}

#[test]
fn an_event_of_any_kind_is_answered() {
    check("event");
}

#[test]
fn a_row_of_any_kind_is_an_order_or_corrupt() {
    check("item");
}

#[test]
fn a_session_of_any_kind_is_an_order_or_names_its_fault() {
    check("session");
}

#[test]
fn lines_of_any_kind_are_kept_as_they_are_or_name_their_fault() {
    check("lines");
}

#[test]
fn a_delivery_of_any_kind_is_taken_and_nothing_that_is_posted_is_believed() {
    check("delivery");
}

#[test]
fn no_signature_but_a_right_one_is_believed() {
    check("signature");
}

#[test]
fn no_token_but_a_signed_one_is_believed() {
    check("token");
}
