//! How AWS is reached: one HTTP client, with ring for TLS and Amazon's own certificate
//! authorities, and bounded attempts.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// The certificate authorities behind every endpoint of AWS (Amazon Trust Services). Compiled in,
/// since reading the system's takes longer than all the rest of a cold start.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("../roots/Amazon_Root_CA_1.pem"),
    include_bytes!("../roots/Amazon_Root_CA_2.pem"),
    include_bytes!("../roots/Amazon_Root_CA_3.pem"),
    include_bytes!("../roots/Amazon_Root_CA_4.pem"),
    include_bytes!("../roots/Starfield_Services_Root_CA_G2.pem"),
];

/// What the Lambda program knows of its AWS surroundings, from the environment alone.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// The region.
    pub region: String,
    /// The function's credentials.
    pub credentials: Credentials,
    /// Another endpoint for DynamoDB.
    pub dynamodb_endpoint: Option<String>,
    /// Another endpoint for the parameter store.
    pub ssm_endpoint: Option<String>,
}

/// An HTTP client for AWS's services.
#[expect(clippy::expect_used, reason = "the certificates are constants; a test builds this")]
pub fn http_client() -> SharedHttpClient {
    let roots = ROOTS.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate);
    let context = TlsContext::builder().with_trust_store(roots).build();
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context.expect("Amazon's certificates are well-formed"))
        .build_https()
}

/// How long one attempt may take. A query on the index takes some milliseconds.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1500))
        .build()
}

/// How often a request is repeated. The request's own deadline ends them all.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500))
}

impl AwsSettings {
    /// The settings as the SDK has them.
    fn sdk(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(http_client())
            .sleep_impl(TokioSleep::new())
            .timeout_config(timeouts())
            .retry_config(retries())
            .build()
    }

    /// A client for DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.sdk());
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client for the parameter store.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        let mut config = aws_sdk_ssm::config::Builder::from(&self.sdk());
        config.set_endpoint_url(self.ssm_endpoint.clone());
        aws_sdk_ssm::Client::from_conf(config.build())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_certificate_authorities_can_be_read() {
        let _client = super::http_client();
    }
}
