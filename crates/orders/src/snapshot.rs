use std::fmt;

use crate::{Currency, CustomerId, Order, OrderStatus, OwnedCheckout, Personal, Timestamp};

/// The version of the normalisation whose results are stored. Raised when they change, so that an
/// older snapshot can be told from a newer one.
pub const NORMALIZER_VERSION: u32 = 1;

/// Which row of the store a snapshot came from, in the store's own terms. Opaque here: handed back
/// to the same store to refresh that very row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRef {
    key: String,
    seen: Option<String>,
    unreadable: Vec<String>,
}

impl RowRef {
    /// A row's key, and the mark by which a later change of the row is noticed.
    pub fn new(key: String, seen: Option<String>) -> Self {
        Self { key, seen, unreadable: Vec::new() }
    }

    /// The same row, with the names of what it holds and nobody can read.
    #[must_use]
    pub fn with_unreadable(mut self, names: Vec<String>) -> Self {
        self.unreadable = names;
        self
    }

    /// The row's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What of the row could not be read, to be removed where nothing replaces it.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// The mark that the row carried when it was read.
    pub fn seen(&self) -> Option<&str> {
        self.seen.as_deref()
    }
}

/// What a row says about how it came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Written by a fallback to Stripe, this program's or the one before it.
    pub from_fallback: bool,
    /// Which normalisation wrote it; only this program says so.
    pub normalizer_version: Option<u32>,
    /// This program found that nothing about it can change by itself.
    pub is_final: bool,
}

/// A snapshot as read, of which nobody has checked yet whether it is the caller's.
#[derive(Clone)]
pub struct UnverifiedSnapshot {
    order: Order,
    row: RowRef,
    provenance: Provenance,
    lines: Provenance,
    pub(crate) filed_under: Vec<Personal<String>>,
}

impl fmt::Debug for UnverifiedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedSnapshot").field("row", &self.row).finish_non_exhaustive()
    }
}

impl UnverifiedSnapshot {
    /// A snapshot from the rows of one order: how its base came to be, and how the row that its
    /// lines are from. `filed_under` holds every user id that the rows carry.
    pub fn new(
        order: Order,
        row: RowRef,
        provenance: Provenance,
        lines: Provenance,
        filed_under: Vec<Personal<String>>,
    ) -> Self {
        Self { order, row, provenance, lines, filed_under }
    }

    /// Called by the ownership module alone, after a claim.
    pub(crate) fn into_verified(self) -> Snapshot {
        Snapshot {
            order: self.order,
            row: self.row,
            provenance: self.provenance,
            lines: self.lines,
        }
    }
}

/// A stored order that is the caller's.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The order.
    pub order: Order,
    /// The row to refresh.
    pub row: RowRef,
    /// How it came to be.
    pub provenance: Provenance,
    /// How the row came to be that its lines are from.
    pub lines: Provenance,
}

impl Snapshot {
    /// Whether Stripe may know better: the order is pending; it has no lines although it has an
    /// amount; or the old fallback cut it at 10 lines.
    pub fn needs_refresh(&self) -> bool {
        let pending = self.order.status == Some(OrderStatus::Pending);
        let final_by_us = self.provenance.is_final && self.provenance.normalizer_version.is_some();
        let lost_lines = self.order.items.is_empty()
            && self.order.amount.is_some_and(|amount| amount != 0)
            // Stripe was asked and has no lines either; asking again would not help.
            && !final_by_us;
        let cut = self.lines.from_fallback
            && self.lines.normalizer_version.is_none()
            && self.order.items.len() == 10;
        pending || lost_lines || cut
    }
}

/// A row in the caller's partition that cannot be read as an order.
#[derive(Clone, Debug)]
pub struct CorruptRow {
    /// The row, to be repaired in place.
    pub row: RowRef,
    /// The attribute at fault, for the log only.
    pub attribute: String,
    /// What of it could be read, to complete what replaces it.
    pub salvage: Order,
    /// Every user id that the order's rows carry.
    pub filed_under: Vec<Personal<String>>,
}

/// An order to be stored for its member.
#[derive(Clone, Debug)]
pub struct NewSnapshot {
    /// The order, merged with what its row knew before.
    pub order: Order,
    /// The session's customer.
    pub customer: Option<CustomerId>,
    /// The moment before the view was asked for: the order was so then, or later.
    pub fetched_at: Timestamp,
    /// The moment after it was answered, by which a store tells how old it is: of two views the newer
    /// is the one that was asked for after the other was answered.
    pub answered_at: Timestamp,
}

impl NewSnapshot {
    /// The snapshot of a session that is the caller's, over what was known before.
    pub fn of(owned: &OwnedCheckout<'_>, before: Option<Order>) -> Self {
        let mut order = owned.order().clone();
        if let Some(mut before) = before {
            // The row's metadata stays: the webhook filed it, with the shop's internal keys.
            order.metadata = before.metadata.take().or(order.metadata);
            order.fill_gaps_from(before);
        }
        // Only where neither Stripe nor the row gave one.
        let currency = order.currency.get_or_insert_with(Currency::usd);
        for item in &mut order.items {
            item.currency.get_or_insert_with(|| currency.clone());
        }
        Self {
            order,
            customer: owned.customer().cloned(),
            fetched_at: owned.checkout().fetched_at(),
            answered_at: owned.checkout().seen_until(),
        }
    }

    /// Whether nothing about it can change by itself.
    pub fn is_final(&self) -> bool {
        self.order.status.as_ref().is_some_and(OrderStatus::is_final)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineItem;

    #[test]
    fn a_snapshot_is_refreshed_when_it_is_pending_without_lines_or_cut_by_the_old_fallback() {
        let fallback = Provenance { from_fallback: true, ..Provenance::default() };
        let ours = Provenance { normalizer_version: Some(1), is_final: true, ..fallback };
        let other = Provenance::default();
        for (status, amount, lines, provenance, expected) in [
            (OrderStatus::Pending, 100, 1, ours, true),
            (OrderStatus::Completed, 100, 1, other, false),
            (OrderStatus::Completed, 100, 0, other, true),
            (OrderStatus::Completed, 0, 0, other, false),
            (OrderStatus::Completed, 0, 0, ours, false),
            (OrderStatus::Completed, 100, 0, ours, false),
            (OrderStatus::Completed, 100, 10, fallback, true),
            (OrderStatus::Completed, 100, 9, fallback, false),
            (OrderStatus::Completed, 100, 10, ours, false),
            (OrderStatus::Completed, 100, 10, other, false),
            (OrderStatus::Other("on_hold".to_owned()), 100, 1, other, false),
        ] {
            let order = Order {
                status: Some(status.clone()),
                amount: Some(amount),
                items: vec![LineItem::default(); lines],
                ..Order::new("cs_test_1".parse().unwrap())
            };
            let row = RowRef::new("k".to_owned(), None);
            let snapshot = Snapshot { order, row, provenance, lines: provenance };
            assert_eq!(
                snapshot.needs_refresh(),
                expected,
                "{status:?} {amount} {lines} {provenance:?}"
            );
        }
    }
}
