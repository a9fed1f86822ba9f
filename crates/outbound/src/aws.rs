//! A client as the AWS SDK wants one.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::Trust;

/// How long it may take until a connection stands, without its TLS.
const CONNECT: Duration = Duration::from_secs(1);

/// An HTTP client for AWS's services whose answers are read whole: DynamoDB and the parameter
/// store. It speaks HTTP/1.1, as they do, and goes through no proxy. What the SDK says of timeouts
/// of connections is fixed here.
#[derive(Clone, Debug)]
pub struct AwsHttpClient(Client<HttpsConnector<TcpConnector>, Full<Bytes>>);

impl AwsHttpClient {
    /// A client that keeps its connections. Nothing is sent yet.
    pub fn new(trust: &Trust) -> Self {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust.tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool_timer = TokioTimer::new();
        Self(Client::builder(TokioExecutor::new()).pool_timer(pool_timer).build(connector))
    }
}

impl HttpClient for AwsHttpClient {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for AwsHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.clone();
        HttpConnectorFuture::new(async move { client.exchange(request).await })
    }
}

impl AwsHttpClient {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request =
            request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let Some(body) = body.bytes().map(Bytes::copy_from_slice) else {
            return Err(ConnectorError::user("a body that is not in memory".into()));
        };
        let request = http::Request::from_parts(parts, Full::new(body));
        let response = self.0.request(request).await.map_err(broken)?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(broken)?.to_bytes();
        let answer = http::Response::from_parts(parts, SdkBody::from(body));
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

/// There was no connection, or it broke off, or what came was no HTTP. The SDK tries again.
fn broken(error: impl Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::io(Box::new(error))
}
