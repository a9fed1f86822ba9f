//! The packed programs (`deploy/package`), each in a root that holds it and the C library's own
//! files and nothing else, as Lambda starts it.
//!
//! They are looked for in `PACKED_ROOTS`, else where `deploy/package` leaves them; without them
//! these tests say that they skip, except where `CI` is set.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim};
use table_sim::{EmbeddedTable, INDEX, Storage, TABLE, webhook_row};
use tempfile::TempDir;
use test_support::{Asker, Lambda, posted_event, rest_event};

const KEY: &str = "sk_test_51ExampleKeyForTests";
const SECRET: &str = "whsec_secretOfTheseTests";
const CREATED: i64 = 1_764_192_504;

/// The root of a program; `None` where it was not packed.
#[expect(clippy::disallowed_methods, reason = "says where the packed programs are")]
fn root_of(program: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/lambda/roots");
    let roots = std::env::var("PACKED_ROOTS").unwrap_or_else(|_| default.to_owned());
    let root = Path::new(&roots).join(program);
    if root.join("bootstrap").is_file() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is not there", root.display());
    eprintln!("skipped: {} is not there; deploy/package makes it", root.display());
    None
}

/// A way to start what is in a root, with nothing else in sight.
fn way_into(root: &Path) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("start");
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let as_root = if is_root { "" } else { "unshare --user --map-root-user " };
    let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    let command = format!("{path} exec {as_root}chroot '{}' /bootstrap", root.display());
    fs::write(&script, format!("#!/bin/sh\n{command}\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let script = script.display().to_string();
    (folder, script)
}

/// A table with one order of Ava's, and a Stripe with another.
async fn shop() -> (EmbeddedTable, StripeSim) {
    let table = EmbeddedTable::start(&Storage::Memory).await.unwrap();
    table.put(&webhook_row("ava", "cs_test_a1stored", CREATED)).await.unwrap();
    let session = SessionBuilder::new("cs_test_a1fetched", CREATED)
        .metadata(json!({"userId": "ava"}))
        .line(Line::new("Tote bag", 1500, 2));
    let mut shop = Shop::default();
    shop.add(session);
    (table, StripeSim::start(&[KEY], shop).await.unwrap())
}

async fn start(root: &Path, settings: &[(&str, &str)]) -> Lambda {
    let (_folder, script) = way_into(root);
    let lambda = Lambda::start(&script, settings).await;
    // The script is read once it answers.
    let answer = lambda.invoke(&json!({"httpMethod": "OPTIONS", "path": "/"})).await;
    assert!(answer.status > 0, "{answer:?}");
    lambda
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packed_endpoint_answers_from_the_table_and_from_stripe() {
    let Some(root) = root_of("get-order") else { return };
    let (table, stripe) = shop().await;
    let base = stripe.base();
    let settings = [
        ("COMMERCE_TABLE", TABLE),
        ("ORDER_INDEX", INDEX),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", base.as_str()),
    ];
    let lambda = start(&root, &settings).await;
    for (user, order, status, source) in [
        ("ava", "cs_test_a1stored", 200, "snapshot"),
        ("ava", "cs_test_a1fetched", 200, "stripe"),
        ("ava", "cs_test_a1fetched", 200, "snapshot"),
        ("ben", "cs_test_a1stored", 404, ""),
    ] {
        let answer = lambda.invoke(&rest_event(&Asker::user(user), order)).await;
        assert_eq!(answer.status, status, "{user}, {order}: {answer:?}");
        assert_eq!(answer.header("x-order-source"), source, "{user}, {order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packed_endpoint_resolves_names_by_the_systems_own_means() {
    let Some(packed) = root_of("get-order") else { return };
    let root = tempfile::tempdir().unwrap();
    copy(&packed, root.path());
    fs::create_dir(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/hosts"), "127.0.0.1 dynamodb.shop.test\n").unwrap();
    fs::write(root.path().join("etc/nsswitch.conf"), "hosts: files\n").unwrap();
    let (table, stripe) = shop().await;
    let (endpoint, base) =
        (table.endpoint().replace("127.0.0.1", "dynamodb.shop.test"), stripe.base());
    let settings = [
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", base.as_str()),
    ];
    let lambda = start(root.path(), &settings).await;
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), "cs_test_a1stored")).await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "snapshot"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packed_keeper_of_orders_takes_an_event() {
    let Some(root) = root_of("stripe-events") else { return };
    let (table, stripe) = shop().await;
    let base = stripe.base();
    let settings = [
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
        ("STRIPE_SECRET", KEY),
        ("STRIPE_API_BASE", base.as_str()),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ];
    let lambda = start(&root, &settings).await;
    let session = json!({"id": "cs_test_a1fetched", "object": "checkout.session"});
    let event = json!({
        "id": "evt_packed", "object": "event", "type": "checkout.session.completed",
        "created": CREATED, "livemode": false, "data": {"object": session},
    });
    let body = event.to_string();
    let signature = stripe_sim::sign(body.as_bytes(), SECRET, now());
    let answer = lambda.invoke(&posted_event(&body, Some(&signature))).await;
    assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("stored")), "{answer:?}");
    let rows = table.orders_of("ava").await.unwrap();
    assert!(rows.iter().any(|row| row["orderId"] == "cs_test_a1fetched"), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packed_authorizer_lets_a_member_in_and_nobody_else() {
    let Some(root) = root_of("authorizer") else { return };
    let (_folder, script) = way_into(&root);
    let lambda = Lambda::start(&script, &[("JWT_SECRET", SECRET)]).await;
    let method_arn =
        "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/dashboard/orders/a";
    let [ours, theirs] = [SECRET, "another secret"]
        .map(|secret| bearer_tokens::issue(&secret.into(), "ava", "ava@example.com").unwrap());
    for (token, user) in [(&ours, json!("ava")), (&theirs, json!(null))] {
        let event = json!({
            "type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": method_arn,
        });
        let answer = lambda.invoke(&event).await;
        assert_eq!(answer.raw["principalId"], user, "{answer:?}");
        assert_eq!(answer.raw["errorMessage"] == "Unauthorized", user.is_null(), "{answer:?}");
    }
}

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a signature says when it was made")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}
