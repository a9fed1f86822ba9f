use crate::{CustomerId, Order, OrderStatus, Personal, SessionState, Timestamp};

/// A checkout session, normalised, whose owner nobody has checked yet.
///
/// The order inside comes out only through a claim; see [`UnverifiedCheckout::claim`].
#[derive(Clone, Debug)]
pub struct UnverifiedCheckout {
    pub(crate) order: Order,
    pub(crate) evidence: CheckoutEvidence,
    state: SessionState,
    created: Option<Timestamp>,
    fetched_at: Timestamp,
    answered_at: Timestamp,
}

/// What a checkout session says about whose it is. Compared, never shown.
#[derive(Clone, Debug, Default)]
pub struct CheckoutEvidence {
    /// `metadata.userId`, then `metadata.user_id` of the session, as far as they are there.
    pub session_user_ids: Vec<Personal<String>>,
    /// The same of the session's customer.
    pub customer_user_ids: Vec<Personal<String>>,
    /// The session's customer.
    pub customer: Option<CustomerId>,
    /// `customer_details.email`, else `customer_email`.
    pub email: Option<Personal<String>>,
}

impl UnverifiedCheckout {
    /// A session as the payment provider gave it.
    ///
    /// `created` is the session's own time of creation (absent in API versions before 2022), and
    /// `fetched_at` the moment *before* it was asked for, so that the view is at least that new.
    pub fn new(
        order: Order,
        evidence: CheckoutEvidence,
        state: SessionState,
        created: Option<Timestamp>,
        fetched_at: Timestamp,
    ) -> Self {
        Self { order, evidence, state, created, fetched_at, answered_at: fetched_at }
    }

    /// The same session, with the moment *after* it was answered, so that the view is no newer.
    #[must_use]
    pub fn answered_at(mut self, moment: Timestamp) -> Self {
        self.answered_at = moment.max(self.fetched_at);
        self
    }

    /// The session's own time of creation, which names the row that a fallback writes.
    pub fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// The moment before the session was asked for.
    pub fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// The moment after the session was answered. Between the two it was as it is here; a view that
    /// is asked for later than this is newer.
    pub fn seen_until(&self) -> Timestamp {
        self.answered_at
    }

    /// Whether the buyer is still at it, so that there is nothing to keep.
    pub fn is_open(&self) -> bool {
        self.state == SessionState::Open
    }

    /// Whether the session has become an order: the buyer finished. An open or expired session is
    /// none, or the member's list would fill with abandoned carts.
    pub fn is_placed(&self) -> bool {
        match self.state {
            SessionState::Complete => true,
            SessionState::Open | SessionState::Expired => false,
            SessionState::Unknown => {
                matches!(self.order.status, Some(OrderStatus::Completed | OrderStatus::Refunded))
            }
        }
    }
}
