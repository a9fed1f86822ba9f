//! How AWS is reached: with credentials from the environment alone, and bounded attempts.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, IdentityCache, StalledStreamProtectionConfig};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use outbound::{AwsHttpClient, Trust};

use crate::parameters::ParameterStore;

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
    /// Whose word is taken that it is AWS.
    pub trust: Trust,
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
    /// A client for DynamoDB.
    pub fn dynamodb(&self) -> Client {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(AwsHttpClient::new(&self.trust))
            .sleep_impl(TokioSleep::new())
            .timeout_config(timeouts())
            // Each attempt has a limit, and an answer is read whole.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // The credentials are at hand, and never change.
            .identity_cache(IdentityCache::no_cache())
            .retry_config(retries());
        config.set_endpoint_url(self.dynamodb_endpoint.clone());
        Client::new(&config.build())
    }

    /// The parameter store.
    pub fn parameters(&self) -> ParameterStore {
        let credentials = SharedCredentialsProvider::new(self.credentials.clone());
        let http = AwsHttpClient::new(&self.trust);
        ParameterStore::new(http, credentials, &self.region, self.ssm_endpoint.as_deref())
    }
}
