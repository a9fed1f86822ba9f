//! The promises of a payment provider's adapter, kept over `stripe-sim`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use orders::{Clock, OrderId, PaymentId, SystemClock, Timestamp, UserId};
use orders_stripe::{Backoff, SecretKey, StripeCheckout, StripeConfig};
use outbound::Trust;
use port_contracts::checkout::{self, CheckoutSubject};
use serde_json::json;
use stripe_sim::{Fault, SessionBuilder, Shop, StripeSim, Times};

const KEY: &str = "sk_test_51ExampleKeyForTests";

struct OverStripe {
    stripe: StripeSim,
    checkout: StripeCheckout<SystemClock>,
}

impl CheckoutSubject for OverStripe {
    type Checkout = StripeCheckout<SystemClock>;

    fn checkout(&self) -> &Self::Checkout {
        &self.checkout
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn tolerance(&self) -> Duration {
        // Sockets and a busy machine; a single attempt might take four times as long.
        Duration::from_secs(1)
    }

    fn payment(&self, order: &OrderId) -> PaymentId {
        order.as_str().replace("cs_", "pi_").parse().unwrap()
    }

    async fn sell(&self, user: &UserId, order: &OrderId, lines: usize) {
        let session = SessionBuilder::new(order.as_str(), 1_764_192_504)
            .metadata(json!({"userId": user.as_str()}))
            .lines(lines);
        self.stripe.shop(|shop| shop.add(session));
    }

    async fn inject(&self, fault: checkout::Fault) {
        self.stripe.clear_faults();
        let fault = match fault {
            checkout::Fault::Broken => Fault::Status(500),
            checkout::Fault::Refuses => Fault::Status(401),
            checkout::Fault::Silent => Fault::Hang,
        };
        self.stripe.inject(fault, Times::Always);
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn run<F: Future<Output = ()>>(case: impl FnOnce(OverStripe) -> F) {
    let stripe = StripeSim::start(&[KEY], Shop::default()).await.unwrap();
    let config = StripeConfig {
        trust: Trust::default(),
        keys: KEY.parse::<SecretKey>().unwrap().into(),
        base: stripe.base().parse().unwrap(),
        timeout: Duration::from_secs(4),
        max_retries: 1,
        rate_per_second: NonZeroU32::new(20).unwrap(),
        backoff: Backoff::with_jitter(|most| most / 10),
    };
    let checkout = StripeCheckout::new(config, SystemClock).unwrap();
    case(OverStripe { stripe, checkout }).await;
}

port_contracts::checkout_contract!(run);
