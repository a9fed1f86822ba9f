//! The signature is Stripe's, checked against HMAC-SHA256 from elsewhere.

use std::sync::atomic::{AtomicI64, Ordering};

use sha2::{Digest, Sha256};
use stripe_sim::{Act, sign, sign_with_each};

use crate::receiver::Receiver;
use crate::{ORDER, SECRET, order, sim_with};

/// HMAC-SHA256 in hex, by the letter of RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad).to_vec();
    let inner = Sha256::digest([&padded(0x36)[..], message].concat());
    let outer = Sha256::digest([&padded(0x5c)[..], &inner[..]].concat());
    outer.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap()
}

#[test]
fn a_signature_is_what_openssl_makes_of_the_same_bytes() {
    // printf '1790007200.{"id":"evt_1","note":"café"}\n' | openssl dgst -sha256 -hmac whsec_a_secret
    assert_eq!(
        sign("{\"id\":\"evt_1\",\"note\":\"café\"}\n".as_bytes(), "whsec_a_secret", 1_790_007_200),
        "t=1790007200,v1=4d80b362f15260df51a0886014206c63b9589800cd5321970cca47d909c93568"
    );
    // A key longer than a block, and no body.
    assert_eq!(
        sign(b"", &format!("whsec_{}", "k".repeat(100)), 0),
        "t=0,v1=2e6995075ce6b1d55cbf901049969922c6c429360c9ec90521aa3edcf47f8e63"
    );
}

#[test]
fn while_a_secret_is_rolled_there_is_a_signature_for_each() {
    let body = [0xff, 0x00, b'{'];
    let message = [b"5.", &body[..]].concat();
    assert_eq!(
        sign_with_each(&body, ["whsec_new", "whsec_old"], 5),
        format!("t=5,v1={},v1={}", hmac(b"whsec_new", &message), hmac(b"whsec_old", &message))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_comes_as_stripe_sends_it_and_each_attempt_is_signed_anew() {
    let sim = sim_with([order(ORDER)]).await;
    let receiver = Receiver::start().await;
    receiver.will_answer([500, 500]);
    sim.register(receiver.endpoint().and_secret("whsec_old").unwrap());
    let ticks = AtomicI64::new(1_790_000_000);
    sim.use_clock(move || ticks.fetch_add(1, Ordering::Relaxed));
    sim.emit("customer.created", serde_json::json!({"id": "cus_1", "name": "Zoë"}));
    assert_eq!(sim.settled().await, Vec::<String>::new());
    let webhooks = receiver.webhooks();
    let logged = sim.events().remove(0);
    assert_eq!((webhooks.len(), logged.attempts.len()), (3, 3));
    for (webhook, attempt) in webhooks.iter().zip(&logged.attempts) {
        assert_eq!((webhook.method.as_str(), webhook.id().as_str()), ("POST", logged.id()));
        assert_eq!(webhook.header("content-type"), "application/json; charset=utf-8");
        let agent = "Stripe/1.0 (+https://stripe.com/docs/webhooks)";
        assert_eq!(webhook.header("user-agent"), agent);
        let (time, signatures) = webhook.signatures("v1");
        let message = [format!("{time}.").as_bytes(), &webhook.body].concat();
        let expected = [SECRET, "whsec_old"].map(|secret| hmac(secret.as_bytes(), &message));
        assert_eq!((time, signatures), (attempt.at, expected.each_ref().map(|it| &**it).to_vec()));
    }
    assert!(webhooks.windows(2).all(|two| two[0].signatures("v1").0 < two[1].signatures("v1").0));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_test_mode_carry_the_scheme_that_must_be_ignored_and_those_of_live_mode_do_not() {
    let sim = sim_with([order(ORDER).open(), order("cs_live_1").open()]).await;
    let receiver = Receiver::start().await;
    sim.register(receiver.endpoint());
    for (id, livemode, count) in [(ORDER, false, 1), ("cs_live_1", true, 0)] {
        let events = sim.act(id, Act::Expire).unwrap();
        assert!(sim.settled().await.is_empty());
        let webhooks = receiver.webhooks();
        let ours: Vec<_> = webhooks.iter().filter(|it| events.contains(&it.id())).collect();
        assert_eq!(ours.len(), 2);
        for webhook in ours {
            assert_eq!(webhook.event["livemode"], livemode);
            assert_eq!(webhook.signatures("v0").1.len(), count);
            assert_eq!(webhook.signatures("v1").1.len(), 1);
            assert_ne!(webhook.signatures("v0").1, webhook.signatures("v1").1);
        }
    }
}
