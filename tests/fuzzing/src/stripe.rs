use orders::{Caller, Claim, Clock, NewSnapshot, Order};
use orders_stripe::{read_lines, read_session};

use crate::canned_table::{Stopped, fetched, member, with_table};
use crate::{MEMBER, ORDER};

/// Nobody of this name stands in any input, but by a miracle.
const STRANGER: &str = "stranger-4f1c9be2-77a3";

/// A Checkout Session, as Stripe's JSON.
pub fn session(bytes: &[u8]) {
    let order = ORDER.parse().unwrap();
    let Ok(checkout) = read_session(bytes, &order, Stopped.now()) else { return };
    let stranger = Caller::new(STRANGER.parse().unwrap(), None, false);
    let strangers = match checkout.claim(&stranger) {
        Claim::Owned(_) => true,
        Claim::Denied(_) => false,
        Claim::AskProfile(pending) => pending.with_profile(None).is_ok(),
    };
    assert!(!strangers, "a stranger was given the order");
    let by_evidence = matches!(checkout.claim(&member()), Claim::Owned(_));
    let by_row = checkout.claim_with_row(&member());
    assert!(by_row.is_ok() || !by_evidence, "{MEMBER} owns it, but not beside her row");
    let Ok(owned) = by_row else { return };
    let snapshot = NewSnapshot::of(&owned, None);
    assert_eq!(snapshot.order.order_id, order);
    with_table(|table| table.check_round_trip(&snapshot));
}

/// A page of a session's lines, as Stripe's JSON.
pub fn lines(bytes: &[u8]) {
    let Ok(items) = read_lines(bytes, None) else { return };
    assert!(items.iter().all(|item| item.name.is_some()), "a line always has a name");
    let order = Order { items, ..Order::new(ORDER.parse().unwrap()) };
    with_table(|table| table.check_round_trip(&fetched(order)));
}
