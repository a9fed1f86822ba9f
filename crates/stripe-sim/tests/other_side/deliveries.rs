//! At least once, in no promised order, until it is answered.

use std::time::Duration;

use serde_json::json;
use stripe_sim::{Act, Endpoint, NoSuchEvent, Order, StripeSim};

use crate::receiver::Receiver;
use crate::{ORDER, SECRET, order, sim_with};

async fn stand_in() -> (StripeSim, Receiver) {
    (sim_with([order(ORDER).open()]).await, Receiver::start().await)
}

/// The ids of all events, oldest first.
fn made(sim: &StripeSim) -> Vec<String> {
    sim.events().iter().map(|logged| logged.id().to_owned()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// The outcome of each attempt for the only event, by delivery and number.
fn attempts(sim: &StripeSim) -> Vec<(u32, u32, Result<u16, String>)> {
    let events = sim.events();
    assert_eq!(events.len(), 1);
    let attempts = events[0].attempts.iter();
    attempts.map(|it| (it.delivery, it.number, it.outcome.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_twice_gets_the_event_a_third_time() {
    let (sim, receiver) = stand_in().await;
    receiver.will_answer([500, 302]);
    sim.register(receiver.endpoint());
    let id = sim.emit("customer.created", json!({"id": "cus_1"}));
    assert!(sim.settled().await.is_empty());
    assert_eq!(receiver.ids(), [&*id, &*id, &*id]);
    assert_eq!(attempts(&sim), [(1, 1, Ok(500)), (1, 2, Ok(302)), (1, 3, Ok(200))]);
    assert_eq!(sim.events()[0].event["pending_webhooks"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_takes_is_given_up_and_said_to_be() {
    let (sim, receiver) = stand_in().await;
    receiver.will_answer([500, 400]);
    sim.register(receiver.endpoint().attempts(2));
    let id = sim.emit("customer.created", json!({"id": "cus_1"}));
    assert_eq!(sim.settled().await, [&*id]);
    assert_eq!(attempts(&sim), [(1, 1, Ok(500)), (1, 2, Ok(400))]);
    // Once more by hand, as in Stripe's dashboard.
    sim.resend(&id).unwrap();
    assert!(sim.settled().await.is_empty());
    assert_eq!(attempts(&sim).last(), Some(&(2, 1, Ok(200))));
    assert_eq!(sim.resend("evt_none"), Err(NoSuchEvent("evt_none".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_an_error_in_the_log() {
    let (sim, receiver) = stand_in().await;
    receiver.keep_silent();
    sim.register(receiver.endpoint().attempts(1).timeout(Duration::from_millis(50)));
    let id = sim.emit("customer.created", json!({"id": "cus_1"}));
    assert_eq!(sim.settled().await, [&*id]);
    assert_eq!(attempts(&sim), [(1, 1, Err("no answer within 50ms".to_owned()))]);

    let (sim, _) = stand_in().await;
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    sim.register(Endpoint::new(&format!("http://{closed}"), SECRET).unwrap().attempts(1));
    sim.emit("customer.created", json!({"id": "cus_1"}));
    assert_eq!(sim.settled().await.len(), 1);
    let (_, _, outcome) = attempts(&sim).remove(0);
    assert!(outcome.unwrap_err().contains("refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_gets_every_event_and_the_count_of_those_that_wait_goes_down() {
    let (sim, willing) = stand_in().await;
    let unwilling = Receiver::start().await;
    unwilling.will_answer([503]);
    sim.register(willing.endpoint().copies(2));
    sim.register(unwilling.endpoint().attempts(1));
    let id = sim.emit("customer.created", json!({"id": "cus_1"}));
    assert_eq!(sim.settled().await, [&*id]);
    assert_eq!((willing.ids().len(), unwilling.ids().len()), (2, 1));
    assert_eq!(sim.events()[0].event["pending_webhooks"], 1);
    let first = willing.webhooks().remove(0);
    assert_eq!(first.event["pending_webhooks"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_registered_again_has_the_new_secret_alone() {
    let (sim, receiver) = stand_in().await;
    sim.register(receiver.endpoint().and_secret("whsec_old").unwrap());
    sim.register(receiver.endpoint());
    sim.emit("customer.created", json!({"id": "cus_1"}));
    assert!(sim.settled().await.is_empty());
    assert_eq!(receiver.webhooks().len(), 1);
    assert_eq!(receiver.webhooks()[0].signatures("v1").1.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_comes_as_often_as_it_is_copied() {
    let (sim, receiver) = stand_in().await;
    sim.register(receiver.endpoint().copies(3));
    let ids = sim.act(ORDER, Act::Pay).unwrap();
    assert!(sim.settled().await.is_empty());
    let expected = ids.iter().flat_map(|id| [id, id, id].map(Clone::clone)).collect();
    assert_eq!(sorted(receiver.ids()), sorted(expected));
    for logged in sim.events() {
        let deliveries = logged.attempts.iter().map(|attempt| attempt.delivery.to_string());
        assert_eq!(sorted(deliveries.collect()), ["1", "2", "3"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_held_back_come_in_the_order_asked_for() {
    for order in [Order::AsMade, Order::Reversed, Order::Shuffled(7), Order::AtOnce] {
        let mut came = Vec::new();
        for _ in 0..2 {
            let (sim, receiver) = stand_in().await;
            sim.register(receiver.endpoint());
            sim.pause_deliveries();
            sim.act(ORDER, Act::Pay).unwrap();
            sim.act(ORDER, Act::Refund(Some(500))).unwrap();
            sim.act(ORDER, Act::Dispute).unwrap();
            let all = made(&sim);
            assert_eq!(sim.settled().await, all, "they have not been taken");
            assert_eq!(receiver.ids(), Vec::<String>::new());
            sim.resume_deliveries(order);
            assert!(sim.settled().await.is_empty());
            let ids = receiver.ids();
            assert_eq!(sorted(ids.clone()), sorted(all.clone()), "{order:?}");
            let places = ids.iter().map(|id| all.iter().position(|it| it == id).unwrap());
            came.push(places.collect::<Vec<_>>());
        }
        let as_made: Vec<usize> = (0..9).collect();
        match order {
            Order::AsMade => assert_eq!(came, [as_made.clone(), as_made]),
            Order::Reversed => assert!(came.iter().all(|it| it.iter().rev().eq(&as_made))),
            Order::Shuffled(_) => {
                assert_eq!(came[0], came[1], "a seed is an order");
                assert_ne!(came[0], as_made);
            }
            Order::AtOnce => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_does_not_hold_up_those_behind_it() {
    let (sim, receiver) = stand_in().await;
    sim.register(receiver.endpoint().first_wait(Duration::from_mins(1)));
    sim.pause_deliveries();
    sim.act(ORDER, Act::Pay).unwrap();
    receiver.will_answer([500]);
    sim.resume_deliveries(Order::AsMade);
    receiver.has_received(3).await;
    assert_eq!(receiver.ids(), made(&sim));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_that_falls_into_a_pause_waits_for_its_end() {
    let (sim, receiver) = stand_in().await;
    sim.register(receiver.endpoint());
    receiver.will_answer([500]);
    receiver.keep_silent();
    let id = sim.emit("customer.created", json!({"id": "cus_1"}));
    receiver.has_received(1).await;
    sim.pause_deliveries();
    receiver.speak();
    assert_eq!(sim.settled().await, [&*id]);
    assert_eq!(receiver.ids().len(), 1);
    sim.resume_deliveries(Order::AsMade);
    assert!(sim.settled().await.is_empty());
    assert_eq!(attempts(&sim), [(1, 1, Ok(500)), (1, 2, Ok(200))]);
}
