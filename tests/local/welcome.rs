//! What the stack prints is true.

use reqwest::Method;
use test_support::{Program, http_client};

use crate::stack::{Local, PROGRAM, answer};

/// Runs a printed `curl` line as a shell would, without needing `curl`.
async fn paste(line: &str) -> (u16, String, String) {
    let (mut url, mut method, mut header) = (None, Method::GET, None);
    let mut words = line.split('\'').flat_map(|part| {
        // Between quotes a word keeps its blanks.
        if part.starts_with("Authorization:") {
            vec![part]
        } else {
            part.split_whitespace().collect()
        }
    });
    assert_eq!(words.next(), Some("curl"));
    for word in words {
        if word.starts_with("http://") {
            url = Some(word);
        } else if word == "POST" {
            method = Method::POST;
        } else if let Some(value) = word.strip_prefix("Authorization: ") {
            header = Some(value.to_owned());
        }
    }
    let mut request = http_client().request(method, url.unwrap());
    if let Some(value) = header {
        request = request.header("Authorization", value);
    }
    let answer = answer(request.send().await.unwrap()).await;
    let source = answer.header("x-order-source").to_owned();
    (answer.status, source, answer.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_printed_line_is_answered_as_it_says() {
    let program = Program::start(PROGRAM, &["--port", "0"], &[]);
    program.line_with("Stop it with Ctrl-C").await;
    let output = program.output();
    let mut tried = 0;
    for pair in output.windows(2) {
        let [comment, line] = pair else { continue };
        if !line.starts_with("curl ") {
            continue;
        }
        let expected: u16 = comment
            .split(|c: char| !c.is_ascii_digit())
            .find_map(|word| word.parse().ok().filter(|n| (200..600).contains(n)))
            .unwrap();
        let (status, source, mut text) = paste(line).await;
        assert_eq!(status, expected, "{comment}\n{line}");
        if comment.contains("from Stripe, then from the snapshot") {
            assert_eq!((source.as_str(), paste(line).await.1.as_str()), ("stripe", "snapshot"));
        } else if comment.contains("from the snapshot") {
            assert_eq!(source, "snapshot");
        } else if comment.contains("now refunded") {
            // A person takes longer to paste it than the event to arrive.
            for _ in 0..500 {
                if text.contains(r#""status":"refunded""#) {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                text = paste(line).await.2;
            }
            assert!(text.contains(r#""status":"refunded""#), "{text}");
            assert!(text.contains(r#""amountRefunded":3000"#), "{text}");
        }
        tried += 1;
    }
    assert_eq!(tried, 8);
    for line in output.iter().filter(|line| line.starts_with("  cs_test_")) {
        let order = line.split_whitespace().next().unwrap();
        assert!(order.starts_with("cs_test_demo"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_demo_order_is_what_it_is_said_to_be() {
    let local = Local::plain().await;
    for (order, field, value) in [
        ("cs_test_demoSync", "status", "\"completed\""),
        ("cs_test_demoOldFallback", "itemCount", "25"),
        ("cs_test_demoTwoRows", "itemCount", "1"),
        ("cs_test_demoFortyLines", "itemCount", "40"),
        ("cs_test_demoYen", "currencyExponent", "0"),
        ("cs_test_demoRefunded", "status", "\"refunded\""),
        ("cs_test_demoOpen", "status", "\"pending\""),
        ("cs_test_demoGuest", "customerEmail", "\"ava@example.com\""),
    ] {
        let answer = local.open("AVA_TOKEN", order).await;
        assert_eq!(answer.status, 200, "{order}: {}", answer.text);
        assert_eq!(answer.json()["order"][field].to_string(), value, "{order}");
        assert_eq!(local.open("BEN_TOKEN", order).await.status, 404, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_speaks_the_whole_contract_over_http() {
    let local = Local::plain().await;
    let health = local.ask(Method::GET, "/healthz", None).await;
    assert_eq!(health.status, 200);
    let path = "/dashboard/orders/cs_test_demoWebhook";
    let bearer = format!("Bearer {}", local.said["AVA_TOKEN"]);
    let get = local.ask(Method::GET, path, Some(&bearer)).await;
    let head = local.ask(Method::HEAD, path, Some(&bearer)).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("etag"), get.header("etag"));
    let preflight = local.ask(Method::OPTIONS, path, None).await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
    assert_eq!(local.ask(Method::POST, path, Some(&bearer)).await.status, 405);
    assert_eq!(local.ask(Method::GET, &format!("{path}/"), Some(&bearer)).await.status, 200);
    let nothing = local.ask(Method::GET, "/dashboard/orders/", Some(&bearer)).await;
    assert_eq!(nothing.json()["error"], "Missing orderId");
    let elsewhere = local.ask(Method::GET, "/orders", None).await;
    assert_eq!((elsewhere.status, elsewhere.json()["code"].as_str()), (404, Some("no_such_route")));
    assert!(elsewhere.json()["requestId"].is_string());

    let request = http_client().get(local.url(path)).header("Authorization", &bearer);
    let unchanged = request.header("If-None-Match", get.header("etag")).send().await.unwrap();
    assert_eq!(unchanged.status().as_u16(), 304);
}
