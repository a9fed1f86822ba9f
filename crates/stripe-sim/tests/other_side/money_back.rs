//! Refunds and disputes.

use serde_json::json;
use stripe_sim::{Act, CannotAct};

use crate::looking::{kinds, pairs, standing, told};
use crate::{ORDER, order, sim_with};

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_in_parts_and_then_the_rest() {
    let sim = sim_with([order(ORDER)]).await;
    sim.act(ORDER, Act::Refund(Some(500))).unwrap();
    let refunded = |amount: i64, in_full: bool| {
        json!(["complete", "paid", "succeeded", "succeeded", amount, in_full, false])
    };
    assert_eq!(standing(&sim).await, refunded(500, false));
    let kinds_told =
        ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"];
    assert_eq!(kinds(&sim), kinds_told);
    assert_eq!(
        sim.act(ORDER, Act::Refund(Some(2501))),
        Err(CannotAct::Amount { given: 2501, left: 2500 })
    );
    sim.act(ORDER, Act::Refund(None)).unwrap();
    assert_eq!(standing(&sim).await, refunded(3000, true));
    assert_eq!(
        told(&sim, 0, "amount_refunded")
            .into_iter()
            .filter(|it| it.0 == "charge.refunded")
            .collect::<Vec<_>>(),
        pairs([("charge.refunded", json!(500)), ("charge.refunded", json!(3000))])
    );
    let amounts = told(&sim, 4, "amount");
    assert_eq!((&amounts[0].1, &amounts[1].1), (&json!(2500), &json!(3000)));
    let ids = told(&sim, 0, "id");
    assert_ne!(ids[0], ids[4], "two refunds are two objects");
    let before = |n: usize| sim.events()[n].event["data"]["previous_attributes"].clone();
    assert_eq!(before(1), json!({"amount_refunded": 0}));
    assert_eq!(before(5), json!({"amount_refunded": 500, "refunded": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_takes_the_money_and_gives_it_back_when_it_is_won() {
    let sim = sim_with([order(ORDER)]).await;
    sim.act(ORDER, Act::Refund(Some(500))).unwrap();
    sim.act(ORDER, Act::Dispute).unwrap();
    let disputed = json!(["complete", "paid", "succeeded", "succeeded", 500, false, true]);
    assert_eq!(standing(&sim).await, disputed);
    sim.act(ORDER, Act::WinDispute).unwrap();
    assert_eq!(standing(&sim).await, disputed, "a charge that was disputed stays so");
    assert_eq!(
        told(&sim, 4, "status"),
        pairs([
            ("charge.dispute.created", json!("needs_response")),
            ("charge.dispute.funds_withdrawn", json!("needs_response")),
            ("charge.dispute.funds_reinstated", json!("won")),
            ("charge.dispute.closed", json!("won")),
        ])
    );
    let events = sim.events();
    let dispute = &events[7].event["data"]["object"];
    assert_eq!(
        (&dispute["amount"], &dispute["payment_intent"]),
        (&json!(2500), &json!("pi_test_1"))
    );
    let moved = dispute["balance_transactions"].as_array().unwrap();
    let nets: Vec<_> = moved.iter().map(|it| it["net"].as_i64().unwrap()).collect();
    assert_eq!(nets, [-4000, 4000]);
    assert_eq!(events[7].event["data"]["previous_attributes"], json!({"status": "needs_response"}));
    // What was won can be refunded again.
    sim.act(ORDER, Act::Refund(None)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_lost_is_closed_and_the_money_gone() {
    let sim = sim_with([order(ORDER)]).await;
    sim.act(ORDER, Act::Dispute).unwrap();
    sim.act(ORDER, Act::LoseDispute).unwrap();
    assert_eq!(told(&sim, 2, "status"), pairs([("charge.dispute.closed", json!("lost"))]));
    let error = sim.act(ORDER, Act::Refund(None)).unwrap_err();
    assert!(error.to_string().contains("cs_test_1 is disputed"), "{error}");
}
