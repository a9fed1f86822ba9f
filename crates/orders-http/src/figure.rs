/// A figure over all requests, or over all events. Each costs money where it is kept, so there are few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Requests; the only figure that is kept by outcome.
    Requests,
    /// How long they took, in milliseconds.
    RequestDuration,
    /// How long the store took, of requests that asked it.
    StoreDuration,
    /// How long Stripe took, of requests that asked it.
    StripeDuration,
    /// Calls to Stripe.
    StripeCalls,
    /// Orders that exist, but were not the caller's.
    Denied,
    /// Snapshots answered although Stripe should have been asked.
    ServedStale,
    /// Orders answered that could not be kept.
    WriteFailures,
    /// Rows that could not be read.
    CorruptRows,
    /// First requests of a process.
    ColdStarts,
    /// Stripe's events; the only figure that is kept by type and outcome.
    Events,
    /// How long they took, in milliseconds.
    EventDuration,
    /// How long after it happened something was stored, in milliseconds.
    EventLag,
    /// Messages to the webhook that are not Stripe's.
    Forged,
    /// Events that were dealt with before.
    Duplicates,
    /// Events of orders that are nobody's, or of another account or mode.
    NotOurs,
    /// Decisions on whether somebody is let in; the only figure of the authorizer's that is kept by
    /// outcome.
    Authorizations,
    /// How long they took, in milliseconds.
    AuthorizationDuration,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Requests,
        Self::RequestDuration,
        Self::StoreDuration,
        Self::StripeDuration,
        Self::StripeCalls,
        Self::Denied,
        Self::ServedStale,
        Self::WriteFailures,
        Self::CorruptRows,
        Self::ColdStarts,
        Self::Events,
        Self::EventDuration,
        Self::EventLag,
        Self::Forged,
        Self::Duplicates,
        Self::NotOurs,
        Self::Authorizations,
        Self::AuthorizationDuration,
    ];

    /// Its name, wherever it is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests_total",
            Self::RequestDuration => "request_duration_ms",
            Self::StoreDuration => "store_duration_ms",
            Self::StripeDuration => "stripe_duration_ms",
            Self::StripeCalls => "stripe_calls_total",
            Self::Denied => "denied_total",
            Self::ServedStale => "served_stale_total",
            Self::WriteFailures => "snapshot_write_failures_total",
            Self::CorruptRows => "corrupt_snapshots_total",
            Self::ColdStarts => "cold_starts_total",
            Self::Events => "events_total",
            Self::EventDuration => "event_duration_ms",
            Self::EventLag => "event_lag_ms",
            Self::Forged => "forged_events_total",
            Self::Duplicates => "duplicate_events_total",
            Self::NotOurs => "not_ours_events_total",
            Self::Authorizations => "authorizations_total",
            Self::AuthorizationDuration => "authorization_duration_ms",
        }
    }

    /// What it is, for whoever reads it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Requests => "Requests, by outcome",
            Self::RequestDuration => "How long requests took",
            Self::StoreDuration => "How long the store took for a request",
            Self::StripeDuration => "How long Stripe took for a request",
            Self::StripeCalls => "Calls to Stripe, repetitions included",
            Self::Denied => "Orders that exist, but were not the caller's",
            Self::ServedStale => "Snapshots answered although Stripe should have been asked",
            Self::WriteFailures => "Orders answered that could not be kept",
            Self::CorruptRows => "Rows that could not be read",
            Self::ColdStarts => "First requests of a process",
            Self::Events => "Stripe's events, by type and outcome",
            Self::EventDuration => "How long events took",
            Self::EventLag => "How long after it happened something was stored",
            Self::Forged => "Messages to the webhook that are not Stripe's",
            Self::Duplicates => "Events that were dealt with before",
            Self::NotOurs => "Events of nobody's orders, or of another account or mode",
            Self::Authorizations => "Decisions on whether somebody is let in, by outcome",
            Self::AuthorizationDuration => "How long those decisions took",
        }
    }

    /// Whether it is a time in milliseconds, and not a count.
    pub const fn is_duration(self) -> bool {
        matches!(
            self,
            Self::RequestDuration
                | Self::StoreDuration
                | Self::StripeDuration
                | Self::EventDuration
                | Self::EventLag
                | Self::AuthorizationDuration
        )
    }

    /// The fields of the line by which it is kept. Each combination of values costs, so only one
    /// figure of a program has any.
    pub const fn kept_by(self) -> &'static [&'static str] {
        match self {
            Self::Requests | Self::Authorizations => &["outcome"],
            Self::Events => &["kind", "outcome"],
            _ => &[],
        }
    }
}
