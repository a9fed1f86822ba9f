//! Stripe's key is rolled while the program runs.

use serde_json::{Value, json};
use stripe_sim::StripeSim;
use table_sim::{EmbeddedTable, INDEX, TABLE};
use test_support::{Asker, Invoked, Lambda, Parameters, rest_event};

use crate::stack::{KEY, services, session_of};
use crate::subject;

pub(crate) const PARAMETER: &str = "/shop/stripe";
pub(crate) const NEW: &str = "rk_test_51TheKeyThatCameAfter";

/// A shop whose key is kept in the parameter store.
pub(crate) struct Shop {
    pub(crate) stripe: StripeSim,
    pub(crate) parameters: Parameters,
    lambda: Lambda,
    _table: EmbeddedTable,
}

impl Shop {
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let (table, stripe) = services().await;
        let parameters = Parameters::start(&[(PARAMETER, KEY)]).await;
        let base = stripe.base();
        let mut environment = vec![
            ("COMMERCE_TABLE", TABLE),
            ("ORDER_INDEX", INDEX),
            ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
            ("AWS_ENDPOINT_URL_SSM", parameters.address()),
            ("STRIPE_SECRET_PARAMETER", PARAMETER),
            ("STRIPE_API_BASE", base.as_str()),
        ];
        environment.extend_from_slice(settings);
        let lambda = subject::start(&environment).await;
        // It has read the key once it answers.
        lambda.invoke(&json!({"httpMethod": "OPTIONS"})).await;
        Self { stripe, parameters, lambda, _table: table }
    }

    /// Ava opens an order that only Stripe has.
    pub(crate) async fn open(&self, order: &str) -> Invoked {
        self.stripe.shop(|shop| shop.add(session_of("ava", order)));
        self.lambda.invoke(&rest_event(&Asker::user("ava"), order)).await
    }

    /// What the log says of the request for an order.
    async fn line(&self, order: &str) -> Value {
        let line = self.lambda.program.line_with(&format!("\"orderId\":\"{order}\"")).await;
        serde_json::from_str(&line).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_rolled_needs_no_new_process() {
    let shop = Shop::start(&[]).await;
    assert_eq!(shop.open("cs_test_a1before").await.status, 200);
    shop.parameters.put(PARAMETER, NEW);
    shop.stripe.roll_keys(&[NEW]);
    for order in ["cs_test_a1rolled", "cs_test_a1after"] {
        assert_eq!(shop.open(order).await.status, 200, "{order}");
    }
    assert_eq!(shop.parameters.asked().len(), 2, "at the start, and when Stripe refused");
    for (order, refresh, calls) in [
        ("cs_test_a1before", "", 1),
        ("cs_test_a1rolled", "refreshed", 2),
        ("cs_test_a1after", "", 1),
    ] {
        let line = shop.line(order).await;
        assert_eq!(line["stripeKeyRefresh"], refresh, "{line}");
        assert_eq!(line["stripeCalls"], calls, "{line}");
        assert_eq!(line["outcome"], "stripe_fallback", "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_without_a_better_one_is_our_error_and_the_store_of_parameters_is_let_be() {
    let shop = Shop::start(&[]).await;
    shop.stripe.roll_keys(&[NEW]);
    // The parameter still holds the old one.
    for (order, refresh) in [("cs_test_a1first", "unchanged"), ("cs_test_a1second", "")] {
        assert_eq!(shop.open(order).await.status, 500, "{order}");
        let line = shop.line(order).await;
        assert_eq!(line["stripeKeyRefresh"], refresh, "{line}");
        assert_eq!(line["outcome"], "internal", "{line}");
    }
    assert_eq!(shop.parameters.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_gone_or_holds_something_else_is_told_and_not_shown() {
    let held = [None, Some("sk_live_51OfTheOtherMode"), Some("whsec_51NoKeyAtAll")];
    let causes = ["ParameterNotFound", "of the other mode", "must begin with sk_test_"];
    for (held, cause) in held.into_iter().zip(causes) {
        let shop = Shop::start(&[]).await;
        shop.stripe.roll_keys(&[NEW, "sk_live_51OfTheOtherMode"]);
        match held {
            Some(value) => shop.parameters.put(PARAMETER, value),
            None => shop.parameters.remove(PARAMETER),
        }
        assert_eq!(shop.open("cs_test_a1lost").await.status, 500, "{held:?}");
        assert_eq!(shop.line("cs_test_a1lost").await["stripeKeyRefresh"], "failed");
        let line = shop.lambda.program.line_with("could not be read anew").await;
        assert!(line.contains(cause) && line.contains("\"level\":\"ERROR\""), "{line}");
        let log = shop.lambda.program.output().join("\n");
        assert!(!log.contains("_51"), "{log}");
        assert_eq!(shop.stripe.calls(), 1, "no other key was sent");
    }
}
