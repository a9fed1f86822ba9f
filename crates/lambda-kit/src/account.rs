use orders_events::EventReport;
use orders_http::{Degraded, Figure, Report, Severity};
use serde::Serialize;

/// The account of something that a program did: its line in the log, and what it adds to figures.
pub trait Account: Serialize {
    /// The figure that counts such accounts, by some fields of their lines.
    const COUNTED_AS: Figure;

    /// How much it matters.
    fn level(&self) -> Severity;

    /// The request's id, in every line about it.
    fn request_id(&self) -> &str;

    /// What went wrong besides; each has a line of its own.
    fn degraded(&self) -> &[Degraded];

    /// What it adds to each figure.
    fn figures(&self) -> impl Iterator<Item = (Figure, f64)>;

    /// The values of the fields that [`Self::COUNTED_AS`] is kept by, in their order.
    fn counted_by(&self) -> Vec<&str>;
}

macro_rules! account {
    ($account:ty, $counted_as:expr, by $($field:ident),+) => {
        impl Account for $account {
            const COUNTED_AS: Figure = $counted_as;

            fn level(&self) -> Severity {
                self.level
            }

            fn request_id(&self) -> &str {
                &self.request_id
            }

            fn degraded(&self) -> &[Degraded] {
                &self.degraded
            }

            fn figures(&self) -> impl Iterator<Item = (Figure, f64)> {
                self.figures()
            }

            fn counted_by(&self) -> Vec<&str> {
                vec![$(self.$field),+]
            }
        }
    };
}

account!(Report, Figure::Requests, by outcome);
account!(EventReport, Figure::Events, by kind, outcome);
