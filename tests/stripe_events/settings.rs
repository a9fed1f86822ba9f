//! The settings, as an operator gets them wrong.

use table_sim::TABLE;
use test_support::{Lambda, Parameters, Program};

use crate::stack::{KEY, SECRET, completed, services, session_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stripe-events");

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_named_at_once_and_no_secret_is_shown() {
    let mut program = Program::start(
        PROGRAM,
        &[],
        &[
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
            ("STRIPE_SECRET", "pk_test_ByMistake"),
            ("STRIPE_WEBHOOK_SECRET", "sk_test_ByMistake"),
            ("STRIPE_WEBHOOK_TOLERANCE", "five minutes"),
            ("METRICS_NAMESPACE", "AWS/Mine"),
        ],
    );
    let status = program.end().await;
    assert!(!status.success());
    let output = program.output();
    for variable in [
        "COMMERCE_TABLE",
        "STRIPE_SECRET",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_WEBHOOK_TOLERANCE",
        "METRICS_NAMESPACE",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        let told = format!("stripe-events cannot start: {variable}: ");
        let naming = output.iter().filter(|line| line.starts_with(&told));
        assert_eq!(naming.count(), 1, "{variable} in {output:#?}");
    }
    assert!(output.iter().all(|line| !line.contains("ByMistake")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhooks_secret_may_be_kept_in_the_parameter_store() {
    let (table, stripe) = services().await;
    let (dynamodb, base) = (table.endpoint().to_owned(), stripe.base());
    let settings = |ssm: &str| {
        vec![
            ("COMMERCE_TABLE", TABLE.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.clone()),
            ("AWS_ENDPOINT_URL_SSM", ssm.to_owned()),
            ("STRIPE_SECRET", KEY.to_owned()),
            ("STRIPE_API_BASE", base.clone()),
            ("STRIPE_WEBHOOK_SECRET_PARAMETER", "/shop/webhook".to_owned()),
        ]
    };
    let start = async |ssm: &Parameters| {
        let settings = settings(ssm.address());
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Lambda::start(PROGRAM, &settings).await
    };
    let lambda = start(&Parameters::start(&[("/shop/webhook", SECRET)]).await).await;
    stripe.shop(|shop| shop.add(session_of("ava", "cs_test_a1ssm")));
    let body = completed("evt_1", "cs_test_a1ssm").to_string();
    let signature = stripe_sim::sign(body.as_bytes(), SECRET, crate::stack::now());
    let answer = lambda.invoke(&test_support::posted_event(&body, Some(&signature))).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let mut wrong = start(&Parameters::start(&[("/shop/webhook", "rk_test_Mistaken")]).await).await;
    assert!(!wrong.program.end().await.success());
    let said = wrong.program.output().join("\n");
    let told =
        "STRIPE_WEBHOOK_SECRET_PARAMETER: what the parameter /shop/webhook holds holds an API";
    assert!(said.contains(told) || said.contains("holds an API key"), "{said}");
    assert!(!said.contains("Mistaken"), "{said}");
}
