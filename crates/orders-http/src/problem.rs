//! Every answer that is no success: its status, and the words that callers match on.

use orders::{GetOrderError, InvalidOrderId};

use crate::Words;
use crate::event::RawOrderId;

/// Why a request is not answered with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Neither `GET` nor `HEAD`.
    MethodNotAllowed,
    /// The authorizer named nobody.
    Unauthorized,
    /// No order id.
    MissingOrderId,
    /// An order id that cannot be one.
    InvalidOrderId,
    /// No such order for this caller.
    NotFound,
    /// It cannot be known now.
    Unavailable,
    /// It cannot be known until somebody changes something.
    Internal,
}

impl Problem {
    fn words(self) -> Words {
        let words = Words::new;
        match self {
            Self::MethodNotAllowed => {
                words(405, "Method not allowed", "method_not_allowed", "Use GET or HEAD.")
            }
            Self::Unauthorized => words(
                401,
                "Unauthorized",
                "unauthorized",
                "Sign in, and send the token in the Authorization header as `Bearer <token>`.",
            ),
            Self::MissingOrderId => words(
                400,
                "Missing orderId",
                "missing_order_id",
                "Put the order's id at the end of the path: /dashboard/orders/{orderId}.",
            ),
            Self::InvalidOrderId => words(
                400,
                "Invalid orderId",
                "invalid_order_id",
                "orderId must be 1 to 255 letters, digits, underscores or hyphens, such as cs_live_a1B2c3.",
            ),
            Self::NotFound => words(
                404,
                "Order not found",
                "order_not_found",
                "You have no order with this id. Check the id, and that you are signed in as its buyer.",
            ),
            Self::Unavailable => words(
                503,
                "Service unavailable",
                "service_unavailable",
                "The order cannot be looked up right now. Try again after the seconds in Retry-After.",
            ),
            Self::Internal => words(
                500,
                "Internal error",
                "internal_error",
                "The order cannot be looked up until we have mended a fault. Please report the requestId.",
            ),
        }
    }

    /// The HTTP status.
    pub(crate) fn status(self) -> u16 {
        self.words().status
    }

    /// The body.
    pub(crate) fn body(self, request_id: &str) -> String {
        self.words().body(request_id)
    }
}

impl From<&GetOrderError> for Problem {
    fn from(error: &GetOrderError) -> Self {
        match error {
            GetOrderError::NotFound(_) => Self::NotFound,
            GetOrderError::Unavailable(_) => Self::Unavailable,
            GetOrderError::Internal(_) => Self::Internal,
        }
    }
}

impl From<InvalidOrderId> for Problem {
    fn from(error: InvalidOrderId) -> Self {
        match error {
            InvalidOrderId::Empty => Self::MissingOrderId,
            InvalidOrderId::TooLong | InvalidOrderId::Character => Self::InvalidOrderId,
        }
    }
}

/// The order id in a path, or what is wrong with it.
pub(crate) fn order_id(path: &RawOrderId) -> Result<orders::OrderId, Problem> {
    match path {
        RawOrderId::Missing => Err(Problem::MissingOrderId),
        RawOrderId::NotText => Err(Problem::InvalidOrderId),
        RawOrderId::Text(text) => Ok(text.parse()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/errors.md");

    /// All of them: a new one does not compile before it stands here.
    fn all() -> Vec<Problem> {
        let after = |problem| match problem {
            Problem::MissingOrderId => Some(Problem::InvalidOrderId),
            Problem::InvalidOrderId => Some(Problem::Unauthorized),
            Problem::Unauthorized => Some(Problem::NotFound),
            Problem::NotFound => Some(Problem::MethodNotAllowed),
            Problem::MethodNotAllowed => Some(Problem::Unavailable),
            Problem::Unavailable => Some(Problem::Internal),
            Problem::Internal => None,
        };
        std::iter::successors(Some(Problem::MissingOrderId), |problem| after(*problem)).collect()
    }

    #[test]
    fn the_page_of_errors_has_each_with_its_status_and_words_and_no_other() {
        let described: Vec<_> = PAGE
            .split("\n## ")
            .filter_map(|section| section.strip_prefix('`')?.split_once("`\n\n"))
            .collect();
        let codes: Vec<_> = described.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, all().iter().map(|problem| problem.words().code).collect::<Vec<_>>());
        for (problem, (code, text)) in all().into_iter().zip(described) {
            let Words { status, error, .. } = problem.words();
            assert!(text.starts_with(&format!("{status} `{error}`.")), "{code}: {text}");
            for reader in ["**The caller**", "**The operator**", "**The log**"] {
                assert!(text.contains(reader), "{code} says nothing to {reader}");
            }
        }
    }
}
