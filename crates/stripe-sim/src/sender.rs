use std::error::Error;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// What is read of an answer at most, in bytes.
const ANSWER_LIMIT: usize = 1 << 20;

/// Sends webhooks with the headers that Stripe sends.
#[derive(Clone, Debug)]
pub(crate) struct Sender(Client<HttpConnector, Body>);

impl Sender {
    pub(crate) fn new() -> Self {
        // A receiver that was killed and started again must not be met on a dead connection.
        let mut client = Client::builder(TokioExecutor::new());
        Self(client.pool_max_idle_per_host(0).build_http())
    }

    /// The status of the answer, or why there was none.
    pub(crate) async fn post(
        &self,
        url: &str,
        body: Vec<u8>,
        signature: &str,
        patience: Duration,
    ) -> Result<u16, String> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header(header::ACCEPT, "*/*; q=0.5, application/xml")
            .header(header::CACHE_CONTROL, "no-cache")
            .header("Stripe-Signature", signature)
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        let exchange = async {
            let answer = self.0.request(request).await.map_err(|error| whole(&error))?;
            let status = answer.status().as_u16();
            // The answer counts only when all of it is there.
            let body = to_bytes(Body::new(answer.into_body()), ANSWER_LIMIT).await;
            body.map(|_| status).map_err(|error| whole(&error))
        };
        tokio::time::timeout(patience, exchange)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {patience:?}")))
    }
}

/// An error with its causes.
fn whole(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        said = format!("{said}: {deeper}");
        cause = deeper.source();
    }
    said
}
