//! What Stripe sent, read without asking for it.

use orders::{Currency, LineItem, OrderId, Timestamp, UnverifiedCheckout};

use crate::Malformed;
use crate::lenient::parse;
use crate::normalize::{checkout, expect_session, line_item};
use crate::wire::{LineList, Session};

/// Reads a Checkout Session, with as many of its lines as came with it, as it stood at the given
/// moment. An error names the field that cannot be read, or `id` for another session's.
pub fn read_session(
    body: &[u8],
    order: &OrderId,
    fetched_at: Timestamp,
) -> Result<UnverifiedCheckout, Malformed> {
    let session: Session = parse(body)?;
    expect_session(&session, order)?;
    checkout(order.clone(), session, fetched_at)
}

/// Reads a page of a session's lines. `currency` is the session's, for lines without one.
pub fn read_lines(body: &[u8], currency: Option<&Currency>) -> Result<Vec<LineItem>, Malformed> {
    let page: LineList = parse(body)?;
    Ok(page.data.iter().map(|line| line_item(line, currency)).collect())
}
