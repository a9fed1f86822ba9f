use std::fmt;

/// What the buyer, the shop or a bank does to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The buyer pays at the checkout; or a payment that is under way arrives.
    Pay,
    /// The buyer finishes with a delayed payment method: complete, but not paid yet.
    Complete,
    /// A payment that is under way fails for good; or, at the checkout, a card is declined, after
    /// which the session is still open and the buyer may try again.
    Fail,
    /// The buyer does not finish in time.
    Expire,
    /// The shop returns some of the payment, in minor units; `None`: all that is left.
    Refund(Option<i64>),
    /// The buyer disputes the payment at the bank, which takes the money from the shop.
    Dispute,
    /// The shop wins the dispute, and gets the money back.
    WinDispute,
    /// The shop loses the dispute.
    LoseDispute,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pay => "pay",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Expire => "expire",
            Self::Refund(_) => "refund",
            Self::Dispute => "dispute",
            Self::WinDispute => "win the dispute",
            Self::LoseDispute => "lose the dispute",
        })
    }
}

/// Why something cannot happen to an order. Nothing has changed, then.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CannotAct {
    /// The session is unknown.
    #[error("session: there is none with the id {0}")]
    NoSession(String),
    /// The stand-in has no payment intent or charge of the session, which may be free.
    #[error(
        "session: cannot {act}, for nothing is known here of a payment of {session}; choose one \
         that is paid for, or add its payment intent and charge"
    )]
    NoPayment {
        /// What was to happen.
        act: Act,
        /// The session's id.
        session: String,
    },
    /// The session is not where this can happen to it.
    #[error("session: cannot {act}, for {session} is {is}; it would have to be {wanted}")]
    State {
        /// What was to happen.
        act: Act,
        /// The session's id.
        session: String,
        /// What it is.
        is: &'static str,
        /// What it would have to be.
        wanted: &'static str,
    },
    /// No such amount can be refunded.
    #[error(
        "amount: {given} cannot be refunded; it must be from 1 to {left} minor units, which are left"
    )]
    Amount {
        /// What was to be refunded, in minor units.
        given: i64,
        /// What is left of the payment, in minor units.
        left: i64,
    },
}

impl CannotAct {
    /// The field that is at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NoSession(_) | Self::NoPayment { .. } | Self::State { .. } => "session",
            Self::Amount { .. } => "amount",
        }
    }
}
