//! Several rows of one order are one order.

use std::cmp::Reverse;

use orders::ports::Lookup;
use orders::{CorruptRow, OrderId, Timestamp, UnverifiedSnapshot, UserId};

use crate::item::Item;
use crate::keys;
use crate::read::{Row, is_expired, order_row};

/// The rows of one order, as they come in from the pages of a query.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    order_id: &'a OrderId,
    readable: Vec<Row>,
    corrupt: Vec<Row>,
}

impl<'a> Rows<'a> {
    /// No rows yet.
    pub(crate) fn of(order_id: &'a OrderId) -> Self {
        Self { order_id, readable: Vec::new(), corrupt: Vec::new() }
    }

    /// Adds a row, unless it is past its time to live.
    pub(crate) fn add(&mut self, item: &Item<'_>, user: &UserId, now: Timestamp) {
        // On the index the key of a row is no condition, and other things may name an order, too.
        // A query of the partition also gives rows whose `orderId` is no text; their key tells.
        // Another member's row was not asked for; one comparison more keeps it from being shown.
        if !keys::is_row_of(item, self.order_id)
            || keys::is_anothers(item, user)
            || is_expired(item, now)
        {
            return;
        }
        let row = order_row(item, self.order_id);
        let list = if row.corrupt_at.is_none() { &mut self.readable } else { &mut self.corrupt };
        list.push(row);
    }

    /// Whether a row can be served.
    pub(crate) fn any_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// Where the rows are corrupt that are passed over for others.
    pub(crate) fn passed_over(&self) -> impl Iterator<Item = String> {
        let passed = self.corrupt.iter().filter(|_| self.any_readable());
        passed.map(|row| row.corrupt_at.clone().unwrap_or_default())
    }

    /// The rows as one: the newest by `updatedAt`, else by the time in its key, with its gaps
    /// filled from the others, the newer ones first.
    pub(crate) fn into_lookup(mut self) -> Lookup {
        let all = self.readable.iter().chain(&self.corrupt);
        let filed_under = all.filter_map(|row| row.user_id.clone()).collect();
        self.readable.sort_by_cached_key(|row| Reverse(age(row)));
        let mut rows = self.readable.into_iter();
        let Some(base) = rows.next() else {
            return match self.corrupt.into_iter().next() {
                Some(Row { at, order, corrupt_at, .. }) => Lookup::Corrupt(Box::new(CorruptRow {
                    row: at,
                    attribute: corrupt_at.unwrap_or_default(),
                    salvage: order,
                    filed_under,
                })),
                None => Lookup::Absent,
            };
        };
        let (mut order, mut lines) = (base.order, base.provenance);
        for other in rows {
            if order.items.is_empty() {
                lines = other.provenance;
            }
            order.fill_gaps_from(other.order);
        }
        let snapshot = UnverifiedSnapshot::new(order, base.at, base.provenance, lines, filed_under);
        Lookup::Found(Box::new(snapshot))
    }
}

fn age(row: &Row) -> (Option<Timestamp>, String) {
    let key = row.at.key();
    (row.updated_at.or_else(|| keys::written_at(key)), key.to_owned())
}
