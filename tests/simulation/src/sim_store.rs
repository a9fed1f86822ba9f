use std::sync::Arc;
use std::time::Duration;

use orders::ports::{Lookup, SnapshotStore, StoreError, Written};
use orders::{
    Clock, CorruptRow, CustomerId, NORMALIZER_VERSION, NewSnapshot, OrderId, Personal, Provenance,
    RequestContext, RowRef, Timestamp, UnverifiedSnapshot, UserId,
};

use crate::World;
use crate::executor::sleep;
use crate::schedule::BUDGET;
use crate::sim_checkout::{Scheduled, millis};
use crate::world::{Row, RowState, State};

/// The table, as the world has it, with the promises that the port asks for.
pub(crate) struct SimStore(pub(crate) World);

pub(crate) fn unavailable() -> StoreError {
    StoreError::Unavailable(Arc::new(Scheduled))
}

/// The key of a row with this time in it. A fallback's has the session's time of creation.
pub(crate) fn row_key(time: Timestamp, order: &OrderId) -> String {
    format!("ORDER#{}#{order}", time.seconds())
}

/// When a row was changed last, or written, by which the newest of several is told.
fn age((key, row): &(String, Row)) -> (Option<Timestamp>, String) {
    let in_key = || key.split('#').nth(1).and_then(|time| time.parse().ok());
    (row.updated_at.or_else(in_key), key.clone())
}

/// The rows of an order as one.
pub(crate) fn lookup(mut rows: Vec<(String, Row)>, user: &UserId, order: &OrderId) -> Lookup {
    rows.sort_by_cached_key(|row| std::cmp::Reverse(age(row)));
    let filed_under = vec![Personal::new(user.as_str().to_owned())];
    let Some(base) = rows.iter().position(|(_, row)| row.state == RowState::Sound) else {
        let corrupt = rows.into_iter().next().map(|(key, row)| CorruptRow {
            row: row_ref(&key, &row),
            attribute: "amount".to_owned(),
            salvage: orders::Order::new(order.clone()),
            filed_under,
        });
        return corrupt.map_or(Lookup::Absent, |row| Lookup::Corrupt(Box::new(row)));
    };
    let (key, base) = rows.swap_remove(base);
    let provenance = Provenance {
        from_fallback: base.from_fallback,
        normalizer_version: base.fetched_at.map(|_| NORMALIZER_VERSION),
        is_final: base.is_final,
    };
    let row = row_ref(&key, &base);
    let mut merged = base.order;
    for (_, other) in rows.into_iter().filter(|(_, row)| row.state == RowState::Sound) {
        merged.fill_gaps_from(other.order);
    }
    let snapshot = UnverifiedSnapshot::new(merged, row, provenance, provenance, filed_under);
    Lookup::Found(Box::new(snapshot))
}

impl SimStore {
    /// The way there: takes its time, and may end in a fault before anything was done.
    pub(crate) async fn reach(&self, context: &RequestContext) -> Result<(), StoreError> {
        let world = &self.0;
        context.ledger.store_call(Duration::ZERO, 1, 0, 0.0);
        let left = millis(context.deadline.remaining(world.now()));
        let takes = world.lock().chance.i64(0..40);
        if world.fails() {
            let hangs = world.happens(40);
            sleep(world, if hangs { left } else { takes.min(left) }).await;
            return Err(unavailable());
        }
        sleep(world, takes.min(left)).await;
        if takes >= left { Err(unavailable()) } else { Ok(()) }
    }

    /// The way back of a write: the effect is there, but the answer may be lost.
    pub(crate) fn answer(&self, written: Written) -> Result<Written, StoreError> {
        if self.0.fails() { Err(unavailable()) } else { Ok(written) }
    }
}

impl SnapshotStore for SimStore {
    async fn find(
        &self,
        context: &RequestContext,
        user: &UserId,
        order: &OrderId,
    ) -> Result<Lookup, StoreError> {
        self.reach(context).await?;
        Ok(lookup(self.0.lock().rows_of(user, order), user, order))
    }

    async fn profile_customer(
        &self,
        context: &RequestContext,
        user: &UserId,
    ) -> Result<Option<CustomerId>, StoreError> {
        self.reach(context).await?;
        Ok(self.0.lock().profiles.get(user.as_str()).cloned())
    }

    async fn insert(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        self.reach(context).await?;
        let key = (user.as_str().to_owned(), row_key(created, &snapshot.order.order_id));
        let mut state = self.0.lock();
        let replaceable = state.rows.get(&key).is_none_or(|row| {
            let older = row.fetched_at.is_some_and(|at| at < snapshot.fetched_at);
            row.state == RowState::Expired || older && !row.is_final && is_ours(row)
        });
        if replaceable {
            check_only_row(&mut state, user, &key.1, snapshot);
            write(&mut state, key, snapshot, None);
        }
        drop(state);
        self.answer(if replaceable { Written::Stored } else { Written::KeptExisting })
    }

    async fn refresh(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        self.reach(context).await?;
        let key = (user.as_str().to_owned(), row.key().to_owned());
        let mut state = self.0.lock();
        let existing = state.rows.get(&key).cloned();
        let allowed = existing.as_ref().is_some_and(|existing| {
            let newer = existing.fetched_at.is_none_or(|at| at < snapshot.fetched_at);
            let unchanged = existing.updated_at.map(|at| at.to_string()).as_deref() == row.seen();
            newer && (unchanged || is_ours(existing))
        });
        if allowed {
            write(&mut state, key, snapshot, existing);
        }
        drop(state);
        self.answer(if allowed { Written::Stored } else { Written::KeptExisting })
    }
}

/// A row that was there long before the request must have been found, and is to be the only one.
fn check_only_row(state: &mut State, user: &UserId, key: &str, snapshot: &NewSnapshot) {
    let order = &snapshot.order.order_id;
    let others = state.rows_of(user, order).into_iter().any(|(other, row)| {
        let since = row.touched_by_other.map(|at| at.plus(BUDGET));
        other != key && since.is_some_and(|since| since < snapshot.fetched_at)
    });
    if others {
        state.violations.push(format!("{order} got a second row"));
    }
}

/// Whether the row was changed last by a process of ours.
fn is_ours(row: &Row) -> bool {
    row.updated_at.is_some() && row.updated_at <= row.fetched_at
}

pub(crate) fn row_ref(key: &str, row: &Row) -> RowRef {
    RowRef::new(key.to_owned(), row.updated_at.map(|at| at.to_string()))
}

/// Writes a view, and notes where that breaks a promise.
fn write(state: &mut State, key: (String, String), snapshot: &NewSnapshot, refreshed: Option<Row>) {
    if let Some(before) = state.rows.get(&key) {
        let view = snapshot.fetched_at;
        if before.fetched_at.is_some_and(|at| at > view)
            || before.touched_by_other.is_some_and(|at| at > view)
        {
            state.violations.push(format!("{} was overwritten by an older view", key.1));
        }
    }
    let row = Row {
        order: snapshot.order.clone(),
        updated_at: Some(snapshot.fetched_at),
        fetched_at: Some(snapshot.answered_at),
        is_final: snapshot.is_final(),
        from_fallback: refreshed.as_ref().is_none_or(|row| row.from_fallback),
        state: RowState::Sound,
        touched_by_other: refreshed.and_then(|row| row.touched_by_other),
    };
    state.rows.insert(key, row);
}
