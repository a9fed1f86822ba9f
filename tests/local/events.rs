//! Stripe's events at the local stack: the stand-in tells, the webhook takes, the member sees.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use stripe_sim::sign;
use test_support::{Program, http_client};

use crate::stack::{Local, PROGRAM, answer};

/// Something is asked of the stand-in's other side.
async fn ask(local: &Local, path: &str) -> (u16, String) {
    let url = format!("{}{path}", local.said["STRIPE_CONTROL_URL"]);
    let answer = answer(http_client().post(url).send().await.unwrap()).await;
    (answer.status, answer.text)
}

/// Waits until a member sees an order as it should be.
async fn sees(local: &Local, order: &str, field: &str, value: impl Into<Value>) {
    let value = value.into();
    for _ in 0..500 {
        let answer = local.open("AVA_TOKEN", order).await;
        if answer.json()["order"][field] == value {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{field} of {order} never became {value}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_at_the_stand_in_is_what_the_member_sees() {
    let local = Local::plain().await;
    // Open: not stored. Paid: stored without anybody asking for it.
    assert_eq!(ask(&local, "/sessions/cs_test_demoOpen/pay").await.0, 200);
    sees(&local, "cs_test_demoOpen", "status", "completed").await;
    assert_eq!(ask(&local, "/sessions/cs_test_demoOpen/refund?amount=1000").await.0, 200);
    sees(&local, "cs_test_demoOpen", "amountRefunded", 1000).await;
    assert_eq!(ask(&local, "/sessions/cs_test_demoOpen/refund").await.0, 200);
    sees(&local, "cs_test_demoOpen", "status", "refunded").await;
    // A guest's order, of which Ava has a copy since she opened it.
    sees(&local, "cs_test_demoGuest", "status", "completed").await;
    assert_eq!(ask(&local, "/sessions/cs_test_demoGuest/refund").await.0, 200);
    sees(&local, "cs_test_demoGuest", "status", "refunded").await;
    let figures = local.ask(Method::GET, "/metrics", None).await.text;
    let counted =
        |line: &&str| line.starts_with("events_total{") && line.contains("outcome=\"updated\"");
    assert!(figures.lines().any(|line| counted(&line)), "{figures}");
    local.program.line_with("POST /stripe/webhook 200 updated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_can_send_events_with_what_the_stack_prints() {
    let local = Local::plain().await;
    let now = i64::try_from(time_now()).unwrap();
    let body = r#"{"id": "evt_own", "type": "checkout.session.completed", "livemode": false,
        "data": {"object": {"id": "cs_test_demoThreeLines"}}}"#;
    let signature = sign(body.as_bytes(), &local.said["STRIPE_WEBHOOK_SECRET"], now);
    let post = |signature: String, body: String| {
        let request = http_client().post(&local.said["STRIPE_WEBHOOK_URL"]).body(body);
        async move { answer(request.header("stripe-signature", signature).send().await.unwrap()).await }
    };
    let taken = post(signature.clone(), body.to_owned()).await;
    assert_eq!(
        (taken.status, &taken.json()["outcome"]),
        (200, &Value::from("stored")),
        "{}",
        taken.text
    );
    let forged = post(signature, format!("{body} ")).await;
    assert_eq!((forged.status, &forged.json()["code"]), (400, &Value::from("invalid_signature")));
    let large = post("t=1".to_owned(), " ".repeat(3_000_000)).await;
    assert_eq!((large.status, &large.json()["code"]), (400, &Value::from("event_too_large")));
    let get = local.ask(Method::GET, "/stripe/webhook", None).await;
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
}

/// The time, in epoch seconds.
fn time_now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_real_stripe_and_no_secret_the_webhook_says_that_it_is_off() {
    let settings =
        [("STRIPE_SECRET", "sk_test_Elsewhere"), ("STRIPE_API_BASE", "http://127.0.0.1:9")];
    let program = Program::start(PROGRAM, &["--port", "0", "--emit-env"], &settings);
    let url = program.line_with("ORDERS_URL=").await.replace("ORDERS_URL=", "");
    program.line_with("JWT_SECRET=").await;
    let request = http_client().post(format!("{url}/stripe/webhook")).body("{}");
    // It prints before it serves.
    let answer = answer(request.send().await.unwrap()).await;
    assert_eq!((answer.status, &answer.json()["code"]), (404, &Value::from("webhook_off")));
    assert!(answer.json()["detail"].as_str().unwrap().contains("STRIPE_WEBHOOK_SECRET"));
    assert!(program.output().iter().all(|line| !line.starts_with("STRIPE_WEBHOOK_SECRET=")));
}
