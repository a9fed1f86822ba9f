use serde::{Serialize, Serializer};

/// An order's status, in the four words that the dashboard knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Not paid yet: the session is open, or its payment is still under way.
    Pending,
    /// Paid, or nothing was to be paid. A partial refund leaves it so.
    Completed,
    /// Expired, or an asynchronous payment failed.
    Cancelled,
    /// Refunded in full.
    Refunded,
    /// A word of another program that nobody here knows; passed through unchanged.
    Other(String),
}

impl OrderStatus {
    /// The status in a stored row, in the words of whichever program wrote it, beside Stripe's word
    /// on the payment as it stands there. `None` for a blank.
    pub fn from_stored(word: &str, payment_status: Option<&str>) -> Option<Self> {
        let trimmed = word.trim();
        Some(match trimmed.to_ascii_lowercase().as_str() {
            "" => return None,
            "pending" | "open" | "unpaid" => Self::Pending,
            // The webhook calls every order completed, even one that is not paid yet.
            "completed" | "complete" | "fulfilled" | "paid" if payment_status == Some("unpaid") => {
                Self::Pending
            }
            "completed" | "complete" | "fulfilled" | "paid" => Self::Completed,
            "cancelled" | "canceled" | "expired" | "failed" => Self::Cancelled,
            "refunded" => Self::Refunded,
            _ => Self::Other(word.to_owned()),
        })
    }

    /// The word as the caller and the table see it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Other(word) => word,
        }
    }

    /// Whether nothing about the order can change by itself any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Refunded)
    }
}

impl Serialize for OrderStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where a checkout session stands (Stripe: `status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// The buyer has not finished.
    Open,
    /// The buyer has finished; the payment may still be under way.
    Complete,
    /// The buyer never finished.
    Expired,
    /// Absent (API versions before November 2021) or a word that came later.
    Unknown,
}

/// What is known of the payment, from the session, its payment intent and its latest charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// Paid, or nothing to pay (Stripe: `payment_status` of `paid` or `no_payment_required`).
    pub settled: bool,
    /// An asynchronous payment that was tried and failed, or was cancelled.
    pub failed: bool,
    /// The charge was refunded in full (Stripe: `refunded`, true only then).
    pub refunded_in_full: bool,
}

/// The status of a checkout session.
///
/// A refund outweighs everything, since it implies a payment. An unknown state is judged by the
/// payment alone.
pub fn derive_status(state: SessionState, payment: Payment) -> OrderStatus {
    if payment.refunded_in_full {
        return OrderStatus::Refunded;
    }
    match state {
        SessionState::Expired => OrderStatus::Cancelled,
        SessionState::Complete | SessionState::Unknown if payment.settled => OrderStatus::Completed,
        SessionState::Complete if payment.failed => OrderStatus::Cancelled,
        SessionState::Open | SessionState::Complete | SessionState::Unknown => OrderStatus::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_the_session_and_its_payment() {
        use SessionState::{Complete, Expired, Open, Unknown};
        let unpaid = Payment::default();
        let paid = Payment { settled: true, ..unpaid };
        let failed = Payment { failed: true, ..unpaid };
        let refunded = Payment { refunded_in_full: true, ..paid };
        for (state, payment, word) in [
            (Open, unpaid, "pending"),
            (Open, paid, "pending"),
            (Complete, paid, "completed"),
            (Complete, unpaid, "pending"),
            (Complete, failed, "cancelled"),
            (Complete, refunded, "refunded"),
            (Expired, unpaid, "cancelled"),
            (Unknown, paid, "completed"),
            (Unknown, unpaid, "pending"),
        ] {
            assert_eq!(derive_status(state, payment).as_str(), word, "{state:?} {payment:?}");
        }
    }

    #[test]
    fn the_words_of_other_programs_are_mapped_and_unknown_ones_kept() {
        for (word, meaning) in [
            ("open", "pending"),
            ("complete", "completed"),
            ("Completed", "completed"),
            ("fulfilled", "completed"),
            ("expired", "cancelled"),
            ("canceled", "cancelled"),
            ("failed", "cancelled"),
            ("refunded", "refunded"),
            ("On_Hold", "On_Hold"),
        ] {
            assert_eq!(OrderStatus::from_stored(word, None).unwrap().as_str(), meaning, "{word}");
        }
        assert_eq!(OrderStatus::from_stored("  ", None), None);
        let unpaid = OrderStatus::from_stored("completed", Some("unpaid"));
        assert_eq!(unpaid, Some(OrderStatus::Pending));
    }
}
