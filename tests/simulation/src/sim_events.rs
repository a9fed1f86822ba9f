//! What the table does for who keeps orders true, with the promises that the port asks for.

use orders::ports::{Done, EventStore, Holding, StoreError, Written};
use orders::{EventId, NewSnapshot, OrderId, RequestContext, RowRef, Timestamp, UserId};

use crate::sim_store::{SimStore, lookup, row_key};
use crate::world::{Row, RowState, State};

impl EventStore for SimStore {
    async fn holdings(
        &self,
        context: &RequestContext,
        owner: &UserId,
        order: &OrderId,
        _created: Option<Timestamp>,
    ) -> Result<Vec<Holding>, StoreError> {
        self.reach(context).await?;
        let state = self.0.lock();
        let mut holdings = vec![holding(&state, owner, order)];
        let others = state.rows.iter().filter(|((user, _), row)| {
            let is_ours = row.fetched_at.is_some() && row.state != RowState::Expired;
            user != owner.as_str() && row.order.order_id == *order && is_ours
        });
        let mut users: Vec<UserId> =
            others.filter_map(|((user, _), _)| user.parse().ok()).collect();
        users.dedup();
        holdings.extend(users.iter().map(|user| holding(&state, user, order)));
        Ok(holdings)
    }

    async fn file(
        &self,
        context: &RequestContext,
        user: &UserId,
        created: Timestamp,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        self.reach(context).await?;
        let key = (user.as_str().to_owned(), row_key(created, &snapshot.order.order_id));
        let mut state = self.0.lock();
        let is_free = state.rows.get(&key).is_none_or(|row| row.state == RowState::Expired);
        if is_free {
            write(&mut state, key, snapshot, None);
        }
        drop(state);
        self.answer(if is_free { Written::Stored } else { Written::KeptExisting })
    }

    async fn update(
        &self,
        context: &RequestContext,
        user: &UserId,
        row: &RowRef,
        snapshot: &NewSnapshot,
    ) -> Result<Written, StoreError> {
        self.reach(context).await?;
        let key = (user.as_str().to_owned(), row.key().to_owned());
        let mut state = self.0.lock();
        let before = state.rows.get(&key).cloned();
        let unchanged = before.as_ref().is_some_and(|before| {
            before.updated_at.map(|at| at.to_string()).as_deref() == row.seen()
        });
        if unchanged {
            write(&mut state, key, snapshot, before);
        }
        drop(state);
        self.answer(if unchanged { Written::Stored } else { Written::KeptExisting })
    }

    async fn is_done(&self, context: &RequestContext, event: &EventId) -> Result<bool, StoreError> {
        self.reach(context).await?;
        Ok(self.0.lock().is_marked(event))
    }

    async fn mark_done(&self, context: &RequestContext, done: &Done) -> Result<(), StoreError> {
        self.reach(context).await?;
        self.0.lock().marks.entry(done.event.to_string()).or_insert(done.at);
        self.answer(Written::Stored).map(|_| ())
    }
}

fn holding(state: &State, user: &UserId, order: &OrderId) -> Holding {
    let rows = state.rows_of(user, order);
    let changed_at = rows.iter().flat_map(|(_, row)| [row.updated_at, row.fetched_at]);
    let changed_at = changed_at.flatten().max();
    Holding { user: user.clone(), lookup: lookup(rows, user, order), changed_at }
}

/// Writes a view, and notes where it takes a row of ours back to what was before: an order shows
/// its session's version as its amount.
fn write(state: &mut State, key: (String, String), snapshot: &NewSnapshot, before: Option<Row>) {
    if let Some(before) = before.as_ref().filter(|before| before.fetched_at.is_some())
        && before.order.amount > snapshot.order.amount
    {
        state.violations.push(format!("{} went back to an older view", key.1));
    }
    let row = Row {
        order: snapshot.order.clone(),
        updated_at: Some(snapshot.fetched_at),
        fetched_at: Some(snapshot.answered_at),
        is_final: snapshot.is_final(),
        from_fallback: before.as_ref().is_some_and(|before| before.from_fallback),
        state: RowState::Sound,
        touched_by_other: before.and_then(|before| before.touched_by_other),
    };
    state.rows.insert(key, row);
}
