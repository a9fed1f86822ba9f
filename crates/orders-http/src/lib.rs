//! The HTTP contract: an event of the gateway in, an answer out.
//!
//! `event` reads what came (`posted` with its body), `identity` who asks, `problem` turns errors
//! into statuses, `cors` and `answer` write what leaves, `report` accounts for it, and `endpoint`
//! puts them in the contract's order.

mod answer;
mod cors;
mod ending;
mod endpoint;
mod event;
mod figure;
mod find_order;
mod identity;
mod invocation;
mod lenient;
mod posted;
mod problem;
mod report;
mod trace;
mod user_hash;
mod words;

pub use answer::{Answer, LambdaResponse};
pub use cors::{CorsPolicy, InvalidOrigin};
pub use ending::chain;
pub use endpoint::{Endpoint, EndpointConfig, Reply};
pub use figure::Figure;
pub use find_order::{FindOrder, Unable};
pub use invocation::Invocation;
pub use posted::Posted;
pub use report::{Degraded, Report, Severity, milliseconds, usage};
pub use trace::{Trace, TraceHeaders};
pub use user_hash::UserHasher;
pub use words::Words;
