//! Every answer of the webhook that is no success.

use orders_http::Words;

/// Why a message was not dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Anything but `POST`.
    MethodNotAllowed,
    /// Larger than any event.
    TooLarge,
    /// No `Stripe-Signature`.
    Unsigned,
    /// One that cannot be read, or fits nothing.
    InvalidSignature,
    /// Signed too long ago, or in the future.
    OutsideTolerance,
    /// Signed, but no event.
    Malformed,
    /// It cannot be done now.
    Unavailable,
    /// It cannot be done until somebody changes something.
    Internal,
}

impl Problem {
    fn words(self) -> Words {
        let words = Words::new;
        match self {
            Self::MethodNotAllowed => {
                words(405, "Method not allowed", "method_not_allowed", "Use POST.")
            }
            Self::TooLarge => words(
                400,
                "Event too large",
                "event_too_large",
                "Send one event of Stripe's; none has more than 256 KiB.",
            ),
            Self::Unsigned => words(
                400,
                "Missing signature",
                "missing_signature",
                "Send the header Stripe-Signature as Stripe made it.",
            ),
            Self::InvalidSignature => words(
                400,
                "Invalid signature",
                "invalid_signature",
                "Sign the bytes of the body with the endpoint's secret (whsec_...), and let nothing change them on the way.",
            ),
            Self::OutsideTolerance => words(
                400,
                "Signature outside tolerance",
                "signature_outside_tolerance",
                "The signature is too old or too early. Sign the message anew, by a clock that is right.",
            ),
            Self::Malformed => words(
                400,
                "Malformed event",
                "malformed_event",
                "Send an event as Stripe makes it, with an id, a type and the object that it is about.",
            ),
            Self::Unavailable => words(
                503,
                "Service unavailable",
                "service_unavailable",
                "The event cannot be dealt with right now. Send it again later.",
            ),
            Self::Internal => words(
                500,
                "Internal error",
                "internal_error",
                "The event cannot be dealt with until we have mended a fault. Send it again later.",
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

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/errors.md");

    /// All of them: a new one does not compile before it stands here.
    fn all() -> Vec<Problem> {
        let after = |problem| match problem {
            Problem::MethodNotAllowed => Some(Problem::TooLarge),
            Problem::TooLarge => Some(Problem::Unsigned),
            Problem::Unsigned => Some(Problem::InvalidSignature),
            Problem::InvalidSignature => Some(Problem::OutsideTolerance),
            Problem::OutsideTolerance => Some(Problem::Malformed),
            Problem::Malformed => Some(Problem::Unavailable),
            Problem::Unavailable => Some(Problem::Internal),
            Problem::Internal => None,
        };
        std::iter::successors(Some(Problem::MethodNotAllowed), |problem| after(*problem)).collect()
    }

    #[test]
    fn the_page_of_errors_has_each_with_its_status_and_words_and_no_other() {
        let (_, webhook) = PAGE.split_once("\n## Of the webhook").unwrap();
        let webhook = webhook.split("\n## ").next().unwrap();
        let described: Vec<_> = webhook
            .split("\n### ")
            .filter_map(|section| section.strip_prefix('`')?.split_once("`\n\n"))
            .collect();
        let codes: Vec<_> = described.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, all().iter().map(|problem| problem.words().code).collect::<Vec<_>>());
        for (problem, (code, text)) in all().into_iter().zip(described) {
            let Words { status, error, .. } = problem.words();
            assert!(text.starts_with(&format!("{status} `{error}`.")), "{code}: {text}");
            for reader in ["**The sender**", "**The operator**", "**The log**"] {
                assert!(text.contains(reader), "{code} says nothing to {reader}");
            }
        }
    }
}
