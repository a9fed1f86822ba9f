//! What a session of Stripe's becomes.

use serde_json::{Value, json};
use stripe_sim::{Line, SessionBuilder};
use test_support::recorded_payloads;

use crate::stack::{CREATED, Stack, session_of};

const ORDER: &str = "cs_test_a1normal";

async fn answered(session: SessionBuilder) -> Value {
    let stack = Stack::start().await;
    stack.given_session(session);
    let answer = stack.open_order("ava", ORDER).await;
    assert_eq!(answer.status, 200, "{answer:?} {:#?}", stack.lambda.program.output());
    answer.order()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_from_stripe_has_all_that_the_contract_names() {
    let line = Line::new("Tote bag", 1500, 2).metadata(json!({
        "sku": "TOTE-01", "collection": "summer", "variant_id": "v1", "color": "sand", "cost": "1",
    }));
    let session = SessionBuilder::new(ORDER, CREATED)
        .metadata(json!({"userId": "ava", "gift": "yes", "normalized_hash": "secret"}))
        .email("ava@example.com")
        .line(line)
        .set("amount_total", json!(3420))
        .set(
            "total_details",
            json!({"amount_discount": 100, "amount_shipping": 500, "amount_tax": 20}),
        )
        .set(
            "presentment_details",
            json!({"presentment_amount": 3150, "presentment_currency": "eur"}),
        )
        .set(
            "collected_information",
            json!({"shipping_details": {"name": "Ava Example", "address": {
                "line1": "1 Road", "line2": null, "city": "Town", "state": "CA",
                "postal_code": "12345", "country": "US",
            }}}),
        )
        .refunded(500);
    assert_eq!(
        answered(session).await,
        json!({
            "orderId": ORDER, "orderNumber": "BC-A1NORMAL", "status": "completed",
            "amount": 3420, "currency": "usd", "createdAt": "2025-11-26T21:28:24.000Z",
            "itemCount": 1,
            "items": [{
                "name": "Tote bag", "quantity": 2, "unitPrice": 1500, "currency": "usd",
                "amountTotal": 3000, "amountSubtotal": 3000, "sku": "TOTE-01",
                "collectionId": "summer", "variantId": "v1", "color": "sand",
                "imageUrl": "https://img.example/prod_test_a1normal_0.png",
                "stripePriceId": "price_test_a1normal_0", "stripeProductId": "prod_test_a1normal_0",
            }],
            "customerEmail": "ava@example.com", "amountSubtotal": 3000, "amountTax": 20,
            "amountShipping": 500, "amountDiscount": 100, "amountRefunded": 500,
            "currencyExponent": 2, "presentment": {"amount": 3150, "currency": "eur"},
            "completedAt": "2025-11-26T21:29:24.000Z", "totalQuantity": 2,
            "customerPhone": "+15555550100", "customerName": "Sample Buyer",
            "shippingAddress": {
                "name": "Ava Example", "line1": "1 Road", "line2": null, "city": "Town",
                "state": "CA", "postalCode": "12345", "country": "US",
            },
            "stripePaymentIntentId": "pi_test_a1normal", "stripePaymentStatus": "paid",
            "receiptUrl": "https://pay.stripe.example/receipts/ch_test_a1normal", "disputed": false,
            "mode": "payment", "metadata": {"gift": "yes"},
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_how_far_the_payment_is() {
    let with = |state: &str, payment: &str| {
        session_of("ava", ORDER).set("status", json!(state)).set("payment_status", json!(payment))
    };
    for (session, status) in [
        (with("complete", "paid"), "completed"),
        (with("complete", "no_payment_required"), "completed"),
        (session_of("ava", ORDER).processing(), "pending"),
        (session_of("ava", ORDER).open(), "pending"),
        (with("expired", "unpaid"), "cancelled"),
        (session_of("ava", ORDER).refunded(3000), "refunded"),
        (session_of("ava", ORDER).refunded(2999), "completed"),
    ] {
        let stack = Stack::start().await;
        stack.given_session(session);
        assert_eq!(stack.open_order("ava", ORDER).await.order()["status"], status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_order_without_a_payment_is_completed() {
    let free =
        session_of("ava", ORDER).set("amount_total", json!(0)).set("payment_intent", Value::Null);
    let order = answered(free).await;
    assert_eq!((&order["status"], &order["amount"]), (&json!("completed"), &json!(0)));
    assert!(order.get("stripePaymentIntentId").is_none());
    assert!(order.get("receiptUrl").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_without_decimals_and_with_three_say_so() {
    for (currency, exponent) in [("jpy", 0), ("JPY", 0), ("kwd", 3), ("eur", 2)] {
        let order = answered(session_of("ava", ORDER).currency(currency)).await;
        assert_eq!(order["currency"], currency.to_lowercase());
        assert_eq!(order["currencyExponent"], exponent, "{currency}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_the_lines_arrive_however_many() {
    for (lines, calls) in [(0, 1), (10, 1), (11, 2), (110, 2), (137, 3), (211, 4)] {
        let stack = Stack::start().await;
        let session = SessionBuilder::new(ORDER, CREATED).metadata(json!({"user_id": "ava"}));
        stack.given_session(session.lines(lines));
        let order = stack.open_order("ava", ORDER).await.order();
        assert_eq!(order["itemCount"], lines);
        let names: Vec<_> =
            order["items"].as_array().unwrap().iter().map(|i| i["name"].clone()).collect();
        let expected: Vec<_> = (1..=lines).map(|n| json!(format!("Sticker {n}"))).collect();
        assert_eq!(names, expected);
        assert_eq!(stack.stripe.calls(), calls, "{lines} lines");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_a_description_is_named_by_its_product_or_just_item() {
    let line = |description: Value, product: Value| {
        json!({"id": "li_1", "object": "item", "description": description, "quantity": null,
            "price": {"id": "price_1", "unit_amount": null, "product": product}})
    };
    let data = json!([
        line(json!("Described"), json!({"id": "prod_1", "name": "Product"})),
        line(Value::Null, json!({"id": "prod_1", "name": "Product"})),
        line(json!(""), json!({"id": "prod_1", "object": "product", "deleted": true})),
        line(Value::Null, json!("prod_1")),
    ]);
    let session =
        session_of("ava", ORDER).set("line_items", json!({"data": data, "has_more": false}));
    let order = answered(session).await;
    let names: Vec<_> =
        order["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["Described", "Product", "Item", "Item"]);
    assert_eq!(order["items"][3]["stripeProductId"], "prod_1");
    assert!(order.get("totalQuantity").is_none(), "not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_found_wherever_stripe_put_it() {
    let shipping =
        |name: &str| json!({"name": name, "address": {"line1": "1 Road", "country": "US"}});
    for (session, name) in [
        (
            session_of("ava", ORDER)
                .set("shipping_details", shipping("old"))
                .set("collected_information", json!({"shipping_details": shipping("new")})),
            "new",
        ),
        (session_of("ava", ORDER).set("shipping_details", shipping("old")), "old"),
        (session_of("ava", ORDER).set("shipping", shipping("oldest")), "oldest"),
    ] {
        assert_eq!(answered(session).await["shippingAddress"]["name"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_shapes_of_real_payloads_are_read() {
    let odd = session_of("ava", ORDER)
        .customer("cus_1", json!({"userId": "ava"}))
        .set("metadata", json!([]))
        .set("currency", Value::Null)
        .set("total_details", Value::Null)
        .set("payment_intent", json!("pi_unknown"))
        .set("payment_status", json!("paid"))
        .set("mode", json!("a_mode_of_the_future"))
        .set("something_new", json!({"deeply": [{"nested": true}]}));
    let order = answered(odd).await;
    assert_eq!(order["currency"], "usd", "where Stripe gave none");
    assert_eq!(order["stripePaymentIntentId"], "pi_unknown");
    assert_eq!(order["mode"], "a_mode_of_the_future");
    assert!(order.get("metadata").is_none() && order.get("amountTax").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_session_is_answered_or_owned_up_to() {
    let Some(sessions) = recorded_payloads("sessions") else { return };
    let stack =
        Stack::with(&[("STRIPE_MAX_RETRIES", "0"), ("STRIPE_RATE_PER_SECOND", "1000")]).await;
    let mut answered = 0;
    let count = sessions.len();
    for (n, (name, payload)) in sessions.into_iter().enumerate() {
        let id = format!("cs_test_recorded{n}");
        let mut session: Value = serde_json::from_slice(&payload).unwrap();
        session["id"] = json!(id);
        session["livemode"] = json!(false);
        session["metadata"] = json!({"userId": "ava"});
        stack.stripe.shop(|shop| shop.add_recorded(&id, session));
        let answer = stack.open_order("ava", &id).await;
        assert!(matches!(answer.status, 200 | 503), "{name}: {answer:?}");
        answered += usize::from(answer.status == 200);
        let stranger = stack.open_order("ben", &id).await;
        assert!(matches!(stranger.status, 404 | 503), "{name}: {stranger:?}");
    }
    assert_eq!(answered, count, "each of them is a session that Stripe once sent");
}
