//! Settings that are wrong, where the process is Lambda's and not ours to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};
use stripe_sim::{Fault, StripeSim, Times};
use table_sim::{EmbeddedTable, TABLE, webhook_row};
use test_support::{Asker, Lambda, rest_event};

use crate::stack::{CREATED, KEY, services, session_of};
use crate::subject;

const ORDER: &str = "cs_test_a1settings";

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_named_once_at_the_start_and_every_order_is_an_error_of_ours() {
    let lambda = subject::start(&[
        ("STRIPE_SECRET", "pk_test_PublishableByMistake"),
        ("STRIPE_API_BASE", "ftp://example.com"),
        ("ORDER_TTL_DAYS", "soon"),
        ("LOG_LEVEL", "loud"),
        ("METRICS_NAMESPACE", "AWS/Lambda"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
        ("SSL_CERT_FILE", "/no/such/file"),
        ("CORS_ALLOW_ORIGIN", "https://club.example"),
    ])
    .await;
    let variables = [
        "COMMERCE_TABLE",
        "STRIPE_SECRET",
        "STRIPE_API_BASE",
        "ORDER_TTL_DAYS",
        "LOG_LEVEL",
        "METRICS_NAMESPACE",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "SSL_CERT_FILE",
    ];
    let output = lambda.program.output();
    assert_eq!(output.len(), variables.len(), "{output:#?}");
    for variable in variables {
        let of_it = output.iter().filter(|line| line.contains(&format!(" {variable}: ")));
        assert_eq!(of_it.count(), 1, "{variable} in {output:#?}");
    }

    let mut event = rest_event(&Asker::user("ava"), ORDER);
    event["headers"]["Origin"] = json!("https://club.example");
    for _ in 0..2 {
        let answer = lambda.invoke(&event).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(answer.json()["error"], "Internal error");
        assert_eq!(answer.json()["code"], "internal_error");
        assert_eq!(answer.header("access-control-allow-origin"), "https://club.example");
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
    }
    let line: Value = serde_json::from_str(&lambda.program.line_with(ORDER).await).unwrap();
    assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("internal")));
    assert!(line["reason"].as_str().unwrap().contains("COMMERCE_TABLE: is required"), "{line}");
    let output = lambda.program.output();
    assert!(output.iter().all(|line| !line.contains("Publishable")), "{output:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_no_order_is_answered_with_wrong_settings_as_with_right_ones() {
    let lambda = subject::start(&[("CORS_ALLOW_ORIGIN", "club.example")]).await;
    for (event, status) in [
        (json!({"httpMethod": "OPTIONS"}), 204),
        (json!({"httpMethod": "POST"}), 405),
        (json!({"httpMethod": "GET"}), 401),
        (rest_event(&Asker::user("ava"), "no id"), 400),
    ] {
        let answer = lambda.invoke(&event).await;
        assert_eq!(answer.status, status, "{answer:?}");
        // Whom the setting means nobody knows, and nothing here is anybody's.
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_failed_is_tried_again_by_the_next_invocation() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1fetched")));
    let is_away = Arc::new(AtomicBool::new(true));
    let lambda = with_a_parameter(&table, &stripe, Arc::clone(&is_away)).await;
    let at_start = lambda.program.line_with("cannot start").await;
    assert!(at_start.contains("STRIPE_SECRET_PARAMETER: "), "{at_start}");
    assert!(at_start.contains("/shop/stripe"), "{at_start}");
    let open = async |order| lambda.invoke(&rest_event(&Asker::user("ava"), order)).await.status;
    assert_eq!(open(ORDER).await, 500);
    is_away.store(false, Ordering::Relaxed);
    assert_eq!(open(ORDER).await, 200);
    assert_eq!(open("cs_test_a1fetched").await, 200);
    let lines = lambda.program.output();
    let cold = lines.iter().filter(|line| line.contains("\"coldStart\":true"));
    assert_eq!(cold.count(), 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_late_start_takes_is_of_the_requests_time() {
    let (table, stripe) = services().await;
    stripe.inject(Fault::Hang, Times::Always);
    let is_away = Arc::new(AtomicBool::new(true));
    let lambda = with_a_parameter(&table, &stripe, Arc::clone(&is_away)).await;
    is_away.store(false, Ordering::Relaxed);
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.took >= SLOW && answer.took < Duration::from_secs(2), "{:?}", answer.took);
}

/// A function whose key is in a parameter store, with two seconds for a request.
async fn with_a_parameter(
    table: &EmbeddedTable,
    stripe: &StripeSim,
    is_away: Arc<AtomicBool>,
) -> Lambda {
    let (parameters, base) = (parameter_store(is_away).await, stripe.base());
    subject::start(&[
        ("COMMERCE_TABLE", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
        ("AWS_ENDPOINT_URL_SSM", &parameters),
        ("STRIPE_SECRET_PARAMETER", "/shop/stripe"),
        ("STRIPE_API_BASE", &base),
        ("REQUEST_BUDGET_MS", "2000"),
    ])
    .await
}

/// How long the parameter store takes where it answers.
const SLOW: Duration = Duration::from_millis(700);

/// A parameter store that holds Stripe's key, unless it is away.
async fn parameter_store(is_away: Arc<AtomicBool>) -> String {
    let handler = async move || {
        if is_away.load(Ordering::Relaxed) {
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                Json(json!({"__type": "InternalServerError"})),
            );
        }
        tokio::time::sleep(SLOW).await;
        (StatusCode::OK, Json(json!({"Parameter": {"Value": KEY}})))
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
