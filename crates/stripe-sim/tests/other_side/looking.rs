//! What can be seen of an order and its events.

use serde_json::{Value, json};
use stripe_sim::StripeSim;
use test_support::http_client;

use crate::{KEY, ORDER};

/// Where an order stands, as the API tells it: the session, its payment intent, its charge.
pub(crate) async fn standing(sim: &StripeSim) -> Value {
    let path = format!("/v1/checkout/sessions/{ORDER}?expand[]=payment_intent.latest_charge");
    let request = http_client().get(format!("{}{path}", sim.base())).bearer_auth(KEY);
    let answer = request.send().await.unwrap().bytes().await.unwrap();
    let session: Value = serde_json::from_slice(&answer).unwrap();
    let intent = &session["payment_intent"];
    let charge = &intent["latest_charge"];
    json!([
        session["status"],
        session["payment_status"],
        intent["status"],
        charge["status"],
        charge["amount_refunded"],
        charge["refunded"],
        charge["disputed"],
    ])
}

/// The type of each event since some of them, and a property of what it is about.
pub(crate) fn told(sim: &StripeSim, since: usize, property: &str) -> Vec<(String, Value)> {
    let events = sim.events();
    let about = |event: &Value| event["data"]["object"][property].clone();
    events[since..].iter().map(|it| (it.kind().to_owned(), about(&it.event))).collect()
}

/// What is expected of [`told`].
pub(crate) fn pairs<const N: usize>(expected: [(&str, Value); N]) -> Vec<(String, Value)> {
    expected.into_iter().map(|(kind, value)| (kind.to_owned(), value)).collect()
}

/// The types of the events so far, oldest first.
pub(crate) fn kinds(sim: &StripeSim) -> Vec<String> {
    sim.events().iter().map(|logged| logged.kind().to_owned()).collect()
}
