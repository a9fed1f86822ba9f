//! What every program that answers `GET /dashboard/orders/{orderId}` is held to. What is about one
//! of them alone (how it starts, how it ends) stands beside it.

mod corrupt;
mod events;
mod faults;
mod freshness;
mod headers;
mod lookup;
mod normalisation;
mod observed;
mod outage;
mod ownership;
mod redaction;
mod request;
pub(crate) mod rotation;
mod stripe;
mod traces;
mod two_members;
mod writing;
