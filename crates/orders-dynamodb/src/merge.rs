//! Several rows of one order are one order.

use std::cmp::Reverse;

use orders::ports::Lookup;
use orders::{CorruptRow, RowRef, Timestamp, UnverifiedSnapshot};

use crate::keys;
use crate::read::{Corrupt, Item, Row, is_expired, order_row, row_ref, user_id};

/// The rows of one order, as they come in from the pages of a query.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    readable: Vec<Row>,
    corrupt: Option<(RowRef, Corrupt)>,
    filed_under: Vec<String>,
}

impl Rows {
    /// Adds a row, unless it is past its time to live.
    pub(crate) fn add(&mut self, item: &Item, now: Timestamp) {
        if is_expired(item, now) {
            return;
        }
        self.filed_under.extend(user_id(item));
        match order_row(item) {
            Ok(row) => {
                self.filed_under.extend(row.user_id.clone());
                self.readable.push(row);
            }
            Err(corrupt) => {
                self.corrupt.get_or_insert((row_ref(item), corrupt));
            }
        }
    }

    /// Whether a row can be served.
    pub(crate) fn any_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// The rows as one: the newest by `updatedAt`, else by the time in its key, with its gaps
    /// filled from the others, the newer ones first.
    pub(crate) fn into_lookup(mut self) -> Lookup {
        self.readable.sort_by_cached_key(|row| Reverse(age(row)));
        let mut rows = self.readable.into_iter();
        let Some(base) = rows.next() else {
            return match self.corrupt {
                Some((row, Corrupt(attribute))) => {
                    Lookup::Corrupt(CorruptRow { row, attribute, filed_under: self.filed_under })
                }
                None => Lookup::Absent,
            };
        };
        let mut order = base.order;
        for other in rows {
            order.fill_gaps_from(other.order);
        }
        Lookup::Found(Box::new(UnverifiedSnapshot::new(
            order,
            base.at,
            base.provenance,
            self.filed_under,
        )))
    }
}

fn age(row: &Row) -> (Option<Timestamp>, String) {
    let key = row.at.key();
    (row.updated_at.or_else(|| keys::written_at(key)), key.to_owned())
}
