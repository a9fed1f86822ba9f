//! The HTTP contract: an event of the gateway in, an answer out.
//!
//! `event` reads what came, `identity` who asks, `problem` turns errors into statuses, `cors` and
//! `answer` write what leaves, `report` accounts for it, and `endpoint` puts them in the contract's
//! order.

mod answer;
mod cors;
mod ending;
mod endpoint;
mod event;
mod identity;
mod lenient;
mod problem;
mod report;
mod trace;
mod user_hash;

pub use answer::{Answer, LambdaResponse};
pub use cors::{CorsPolicy, InvalidOrigin};
pub use endpoint::{Endpoint, EndpointConfig, Invocation, Reply};
pub use report::{Degraded, Figure, Report, Severity};
pub use user_hash::UserHasher;
