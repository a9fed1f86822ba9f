//! The domain of the member dashboard's orders, and the two use cases: one finds an order, the
//! other keeps the stored ones true.
//!
//! Nothing here knows of AWS, Stripe's wire format, HTTP or an async runtime. The outside is
//! reached through the traits in [`ports`]; time comes from a [`Clock`].

mod caller;
mod checkout;
mod clock;
mod get_order;
mod heeded;
mod hint;
mod ids;
mod keep_true;
mod ledger;
mod metadata;
mod misses;
mod money;
mod order;
mod outcome;
mod ownership;
mod personal;
pub mod ports;
mod snapshot;
mod status;

pub use caller::{Caller, InvalidUserId, UserId};
pub use checkout::{CheckoutEvidence, UnverifiedCheckout};
pub use clock::{Clock, Deadline, InvalidTimestamp, SystemClock, Timestamp};
pub use get_order::GetOrder;
pub use heeded::{Heeded, KeepTrueError, Upshot};
pub use hint::{About, EventId, Hint, InvalidId, PaymentId};
pub use ids::{CustomerId, InvalidOrderId, OrderId, OrderNumber};
pub use keep_true::KeepTrue;
pub use ledger::{Incident, KeyRefresh, Ledger, RequestContext, Usage};
pub use metadata::public_metadata;
pub use misses::{Miss, RememberedMisses};
pub use money::{Currency, MinorUnits};
pub use order::{Address, LineItem, Order, Presentment};
pub use outcome::{Answered, Fault, GetOrderError, NotFound, Source};
pub use ownership::{Claim, Denied, Evidence, OwnedCheckout, Ownerless, PendingClaim};
pub use personal::Personal;
pub use snapshot::{
    CorruptRow, NORMALIZER_VERSION, NewSnapshot, Provenance, RowRef, Snapshot, UnverifiedSnapshot,
};
pub use status::{OrderStatus, Payment, SessionState, derive_status};
