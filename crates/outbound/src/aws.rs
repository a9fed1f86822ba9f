//! The same client, as the AWS SDK wants one.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use reqwest::{Client, Request, Url};

use crate::Trust;
use crate::client::{builder, is_loopback};

/// How long it may take until a connection stands, TLS included.
const CONNECT: Duration = Duration::from_secs(1);

/// An HTTP client for AWS's services that answer with a whole body, and none too large: DynamoDB
/// and the parameter store. What the SDK says of timeouts of connections is fixed here.
#[derive(Clone, Debug)]
pub struct AwsHttpClient(Client);

impl AwsHttpClient {
    /// A client for the endpoint that is configured, or else for AWS's own. Nothing is sent yet.
    pub fn new(endpoint: Option<&str>, trust: &Trust) -> Result<Self, reqwest::Error> {
        let endpoint = endpoint.and_then(|endpoint| endpoint.parse::<Url>().ok());
        let is_here = endpoint.as_ref().is_some_and(is_loopback);
        builder(is_here, trust).connect_timeout(CONNECT).build().map(Self)
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
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let Some(body) = body.bytes().map(Bytes::copy_from_slice) else {
        return Err(ConnectorError::user("a body that is not in memory".into()));
    };
    let request = http::Request::from_parts(parts, body);
    let request = Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = client.execute(request).await.map_err(failed)?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut answer = http::Response::new(SdkBody::from(response.bytes().await.map_err(failed)?));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

/// What went wrong, in the words by which the SDK decides whether to try again.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        // It could not connect, or the connection broke off.
        ConnectorError::io(error.into())
    }
}
