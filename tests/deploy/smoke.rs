//! `deploy/smoke` against the local stack, whole and broken.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use table_sim::TABLE;
use test_support::{Program, http_client};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::recorded::program;

const MINE: &str = "cs_test_demoWebhook";
const OF_BEN: &str = "cs_test_demoOfBen";

/// The local stack, and what it said of itself.
struct Local {
    _program: Program,
    said: Vec<String>,
}

impl Local {
    async fn start() -> Self {
        let program = Program::start(&program("local"), &["--port", "0", "--emit-env"], &[]);
        program.line_with("BEN_TOKEN=").await;
        let said = program.output();
        Self { _program: program, said }
    }

    fn said(&self, name: &str) -> &str {
        let pairs = self.said.iter().filter_map(|line| line.split_once('='));
        pairs.into_iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// How a run ended.
struct Smoke {
    code: i32,
    output: String,
}

impl Smoke {
    async fn run(url: &str, token: &str, arguments: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/smoke");
        let mut command = Command::new("bash");
        command.arg(script).args(["--url", url]).args(arguments).env("TOKEN", token);
        let output = command.output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        let output_text = String::from_utf8(text).unwrap();
        assert!(token.is_empty() || !output_text.contains(token), "the token is shown");
        Self { code: output.status.code().unwrap(), output: output_text }
    }

    fn failures(&self) -> Vec<&str> {
        let failed = self.output.lines().filter_map(|line| line.strip_prefix("FAIL  "));
        failed.map(|line| line.split(": ").next().unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_with_the_local_stack() {
    let local = Local::start().await;
    let url = local.said("ORDERS_URL");
    let arguments = ["--order", MINE, "--foreign", OF_BEN];
    let smoke = Smoke::run(url, local.said("AVA_TOKEN"), &arguments).await;
    assert_eq!(smoke.failures(), [""; 0], "{}", smoke.output);
    assert!(smoke.output.ends_with("11 passed, 0 failed\n"), "{}", smoke.output);
    assert_eq!(smoke.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_every_check_fails_and_where_a_token_is_of_somebody_else_some_do() {
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let smoke = Smoke::run(&format!("http://{closed}"), "a.b.c", &["--order", MINE]).await;
    assert!(smoke.output.ends_with("0 passed, 10 failed\n"), "{}", smoke.output);
    assert_eq!(smoke.code, 1);
    let local = Local::start().await;
    let url = local.said("ORDERS_URL");
    let smoke = Smoke::run(url, local.said("BEN_TOKEN"), &["--order", MINE]).await;
    assert_eq!(smoke.failures().len(), 3, "{}", smoke.output);
    assert_eq!(smoke.code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_promise_that_is_broken_fails_its_check() {
    let local = Local::start().await;
    let (url, token) = (local.said("ORDERS_URL"), local.said("AVA_TOKEN"));
    for (breach, failures) in [
        (Breach::NoCors, 6),
        (Breach::ForeignIs403, 1),
        (Breach::NeverNotModified, 1),
        (Breach::FieldMissing, 1),
        (Breach::WebhookTakesAll, 2),
        (Breach::WebhookTakesWhatIsSigned, 1),
    ] {
        let broken = break_promise(url, breach).await;
        let arguments = ["--order", MINE, "--foreign", OF_BEN];
        let smoke = Smoke::run(&broken, token, &arguments).await;
        assert_eq!(smoke.failures().len(), failures, "{breach:?}: {}", smoke.output);
        assert_eq!(smoke.code, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_and_nothing_is_asked() {
    for (url, token, arguments, said) in [
        ("", "a.b.c", vec!["--order", MINE], "--url is needed"),
        ("http://localhost", "a.b.c", vec![], "--order is needed"),
        ("http://localhost", "", vec!["--order", MINE], "the variable TOKEN is needed"),
        ("http://localhost", "Bearer a.b.c", vec!["--order", MINE], "TOKEN is no token"),
        ("http://localhost", "a.b.c", vec!["--orders", TABLE], "there is no --orders"),
        ("http://localhost", "a.b.c", vec!["--order"], "--order needs a value"),
    ] {
        let smoke = Smoke::run(url, token, &arguments).await;
        assert!(smoke.output.contains(said), "{}", smoke.output);
        assert_eq!((smoke.code, smoke.output.lines().count()), (2, 1));
    }
}

/// What a stage may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    NoCors,
    ForeignIs403,
    NeverNotModified,
    FieldMissing,
    WebhookTakesAll,
    WebhookTakesWhatIsSigned,
}

/// A way to the local stack on which one promise is broken. Gives its address.
async fn break_promise(url: &str, breach: Breach) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let behind = Arc::new((url.to_owned(), breach, http_client()));
    let router = Router::new().fallback(pass).with_state(behind);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn pass(
    State(behind): State<Arc<(String, Breach, reqwest::Client)>>,
    request: Request,
) -> Response {
    let (url, breach, client) = &*behind;
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.to_string();
    parts.headers.remove("host");
    let is_signed = parts.headers.contains_key("stripe-signature");
    if *breach == Breach::NeverNotModified {
        parts.headers.remove("if-none-match");
    }
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let sent = client.request(parts.method, format!("{url}{path}")).headers(parts.headers);
    let got = sent.body(body).send().await.unwrap();
    let status = match breach {
        Breach::ForeignIs403 if path.ends_with(OF_BEN) => 403,
        Breach::WebhookTakesAll if path.ends_with("/webhook") => 200,
        Breach::WebhookTakesWhatIsSigned if is_signed => 200,
        _ => got.status().as_u16(),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in got.headers() {
        let is_dropped = *breach == Breach::NoCors && name == "access-control-allow-origin";
        if !is_dropped && !["content-length", "transfer-encoding"].contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    let mut text = got.text().await.unwrap();
    if *breach == Breach::FieldMissing {
        text = text.replace("\"currency\":", "\"coin\":");
    }
    response.body(Body::from(text)).unwrap()
}
