//! What buyers, shops and banks do, and how it is told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod control;
mod deliveries;
mod happenings;
mod looking;
mod money_back;
mod receiver;
mod signature;

use serde_json::json;
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim};

pub(crate) const KEY: &str = "sk_test_other_side";
pub(crate) const SECRET: &str = "whsec_of_the_endpoint";
/// The order of most tests: two lines, 3,000 minor units.
pub(crate) const ORDER: &str = "cs_test_1";

pub(crate) fn order(id: &str) -> SessionBuilder {
    let session = SessionBuilder::new(id, 1_764_192_504).metadata(json!({"userId": "ava"}));
    session.line(Line::new("Tote bag", 1000, 2)).line(Line::new("Mug", 1000, 1))
}

/// A stand-in that knows these sessions.
pub(crate) async fn sim_with(sessions: impl IntoIterator<Item = SessionBuilder>) -> StripeSim {
    let mut shop = Shop::default();
    sessions.into_iter().for_each(|session| shop.add(session));
    StripeSim::start(&[KEY], shop).await.unwrap()
}
