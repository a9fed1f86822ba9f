use std::net::IpAddr;

use reqwest::{Client, Url};

use crate::Trust;

/// A client for the server at an address, which keeps its connections. Nothing is sent yet.
pub fn http_client(base: &Url, trust: &Trust) -> Result<Client, reqwest::Error> {
    let client = Client::builder();
    // A proxy on the way to the world is no way to a stand-in on this machine.
    let client = if is_loopback(base) { client.no_proxy() } else { client };
    client
        .tls_backend_preconfigured(trust.tls())
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
