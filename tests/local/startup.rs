//! Starting, ending, and starting again.

use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use test_support::{Collector, Program};

use crate::stack::{Local, PROGRAM};

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_kept_across_restarts_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("kept").to_string_lossy().into_owned();
    let order = "cs_test_demoThreeLines";
    let mut first = Local::start(&["--data", &data], &[]).await;
    assert_eq!(first.open("AVA_TOKEN", order).await.header("x-order-source"), "stripe");
    interrupt(&first.program);
    assert!(first.program.end().await.success());

    let second = Local::start(&["--data", &data], &[]).await;
    let again = second.open("AVA_TOKEN", order).await;
    assert_eq!((again.status, again.header("x-order-source")), (200, "snapshot"));
}

fn interrupt(program: &Program) {
    let sent = Command::new("kill").args(["-INT", &program.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_says_why_in_a_line_and_fails() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_string_lossy().into_owned();
    for (arguments, environment, said) in [
        (vec!["--port", &port], vec![], format!("127.0.0.1:{port} is taken")),
        (vec![], vec![("PORT", port.as_str())], format!("127.0.0.1:{port} is taken")),
        (vec![], vec![("PORT", "http")], "PORT: `http` is no port".to_owned()),
        (vec!["--port", "0", "--data", &path], vec![], format!("--data {path}")),
        (
            vec!["--port", "0"],
            vec![("STRIPE_SECRET", "pk_test_x")],
            "STRIPE_SECRET: is a publishable key".to_owned(),
        ),
        (
            vec!["--port", "0"],
            vec![("COMMERCE_TABLE", "real"), ("AWS_REGION", "eu-central-1")],
            "STRIPE_SECRET: is required".to_owned(),
        ),
        (
            vec!["--port", "0", "--data", "x"],
            vec![("COMMERCE_TABLE", "real")],
            "--data: keeps the embedded table".to_owned(),
        ),
    ] {
        let mut program = Program::start(PROGRAM, &arguments, &environment);
        assert!(!program.end().await.success(), "{said}");
        let output = program.output();
        assert!(output.iter().any(|line| line.contains(&said)), "{said}: {output:#?}");
    }
    let mut program = Program::start(PROGRAM, &["--port", "99999"], &[]);
    assert!(!program.end().await.success());
    program.line_with("99999").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_serves_a_table_and_a_stripe_of_somebody_elses() {
    let outer = Local::plain().await;
    let said = |name: &str| outer.said[name].as_str();
    let environment = [
        ("COMMERCE_TABLE", said("COMMERCE_TABLE")),
        ("ORDER_INDEX", said("ORDER_INDEX")),
        ("AWS_ENDPOINT_URL_DYNAMODB", said("AWS_ENDPOINT_URL_DYNAMODB")),
        ("AWS_REGION", said("AWS_REGION")),
        ("AWS_ACCESS_KEY_ID", said("AWS_ACCESS_KEY_ID")),
        ("AWS_SECRET_ACCESS_KEY", said("AWS_SECRET_ACCESS_KEY")),
        ("STRIPE_SECRET", said("STRIPE_SECRET")),
        ("STRIPE_API_BASE", said("STRIPE_API_BASE")),
        ("JWT_SECRET", said("JWT_SECRET")),
    ];
    let inner = Program::start(PROGRAM, &["--port", "0"], &environment);
    let line = inner.line_with("Orders are served at").await;
    let address = line.split_once("http://").unwrap().1.split('/').next().unwrap();
    inner.line_with("the table commerce").await;
    let url = format!("http://{address}/dashboard/orders/cs_test_demoThreeLines");
    let request = test_support::http_client().get(url);
    let request = request.header("Authorization", format!("Bearer {}", said("AVA_TOKEN")));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    // What one wrote, the other reads.
    let outer = outer.open("AVA_TOKEN", "cs_test_demoThreeLines").await;
    assert_eq!(outer.header("x-order-source"), "snapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_secret_beyond_this_machine_is_warned_of() {
    let open = Program::start(PROGRAM, &["--port", "0", "--host", "0.0.0.0"], &[]);
    open.line_with("WARNING: JWT_SECRET is not set").await;
    let local = Local::plain().await;
    assert_eq!(local.ask(Method::GET, "/healthz", None).await.status, 200);
    assert!(local.program.output().iter().all(|line| !line.contains("WARNING")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_more_does_not_keep_the_stack_from_ending() {
    use tokio::io::AsyncWriteExt;

    let mut local = Local::plain().await;
    let address = local.said["ORDERS_URL"].trim_start_matches("http://").to_owned();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET /healthz HT").await.unwrap();
    interrupt(&local.program);
    assert!(local.program.end().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_can_be_read_by_prometheus() {
    let local = Local::plain().await;
    let figure = async |name: &str| {
        let page = local.ask(Method::GET, "/metrics", None).await;
        assert!(page.header("content-type").starts_with("text/plain"));
        let line = page.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(str::to_owned)
    };
    assert_eq!(figure("cold_starts_total").await, None, "nobody has asked yet");
    for (token, order) in [
        ("AVA_TOKEN", "cs_test_demoWebhook"),
        ("AVA_TOKEN", "cs_test_demoWebhook"),
        ("AVA_TOKEN", "cs_test_demoThreeLines"),
        ("AVA_TOKEN", "cs_test_demoOfBen"),
    ] {
        local.open(token, order).await;
    }
    for (name, expected) in [
        (r#"requests_total{outcome="snapshot_hit"}"#, "2"),
        (r#"requests_total{outcome="stripe_fallback"}"#, "1"),
        (r#"requests_total{outcome="denied"}"#, "1"),
        ("denied_total", "1"),
        ("stripe_calls_total", "2"),
        ("cold_starts_total", "1"),
        (r#"request_duration_ms_bucket{le="+Inf"}"#, "4"),
        ("stripe_duration_ms_count", "2"),
    ] {
        assert_eq!(figure(name).await.as_deref(), Some(expected), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_a_line_for_a_person_or_for_a_machine() {
    let local = Local::plain().await;
    local.open("AVA_TOKEN", "cs_test_demoWebhook").await;
    let line = local.program.line_with("demoWebhook").await;
    let words: Vec<_> = line.split(' ').collect();
    let path = "/dashboard/orders/cs_test_demoWebhook";
    assert_eq!(words[1..5], ["GET", path, "200", "snapshot_hit"], "{line}");
    assert!(words[0].len() == 8 && words[5].parse::<f64>().is_ok(), "{line}");
    local.open("AVA_TOKEN", "cs_test_demoThreeLines").await;
    local.program.line_with("200 stripe_fallback").await;
    let line = local.program.line_with("demoThreeLines").await;
    assert!(line.ends_with(" ms, 1 call to Stripe"), "{line}");

    let json = Local::start(&[], &[("AWS_LAMBDA_LOG_FORMAT", "JSON")]).await;
    json.open("AVA_TOKEN", "cs_test_demoWebhook").await;
    let line = json.program.line_with("demoWebhook").await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["outcome"], "snapshot_hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_sent_to_a_collector_and_the_last_of_them_at_the_end() {
    let collector = Collector::start(Duration::ZERO).await;
    let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let mut local = Local::start(&[], &endpoint).await;
    local.open("AVA_TOKEN", "cs_test_demoWebhook").await;
    interrupt(&local.program);
    assert!(local.program.end().await.success());
    let outcomes = collector.spans().into_iter().map(|span| span.attribute("outcome").to_owned());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["", "snapshot_hit"]);
}
