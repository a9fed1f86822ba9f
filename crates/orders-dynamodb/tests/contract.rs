//! The promises of a snapshot store, kept over an embedded DynamoDB.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::future::Future;

use orders::{Clock, SystemClock, Timestamp, UserId};
use orders_dynamodb::{CommerceTable, TableConfig};
use port_contracts::store::{OtherRow, RowState, StoreSubject};
use serde_json::json;
use table_sim::{EmbeddedTable, INDEX, Row, Storage, TABLE};

struct OverTable {
    has_index: bool,
    table: EmbeddedTable,
    store: CommerceTable<SystemClock>,
}

impl StoreSubject for OverTable {
    type Store = CommerceTable<SystemClock>;

    fn store(&self) -> &Self::Store {
        &self.store
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    async fn file(&self, row: &OtherRow) {
        let key = format!("ORDER#{}#{}", row.written_at.seconds(), row.order);
        let amount = if row.state == RowState::Corrupt { json!("lots") } else { json!(row.amount) };
        let mut filed = Row::new(row.user.as_str(), &key, row.order.as_str())
            .set("userId", json!(row.user.as_str()))
            .set("status", json!("completed"))
            .set("customerPhone", json!(row.phone))
            .set("amount", amount);
        if let Some(updated_at) = row.updated_at {
            filed = filed.set("updatedAt", json!(updated_at));
        }
        if row.state == RowState::Expired {
            filed = filed.set("expiresAt", json!(row.written_at.seconds()));
        }
        self.table.put(&filed).await.unwrap();
    }

    async fn file_profile(&self, user: &UserId, customer: &str) {
        self.table.put(&Row::profile(user.as_str(), customer)).await.unwrap();
    }

    fn finds_others(&self) -> bool {
        self.has_index
    }

    async fn count_rows(&self, user: &UserId) -> usize {
        self.table.orders_of(user.as_str()).await.unwrap().len()
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn over<F: Future<Output = ()>>(index: Option<&str>, case: impl FnOnce(OverTable) -> F) {
    let table = EmbeddedTable::start(&Storage::Memory).await.unwrap();
    let config = TableConfig { table: TABLE.into(), index: index.map(str::to_owned), ttl_days: 0 };
    let store = CommerceTable::new(table.client(), config, SystemClock);
    case(OverTable { has_index: index.is_some(), table, store }).await;
}

mod with_the_index {
    use super::{Future, INDEX, OverTable};

    fn run<F: Future<Output = ()>>(case: impl FnOnce(OverTable) -> F) {
        super::over(Some(INDEX), case);
    }

    port_contracts::store_contract!(run);
    port_contracts::event_store_contract!(run);
}

mod paging_the_partition {
    use super::{Future, OverTable};

    fn run<F: Future<Output = ()>>(case: impl FnOnce(OverTable) -> F) {
        super::over(None, case);
    }

    port_contracts::store_contract!(run);
    port_contracts::event_store_contract!(run);
}
