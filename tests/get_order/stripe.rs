//! How Stripe is asked, and what its answers and its silence mean.

use std::time::Duration;

use stripe_sim::{Fault, Line, SessionBuilder, Times};
use table_sim::INDEX;
use test_support::{Asker, rest_event};

use crate::stack::{KEY, Stack, session_of, start_lambda};

const ORDER: &str = "cs_test_a1stripe";

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_is_one_call_with_the_expansions_that_stripe_allows_over_a_kept_connection() {
    let stack = Stack::start().await;
    for n in 0..5 {
        let order = format!("{ORDER}{n}");
        stack.given_session(session_of("ava", &order));
        assert_eq!(stack.open_order("ava", &order).await.status, 200);
    }
    let requests = stack.stripe.requests();
    assert_eq!(requests.len(), 5);
    assert_eq!(stack.stripe.connections(), 1);
    let first = &requests[0];
    assert_eq!(first.path, format!("/v1/checkout/sessions/{ORDER}0"));
    assert_eq!(first.version.as_deref(), Some(orders_stripe::STRIPE_VERSION));
    let expansions: Vec<_> =
        first.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        expansions,
        [
            ("expand[]", "line_items"),
            ("expand[]", "line_items.data.price.product"),
            ("expand[]", "customer"),
            ("expand[]", "payment_intent.latest_charge"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_404_is_said_only_when_it_is_known() {
    let quick: &[(&str, &str)] = &[
        ("ORDER_INDEX", INDEX),
        ("STRIPE_MAX_RETRIES", "1"),
        ("STRIPE_TIMEOUT_MS", "300"),
        ("REQUEST_BUDGET_MS", "3000"),
    ];
    for (fault, status) in [
        (None, 404),
        (Some(Fault::Status(401)), 500),
        (Some(Fault::Status(403)), 500),
        (Some(Fault::MissingPermission), 500),
        (Some(Fault::Status(400)), 500),
        (Some(Fault::Status(409)), 503),
        (Some(Fault::Status(429)), 503),
        (Some(Fault::Status(500)), 503),
        (Some(Fault::Status(503)), 503),
        (Some(Fault::Garbage), 503),
        (Some(Fault::Html(200)), 503),
        (Some(Fault::Html(404)), 503),
        (Some(Fault::Reset), 503),
        (Some(Fault::CutBody), 503),
        (Some(Fault::Hang), 503),
    ] {
        let stack = Stack::with(quick).await;
        if let Some(fault) = fault.clone() {
            stack.stripe.inject(fault, Times::Always);
        }
        let answer = stack.open_order("ava", ORDER).await;
        assert_eq!(answer.status, status, "{fault:?}: {answer:?}");
        let calls = if status == 503 { 2 } else { 1 };
        assert_eq!(stack.stripe.calls(), calls, "{fault:?}");
        let retry_after = answer.header("retry-after");
        assert_eq!(retry_after.parse::<u32>().is_ok(), status == 503, "{fault:?}");
        assert!(!answer.body.to_lowercase().contains("stripe"), "{fault:?}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_ours_is_logged_with_stripes_request_id_and_without_the_key() {
    let stack = Stack::start().await;
    stack.stripe.inject(Fault::Status(401), Times::Always);
    assert_eq!(stack.open_order("ava", ORDER).await.status, 500);
    let line = stack.lambda.program.line_with("\"ERROR\"").await;
    assert!(line.contains("401") && line.contains("req_sim00000001"), "{line}");
    assert!(stack.lambda.program.output().iter().all(|line| !line.contains(KEY)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_and_what_does_not_is_not() {
    for (fault, calls, status) in [
        (Fault::Status(500), 2, 200),
        (Fault::Status(429), 2, 200),
        (Fault::Status(409), 2, 200),
        (Fault::Reset, 2, 200),
        (Fault::CutBody, 2, 200),
        (Fault::Garbage, 2, 200),
        (Fault::Status(403), 1, 500),
        // Stripe's own word outweighs the status, in both directions.
        (Fault::StatusWith(500, vec![("stripe-should-retry", "false")]), 1, 503),
        (Fault::StatusWith(400, vec![("stripe-should-retry", "true")]), 2, 200),
        // A wait that the budget does not hold is not begun.
        (Fault::StatusWith(429, vec![("retry-after", "60")]), 1, 503),
    ] {
        let stack = Stack::start().await;
        stack.given_session(session_of("ava", ORDER));
        stack.stripe.inject(fault.clone(), Times::Next(1));
        let answer = stack.open_order("ava", ORDER).await;
        assert_eq!((answer.status, stack.stripe.calls()), (status, calls), "{fault:?}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stripes_own_wait_is_waited() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    stack.stripe.inject(Fault::StatusWith(429, vec![("retry-after", "1")]), Times::Next(1));
    let answer = stack.open_order("ava", ORDER).await;
    assert_eq!(answer.status, 200);
    assert!(answer.took >= Duration::from_secs(1), "{:?}", answer.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_leaves_before_the_invocation_ends() {
    let stack = Stack::start().await;
    stack.stripe.inject(Fault::Hang, Times::Always);
    let event = rest_event(&Asker::user("ava"), ORDER).to_string();
    let answer = stack.lambda.invoke_within(event, Duration::from_millis(1500)).await;
    assert_eq!(answer.status, 503);
    assert!(answer.took < Duration::from_millis(1500), "{:?}", answer.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_time_left_is_not_failed_by_others_that_had_none() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("AWS_LAMBDA_MAX_CONCURRENCY", "8")]).await;
    stack.given_session(session_of("ava", ORDER));
    stack.stripe.inject(Fault::Hang, Times::Next(2));
    let ask = |millis| {
        let event = rest_event(&Asker::user("ava"), ORDER).to_string();
        stack.lambda.invoke_within(event, Duration::from_millis(millis))
    };
    // Whichever asks, at most two calls are left without an answer.
    let (first, second, patient) = tokio::join!(ask(1000), ask(2000), ask(9000));
    assert_eq!(first.status, 503, "{first:?}");
    assert!(matches!(second.status, 200 | 503), "{second:?}");
    assert_eq!(patient.status, 200, "{patient:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_too_large_to_be_handed_on_is_owned_up_to() {
    let stack = Stack::start().await;
    let lines = (0..20).map(|_| Line::new(&"long ".repeat(64_000), 100, 1));
    let session = lines.fold(session_of("ava", ORDER), SessionBuilder::line);
    stack.given_session(session);
    let answer = stack.open_order("ava", ORDER).await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &"internal_error".into()));
    let line = stack.lambda.program.line_with("too large to be handed on").await;
    assert!(line.contains("\"internal\""), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_is_remembered_so_that_repetition_does_not_reach_stripe() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    for order in [ORDER, "cs_test_a1nowhere"] {
        let before = stack.stripe.calls();
        for _ in 0..20 {
            assert_eq!(stack.open_order("ben", order).await.status, 404);
        }
        assert_eq!(stack.stripe.calls() - before, 1, "{order}");
    }
    // Her own order is not touched by what others did not find.
    assert_eq!(stack.open_order("ava", ORDER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_the_other_mode_or_of_no_session_are_never_sent() {
    let stack = Stack::start().await;
    for order in ["cs_live_a1b2c3", "cs_test_", "cs_a1", "pi_123", "in_123", "..", "CS_TEST_A1"] {
        let answer = stack.open_order("ava", order).await;
        assert!(matches!(answer.status, 404 | 400), "{order}: {answer:?}");
    }
    assert_eq!(stack.stripe.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_stay_within_their_rate() {
    let stack = Stack::with(&[
        ("ORDER_INDEX", INDEX),
        ("STRIPE_RATE_PER_SECOND", "20"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "64"),
        ("REQUEST_BUDGET_MS", "2500"),
    ])
    .await;
    let started = std::time::Instant::now();
    let orders: Vec<_> = (0..60).map(|n| format!("{ORDER}{n}")).collect();
    let asked = orders.iter().map(|order| stack.open_order("ava", order));
    let answers = futures_util::future::join_all(asked).await;
    let seconds = started.elapsed().as_secs_f64();
    for answer in &answers {
        assert!(matches!(answer.status, 404 | 503), "{answer:?}");
    }
    let calls = u32::try_from(stack.stripe.calls()).unwrap();
    assert!(f64::from(calls) <= 20.0 * seconds.max(1.0), "{calls} calls in {seconds} s");
    assert!(calls >= 15, "only {calls} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_no_reason_for_a_404() {
    let stack = Stack::start().await;
    stack.given_session(session_of("ava", ORDER));
    // Nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lambda = start_lambda(&format!("http://{closed}"), &stack.stripe.base(), &[]).await;
    for (user, order, status) in
        [("ava", ORDER, 200), ("ava", "cs_test_a1nowhere", 503), ("ben", ORDER, 503)]
    {
        let answer = lambda.invoke(&rest_event(&Asker::user(user), order)).await;
        assert_eq!(answer.status, status, "{user} {order}: {answer:?}");
    }
    // A table that is not there is a fault of ours.
    let settings = [("COMMERCE_TABLE", "no-such-table")];
    let lambda = start_lambda(stack.table.endpoint(), &stack.stripe.base(), &settings).await;
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    lambda.program.line_with("ResourceNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_lines_that_never_ends_is_given_up() {
    // Every page is the first one, and always there is more.
    let answer = |uri: axum::http::Uri| async move {
        let list = serde_json::json!({"data": [{"id": "li_1"}], "has_more": true});
        axum::Json(if uri.path().ends_with("line_items") {
            list
        } else {
            serde_json::json!({"id": ORDER, "metadata": {"userId": "ava"}, "line_items": list})
        })
    };
    let stack = Stack::start().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let lambda = start_lambda(stack.table.endpoint(), &base, &[]).await;
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
    assert_eq!(answer.status, 503);
    let line = lambda.program.line_with("line_items.has_more").await;
    assert!(line.contains("\"stripeCalls\":2"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_share_a_call_share_its_failure() {
    let stack = Stack::with(&[("ORDER_INDEX", INDEX), ("AWS_LAMBDA_MAX_CONCURRENCY", "8")]).await;
    stack.given_session(session_of("ava", ORDER));
    // Each call fails after its two repetitions; all four requests wait for the first.
    stack.stripe.inject(Fault::StatusWith(503, vec![("retry-after", "1")]), Times::Always);
    let open = || stack.open_order("ava", ORDER);
    let (a, b, c, d) = tokio::join!(open(), open(), open(), open());
    for answer in [a, b, c, d] {
        assert_eq!(answer.status, 503);
    }
    assert_eq!(stack.stripe.calls(), 3);
}
