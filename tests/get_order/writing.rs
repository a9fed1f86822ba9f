//! What a fallback leaves in the table.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use stripe_sim::{Fault, Line, SessionBuilder, Times};
use table_sim::{INDEX, sync_row, webhook_row};
use test_support::{Asker, TableFault, TableGate, rest_event};

use crate::stack::{CREATED, Stack, services, session_of, start_lambda};

const ORDER: &str = "cs_test_a1written";

fn full_session() -> SessionBuilder {
    SessionBuilder::new(ORDER, CREATED)
        .metadata(json!({"userId": "ava", "gift": "yes", "quote_signature": "internal"}))
        .customer("cus_ava", json!({"note": "RAW-CUSTOMER"}))
        .email("ava@example.com")
        .line(Line::new("Tote bag", 1500, 2).metadata(json!({"sku": "T1", "color": "sand"})))
        .line(Line::new("Mug", 900, 1))
        .set("presentment_details", json!({"presentment_amount": 3600, "presentment_currency": "EUR"}))
        .set("total_details", json!({"amount_discount": 100, "amount_shipping": 500, "amount_tax": 20}))
        .set(
            "collected_information",
            json!({"shipping_details": {"name": "Ava", "address": {
                "line1": "1 Road", "line2": null, "city": "Town", "state": "", "postal_code": "12345", "country": "US",
            }}}),
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_is_keyed_by_the_session_and_holds_what_the_answer_needs_and_no_more() {
    let stack = Stack::start().await;
    stack.given_session(full_session());
    let first = stack.open_order("ava", ORDER).await;
    let rows = stack.rows_of("ava").await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["SK"], format!("ORDER#{CREATED}#{ORDER}"));
    assert_eq!(row["userId"], "ava");
    assert_eq!(row["source"], "stripe_fallback");
    assert_eq!(row["final"], true);
    assert_eq!(row["normalizerVersion"], 1);
    assert_eq!(row["stripeCustomerId"], "cus_ava");
    assert_eq!(row["stripeSessionId"], ORDER);
    assert_eq!(row["metadata"], json!({"gift": "yes"}));
    assert!(!row.contains_key("expiresAt"), "rows live for ever by default");

    let allowed: BTreeSet<&str> = "PK SK orderId orderNumber userId status amount amountSubtotal \
        currency items itemCount createdAt updatedAt completedAt stripeSessionId \
        stripePaymentIntentId stripeCustomerId stripePaymentStatus customerEmail customerPhone \
        shippingAddress source fetchedAt final normalizerVersion amountTax amountShipping \
        amountDiscount amountRefunded currencyExponent presentment totalQuantity customerName \
        receiptUrl disputed mode metadata"
        .split_whitespace()
        .collect();
    for name in row.keys() {
        assert!(allowed.contains(name.as_str()), "{name} has no business in the table");
    }
    let text = serde_json::to_string(row).unwrap();
    for raw in
        ["RAW-CUSTOMER", "quote_signature", "tax_exempt", "checkout.session", "client_secret"]
    {
        assert!(!text.contains(raw), "{raw}");
    }
    let second = stack.open_order("ava", ORDER).await;
    assert_eq!(second.header("x-order-source"), "snapshot");
    assert_eq!(second.body, first.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_from_several_processes_leave_one_row() {
    let (table, stripe) = services().await;
    stripe.shop(|shop| shop.add(session_of("ava", ORDER)));
    stripe.inject(Fault::Delay(Duration::from_millis(100)), Times::Always);
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes
            .push(start_lambda(table.endpoint(), &stripe.base(), &[("ORDER_INDEX", INDEX)]).await);
    }
    let event = rest_event(&Asker::user("ava"), ORDER);
    let answers = [
        processes[0].invoke(&event),
        processes[1].invoke(&event),
        processes[2].invoke(&event),
        processes[3].invoke(&event),
    ];
    let [a, b, c, d] = answers;
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    for answer in [&a, &b, &c, &d] {
        assert_eq!((answer.status, &answer.body), (200, &a.body));
    }
    assert_eq!(table.orders_of("ava").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_in_one_process_make_one_call() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("AWS_LAMBDA_MAX_CONCURRENCY", "8")]).await;
    stack.given_session(session_of("ava", ORDER));
    stack.stripe.inject(Fault::Delay(Duration::from_millis(300)), Times::Always);
    let open = || stack.open_order("ava", ORDER);
    let (a, b, c, d) = tokio::join!(open(), open(), open(), open());
    for answer in [&a, &b, &c, &d] {
        assert_eq!((answer.status, &answer.body), (200, &a.body));
    }
    assert_eq!(stack.stripe.calls(), 1);
    assert_eq!(stack.rows_of("ava").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_no_order_yet_is_answered_and_not_stored() {
    let stack = Stack::start().await;
    let expired = |id: &str| session_of("ava", id).open().set("status", json!("expired"));
    stack.given_session(session_of("ava", "cs_test_a1open").open());
    stack.given_session(expired("cs_test_a1expired"));
    for (id, status) in [("cs_test_a1open", "pending"), ("cs_test_a1expired", "cancelled")] {
        let answer = stack.open_order("ava", id).await;
        assert_eq!(answer.order()["status"], status, "{id}");
    }
    assert!(stack.rows_of("ava").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_still_being_paid_is_stored_and_then_kept_current_in_its_row() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER).processing());
    for _ in 0..2 {
        let pending = stack.open_order("ava", ORDER).await;
        assert_eq!(
            (pending.order()["status"].as_str(), pending.header("x-order-source")),
            (Some("pending"), "stripe")
        );
        assert_eq!(stack.rows_of("ava").await[0]["final"], false);
    }
    stack.stripe.shop(|shop| shop.pay(ORDER));
    let paid = stack.open_order("ava", ORDER).await;
    assert_eq!(paid.order()["status"], "completed");
    let calls = stack.stripe.calls();
    let settled = stack.open_order("ava", ORDER).await;
    assert_eq!((settled.header("x-order-source"), &settled.body), ("snapshot", &paid.body));
    assert_eq!(stack.stripe.calls(), calls, "final is never fetched again");
    assert_eq!(stack.rows_of("ava").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_payment_that_failed_is_cancelled_for_good() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER).processing());
    stack.open_order("ava", ORDER).await;
    stack.stripe.shop(|shop| shop.fail_payment(ORDER));
    assert_eq!(stack.open_order("ava", ORDER).await.order()["status"], "cancelled");
    let again = stack.open_order("ava", ORDER).await;
    assert_eq!(
        (again.order()["status"].as_str(), again.header("x-order-source")),
        (Some("cancelled"), "snapshot")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_updates_the_row_that_it_read_and_keeps_what_is_not_ours() {
    let stack = Stack::start().await;
    let row = webhook_row("ava", ORDER, CREATED + 77)
        .set("stripePaymentStatus", json!("unpaid"))
        .set("shelf", json!({"room": 4}));
    stack.given_rows([row]).await;
    stack.given_session(session_of("ava", ORDER).email("ava@example.com"));
    let answer = stack.open_order("ava", ORDER).await;
    assert_eq!(answer.order()["status"], "completed");
    let rows = stack.rows_of("ava").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["SK"], format!("ORDER#{}#{ORDER}", CREATED + 77));
    assert_eq!(rows[0]["shelf"], json!({"room": 4}));
    assert_eq!(rows[0]["quoteSignature"], "sig");
    assert_eq!(rows[0]["pricingSummary"], json!({"subtotal": 3000, "tiers": ["member"]}));
    assert_eq!(answer.order()["pricingSummary"], rows[0]["pricingSummary"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_of_another_writer_is_never_overwritten() {
    // The index is fed late; here it never learns of the row, as its `orderId` is another.
    let stack = Stack::start().await;
    let hidden = sync_row("ava", ORDER, CREATED)
        .set("orderId", json!("cs_test_hidden"))
        .set("amount", json!(1));
    stack.given_rows([hidden]).await;
    stack.given_session(session_of("ava", ORDER));
    assert_eq!(stack.open_order("ava", ORDER).await.status, 200);
    let rows = stack.rows_of("ava").await;
    assert_eq!(
        (rows.len(), &rows[0]["amount"], &rows[0]["source"]),
        (1, &json!(1), &json!("nightly_sync"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_expire_where_the_shop_says_so_and_an_expired_row_is_replaced() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("ORDER_TTL_DAYS", "30")]).await;
    let gone = sync_row("ava", ORDER, CREATED)
        .set("expiresAt", json!(1_700_000_000))
        .set("amount", json!(1));
    stack.given_rows([gone]).await;
    stack.given_session(session_of("ava", ORDER));
    assert_eq!(stack.open_order("ava", ORDER).await.header("x-order-source"), "stripe");
    let rows = stack.rows_of("ava").await;
    assert_eq!((rows.len(), &rows[0]["amount"]), (1, &json!(3000)));
    let days = (rows[0]["expiresAt"].as_i64().unwrap() - CREATED) / 86_400;
    assert!(days > 30, "30 days from now, not from the session's creation");
    assert_eq!(stack.open_order("ava", ORDER).await.header("x-order-source"), "snapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_too_large_for_the_table_is_answered_with_a_warning() {
    let stack = Stack::start().await;
    let mut session = session_of("ava", ORDER);
    for n in 0..250 {
        let name = format!("{n} {}", "long ".repeat(400));
        session = session.line(Line::new(&name, 100, 1));
    }
    stack.given_session(session);
    let answer = stack.open_order("ava", ORDER).await;
    assert_eq!((answer.status, &answer.order()["itemCount"]), (200, &json!(251)));
    assert!(stack.rows_of("ava").await.is_empty());
    let line = stack.lambda.program.line_with("too large").await;
    assert!(
        line.contains("\"WARN\"") && line.contains("c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_does_not_fail_the_answer() {
    let (table, stripe) = services().await;
    stripe.shop(|shop| shop.add(session_of("ava", ORDER)));
    let gate = TableGate::open(table.endpoint(), TableFault::ReadOnly).await;
    let lambda = start_lambda(&gate.address(), &stripe.base(), &[("ORDER_INDEX", INDEX)]).await;
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
    assert_eq!((answer.status, answer.header("x-order-source")), (200, "stripe"));
    lambda.program.line_with("the snapshot was not stored").await;
    assert!(table.orders_of("ava").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_loses_nothing_that_another_program_keeps() {
    let stack = Stack::start().await;
    let metadata = json!({"userId": "ava", "quoteSignature": "sig", "cart": {"id": 7}});
    let row = webhook_row("ava", ORDER, CREATED + 77)
        .set("items", json!([]))
        .set("metadata", metadata.clone())
        .set("stripeCustomerId", json!("cus_9"))
        .set("customerPhone", json!("+15555550111"));
    stack.given_rows([row]).await;
    stack.given_session(session_of("ava", ORDER));
    let renewed = stack.open_order("ava", ORDER).await;
    let rows = stack.rows_of("ava").await;
    assert_eq!((&rows[0]["metadata"], &rows[0]["stripeCustomerId"]), (&metadata, &json!("cus_9")));
    assert_eq!(renewed.order()["customerPhone"], "+15555550111");
    assert_eq!(stack.open_order("ava", ORDER).await.body, renewed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_gives_way_to_what_another_program_wrote_meanwhile() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER).processing());
    stack.open_order("ava", ORDER).await;
    let ours = stack.rows_of("ava").await[0].clone();
    // Stripe answers slowly; meanwhile the webhook learns that the order is paid.
    stack.stripe.inject(Fault::Delay(Duration::from_millis(600)), Times::Always);
    let webhook = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let paid = sync_row("ava", ORDER, CREATED)
            .set("fetchedAt", ours["fetchedAt"].clone())
            .set("normalizerVersion", json!(1))
            .set("final", json!(false))
            .set("updatedAt", json!("2999-01-01T00:00:00.000Z"))
            .set("amount", json!(77));
        stack.given_rows([paid]).await;
    };
    tokio::join!(stack.open_order("ava", ORDER), webhook);
    assert_eq!(stack.rows_of("ava").await[0]["amount"], 77);
}
