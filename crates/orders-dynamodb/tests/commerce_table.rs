//! What is the commerce table's own, over an embedded DynamoDB. The promises of any store are in
//! `contract.rs`, and what a caller sees of them is tested end to end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

use std::time::Duration;

use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Caller, Clock, Deadline, NewSnapshot, Order, OrderId, OrderStatus, RequestContext, Snapshot,
    SystemClock, Timestamp, UserId,
};
use orders_dynamodb::{CommerceTable, TableConfig};
use serde_json::json;
use table_sim::{EmbeddedTable, INDEX, Row, Storage, TABLE, webhook_row};

const CREATED: i64 = 1_764_192_504;

fn user() -> UserId {
    "ava".parse().unwrap()
}

fn order_id() -> OrderId {
    "cs_test_1".parse().unwrap()
}

fn created() -> Timestamp {
    Timestamp::from_epoch(CREATED).unwrap()
}

fn soon() -> RequestContext {
    RequestContext::new(Deadline::at(SystemClock.now().plus(Duration::from_secs(10))))
}

/// A view of the order, fetched so many seconds after its creation.
fn view(seconds: u64, status: OrderStatus, amount: i64) -> NewSnapshot {
    let order = Order { status: Some(status), amount: Some(amount), ..Order::new(order_id()) };
    let fetched_at = created().plus(Duration::from_secs(seconds));
    NewSnapshot { order, customer: None, fetched_at, answered_at: fetched_at }
}

async fn store(index: Option<&str>) -> (EmbeddedTable, CommerceTable<SystemClock>) {
    let table = EmbeddedTable::start(&Storage::Memory).await.unwrap();
    let config = TableConfig { table: TABLE.into(), index: index.map(str::to_owned), ttl_days: 0 };
    let store = CommerceTable::new(table.client(), config, SystemClock);
    (table, store)
}

async fn found(store: &CommerceTable<SystemClock>) -> Snapshot {
    let lookup = store.find(&soon(), &user(), &order_id()).await.unwrap();
    let Lookup::Found(snapshot) = lookup else { panic!("{lookup:?}") };
    snapshot.claim(&Caller::new(user(), None, false)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_noticed_whatever_type_its_mark_has() {
    for mark in [json!("2025-11-27T00:00:00Z"), json!(1_764_200_000), json!(null)] {
        let (table, store) = store(Some(INDEX)).await;
        let read = webhook_row("ava", "cs_test_1", CREATED).set("updatedAt", mark.clone());
        table.put(&read).await.unwrap();
        let row = found(&store).await.row;
        let changed = read.clone().set("updatedAt", json!("2025-11-28T00:00:00Z"));
        table.put(&changed.set("amount", json!(9))).await.unwrap();
        let snapshot = view(10, OrderStatus::Completed, 1);
        let outcome = store.refresh(&soon(), &user(), &row, &snapshot).await.unwrap();
        assert_eq!((outcome, found(&store).await.order.amount), (Written::KeptExisting, Some(9)));
        // Without a change in between the same refresh goes through.
        table.put(&read).await.unwrap();
        let outcome = store.refresh(&soon(), &user(), &row, &snapshot).await.unwrap();
        assert_eq!((outcome, found(&store).await.order.amount), (Written::Stored, Some(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_whose_customer_is_no_text_names_none() {
    let (table, store) = store(None).await;
    for odd in [json!(7), json!(null), json!(" ")] {
        table.put(&Row::profile("ava", "").set("stripeCustomerId", odd)).await.unwrap();
        assert_eq!(store.profile_customer(&soon(), &user()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_on_the_index_costs_the_same_however_many_orders_there_are() {
    let (table, store) = store(Some(INDEX)).await;
    table.put(&webhook_row("ava", "cs_test_1", CREATED)).await.unwrap();
    let cost = || async {
        let context = soon();
        store.find(&context, &user(), &order_id()).await.unwrap();
        let usage = context.ledger.usage();
        (usage.store_calls, usage.rows_read, usage.read_units.to_string())
    };
    let alone = cost().await;
    for n in 0..200 {
        table.put(&webhook_row("ava", &format!("cs_test_other{n}"), CREATED + n)).await.unwrap();
    }
    assert_eq!(cost().await, alone);
    assert_eq!((alone.0, alone.1), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_and_what_takes_too_long_is_not_available() {
    let (table, _) = store(None).await;
    let with = |table_name: &str, index: Option<&str>| {
        let config = TableConfig {
            table: table_name.to_owned(),
            index: index.map(str::to_owned),
            ttl_days: 0,
        };
        CommerceTable::new(table.client(), config, SystemClock)
    };
    for store in [with("no-such-table", None), with(TABLE, Some("no-such-index"))] {
        let outcome = store.find(&soon(), &user(), &order_id()).await;
        assert!(matches!(outcome, Err(StoreError::Refused(_))), "{outcome:?}");
    }
    let late = RequestContext::new(Deadline::at(created()));
    let outcome = with(TABLE, None).find(&late, &user(), &order_id()).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(late.ledger.usage().store_calls, 0, "nothing is sent that cannot end in time");
}
