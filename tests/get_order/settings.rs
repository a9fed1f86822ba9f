//! The settings, as an operator gets them wrong.

use serde_json::json;
use stripe_sim::StripeSim;
use table_sim::{INDEX, TABLE, webhook_row};
use test_support::{Asker, Lambda, Parameters, Program, rest_event};

use crate::stack::{CREATED, KEY, services, session_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_get-order");

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_named_at_once_and_no_secret_is_shown() {
    let mut program = Program::start(
        PROGRAM,
        &[],
        &[
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
            ("STRIPE_SECRET", "pk_test_PublishableByMistake"),
            ("STRIPE_API_BASE", "ftp://example.com"),
            ("ORDER_TTL_DAYS", "soon"),
            ("REQUEST_BUDGET_MS", "-1"),
            ("STRIPE_TIMEOUT_MS", "0"),
            ("STRIPE_MAX_RETRIES", "many"),
            ("STRIPE_RATE_PER_SECOND", "0"),
            ("CORS_ALLOW_ORIGIN", "club.example"),
            ("LOG_LEVEL", "loud"),
            ("ORDER_INDEX", "my index"),
        ],
    );
    let status = program.end().await;
    assert!(!status.success());
    let output = program.output();
    for variable in [
        "COMMERCE_TABLE",
        "STRIPE_SECRET",
        "STRIPE_API_BASE",
        "ORDER_TTL_DAYS",
        "REQUEST_BUDGET_MS",
        "STRIPE_TIMEOUT_MS",
        "STRIPE_MAX_RETRIES",
        "STRIPE_RATE_PER_SECOND",
        "CORS_ALLOW_ORIGIN",
        "LOG_LEVEL",
        "ORDER_INDEX",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        let naming = output.iter().filter(|line| line.contains(&format!(" {variable}: ")));
        assert_eq!(naming.count(), 1, "{variable} in {output:#?}");
    }
    assert!(output.iter().all(|line| !line.contains("PublishableByMistake")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_which_variables_it_reads_and_takes_no_other_argument() {
    let mut program = Program::start(PROGRAM, &["--variables"], &[("STRIPE_SECRET", KEY)]);
    assert!(program.end().await.success());
    let output = program.output();
    for name in ["COMMERCE_TABLE", "STRIPE_SECRET", "STRIPE_SECRET_PARAMETER", "METRICS_NAMESPACE"]
    {
        assert_eq!(output.iter().filter(|line| *line == name).count(), 1, "{name}: {output:#?}");
    }
    assert!(output.iter().all(|line| !line.contains(KEY) && !line.contains("WEBHOOK")));

    let mut program = Program::start(PROGRAM, &["--variable"], &[]);
    assert!(!program.end().await.success());
    assert!(program.line_with("cannot start").await.contains("--variables"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stripes_key_may_be_kept_in_the_parameter_store() {
    let (table, _) = services().await;
    let stripe = StripeSim::start(&[KEY], stripe_sim::Shop::default()).await.unwrap();
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1ssm")));
    let ssm = Parameters::start(&[("/shop/stripe", KEY)]).await;
    ssm.throttle(1);
    let base = [
        ("COMMERCE_TABLE", TABLE),
        ("ORDER_INDEX", INDEX),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint()),
        ("AWS_ENDPOINT_URL_SSM", ssm.address()),
    ];
    let address = stripe.base();
    let with = |name: &'static str| {
        let mut settings = base.to_vec();
        settings.extend([("STRIPE_SECRET_PARAMETER", name), ("STRIPE_API_BASE", address.as_str())]);
        settings
    };
    let lambda = Lambda::start(PROGRAM, &with("/shop/stripe")).await;
    let answer = lambda.invoke(&rest_event(&Asker::user("ava"), "cs_test_a1ssm")).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let mut lost = Lambda::start(PROGRAM, &with("/shop/nothing")).await;
    assert!(!lost.program.end().await.success());
    let line = lost.program.line_with("STRIPE_SECRET_PARAMETER").await;
    assert!(line.contains("/shop/nothing") && line.contains("ParameterNotFound"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_log_level_is_quiet() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", "cs_test_a1quiet", CREATED)).await.unwrap();
    let quiet = [("LOG_LEVEL", "error"), ("METRICS_NAMESPACE", "off")];
    let lambda = crate::stack::start_lambda(table.endpoint(), &stripe.base(), &quiet).await;
    let event = rest_event(&Asker::user("ava"), "cs_test_a1quiet");
    // The second begins when all is said of the first.
    for _ in 0..2 {
        assert_eq!(lambda.invoke(&event).await.status, 200);
    }
    assert_eq!(lambda.program.output(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_finest_log_level_shows_no_token_and_nobody() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", "cs_test_a1trace", CREATED)).await.unwrap();
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1trace2").email("ava@example.com")));
    let trace = [("LOG_LEVEL", "trace"), ("ORDER_INDEX", INDEX)];
    let lambda = crate::stack::start_lambda(table.endpoint(), &stripe.base(), &trace).await;
    for order in ["cs_test_a1trace", "cs_test_a1trace2", "cs_test_a1none"] {
        let mut event = rest_event(&Asker::with_email("ava", "ava@example.com", true), order);
        event["headers"]["Authorization"] = json!("Bearer PLANTED.TOKEN.HERE");
        event["requestContext"]["authorizer"]["principalId"] = json!("PLANTED.TOKEN.HERE");
        lambda.invoke(&event).await;
    }
    lambda.program.line_with("cs_test_a1none").await;
    let output = lambda.program.output().join("\n");
    for planted in
        ["PLANTED", "ava@example.com", "Sample Buyer", "+1555", KEY, "AKIDEXAMPLE", "-of-the-role"]
    {
        assert!(!output.contains(planted), "{planted} in {output}");
    }
}
