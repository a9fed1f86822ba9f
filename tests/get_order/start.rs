//! What the program does before anybody asks it for anything.

use std::sync::Arc;

use serde_json::json;
use table_sim::{INDEX, webhook_row};
use test_support::{Asker, Lambda, TableFault, TableGate, rest_event};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::stack::{CREATED, services, start_lambda};

const ORDER: &str = "cs_test_a1start";

/// Answered without the table, and not before the program has started.
async fn is_up(lambda: &Lambda) {
    let answer = lambda.invoke(&json!({"httpMethod": "OPTIONS"})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_asked_once_at_the_start_and_then_once_for_each_stored_order() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    let gate = TableGate::open(table.endpoint(), TableFault::None).await;
    let lambda = start_lambda(&gate.address(), &stripe.base(), &[("ORDER_INDEX", INDEX)]).await;
    is_up(&lambda).await;
    assert_eq!(gate.calls(), 1);
    for n in 1..=3 {
        let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
        assert_eq!(answer.header("x-order-source"), "snapshot");
        assert_eq!(gate.calls(), 1 + n);
    }
    assert_eq!(stripe.connections(), 0, "Stripe is left alone until it is needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_had_keeps_nobody_from_starting() {
    let (table, stripe) = services().await;
    for fault in [
        TableFault::Hang,
        TableFault::Refused,
        TableFault::Reset,
        TableFault::Status500,
        TableFault::NoTable,
        TableFault::Garbage,
    ] {
        let gate = TableGate::open(table.endpoint(), fault).await;
        let lambda = start_lambda(&gate.address(), &stripe.base(), &[]).await;
        is_up(&lambda).await;
        let lines = lambda.program.output();
        assert!(lines.iter().all(|line| !line.contains("degraded")), "{fault:?}: {lines:?}");
    }
}

/// A way to the table over TLS, and the certificate of whoever stands there.
async fn over_tls(upstream: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            tokio::spawn(async move {
                // Who does not trust the certificate goes away.
                let Ok(mut secured) = acceptor.accept(connection).await else { return };
                let mut plain = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut secured, &mut plain).await;
            });
        }
    });
    (address, made.cert.pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_program_trusts_is_named_by_a_file_and_else_nobody_on_this_machine() {
    let (table, stripe) = services().await;
    table.put(&webhook_row("ava", ORDER, CREATED)).await.unwrap();
    let (address, certificate) = over_tls(table.endpoint()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, certificate).unwrap();
    let file = file.to_str().unwrap();
    for (variable, status) in [("AWS_CA_BUNDLE", 200), ("SSL_CERT_FILE", 200), ("NOTHING", 503)] {
        let lambda = start_lambda(&address, &stripe.base(), &[(variable, file)]).await;
        let answer = lambda.invoke(&rest_event(&Asker::user("ava"), ORDER)).await;
        assert_eq!(answer.status, status, "{variable}: {answer:?}");
    }
}
