//! The connections to Stripe, and to whatever else is reached like it.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};

/// A client for the server at an address, which keeps its connections. Nothing is sent yet.
pub fn http_client(base: &Url) -> Result<Client, reqwest::Error> {
    let client = Client::builder();
    // A proxy on the way to Stripe is no way to a stand-in on this machine.
    let client = if is_loopback(base) { client.no_proxy() } else { client };
    client
        .tls_backend_preconfigured(tls())
        // A redirect would take the key elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("get-order/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .tcp_nodelay(true)
        .build()
}

/// Whether an address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// TLS by ring, trusting the certificate authorities that Mozilla does.
#[expect(clippy::expect_used, reason = "ring speaks the default versions; a test builds this")]
fn tls() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
