//! The parameter store (AWS Systems Manager): one request, signed by AWS's own library. The SDK's
//! client for it is a third as large again as all the rest of a program; see `docs/adr/0009`.

use std::fmt::Display;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use orders::{Clock, SystemClock};
use outbound::AwsHttpClient;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

/// The longest time for one attempt.
const ATTEMPT: Duration = Duration::from_millis(1500);

/// How long is waited before each repetition.
const WAITS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Reads parameters.
#[derive(Clone, Debug)]
pub struct ParameterStore {
    http: AwsHttpClient,
    credentials: SharedCredentialsProvider,
    region: String,
    endpoint: String,
}

/// Why a parameter cannot be read. Says nothing of its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There are no credentials to ask with, or they cannot sign.
    #[error("no credentials for the parameter store")]
    Credentials,
    /// It did not answer, or what came made no sense.
    #[error("no answer from the parameter store")]
    NoAnswer,
    /// Its own word for what is wrong, such as `ParameterNotFound`.
    #[error("{0}")]
    Refused(String),
}

/// What one attempt came to that may be repeated.
enum Failed {
    ForNow(ParameterError),
    ForGood(ParameterError),
}

impl ParameterStore {
    /// The store of a region, at its own endpoint or at another.
    pub fn new(
        http: AwsHttpClient,
        credentials: SharedCredentialsProvider,
        region: impl Display,
        endpoint: Option<&str>,
    ) -> Self {
        let region = region.to_string();
        // Of the partitions of AWS, China's has a domain of its own.
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let own = || format!("https://ssm.{region}.{domain}");
        let endpoint = endpoint.map_or_else(own, |other| other.trim_end_matches('/').to_owned());
        Self { http, credentials, region, endpoint }
    }

    /// The value of a parameter, decrypted. What may pass is tried again, twice.
    pub async fn value(&self, name: &str) -> Result<SecretString, ParameterError> {
        let mut waits = WAITS.into_iter();
        loop {
            let attempt = tokio::time::timeout(ATTEMPT, self.attempt(name)).await;
            match attempt.unwrap_or(Err(Failed::ForNow(ParameterError::NoAnswer))) {
                Ok(value) => return Ok(value),
                Err(Failed::ForGood(error)) => return Err(error),
                Err(Failed::ForNow(error)) => match waits.next() {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                },
            }
        }
    }

    async fn attempt(&self, name: &str) -> Result<SecretString, Failed> {
        let body = json!({"Name": name, "WithDecryption": true}).to_string();
        let request = self.signed(body).await.map_err(Failed::ForGood)?;
        let no_answer = || Failed::ForNow(ParameterError::NoAnswer);
        let answer = self.http.call(request).await.map_err(|_| no_answer())?;
        let (status, body) = (answer.status(), answer.body().bytes().unwrap_or_default());
        if status.is_success() {
            let answer: Answer = serde_json::from_slice(body).map_err(|_| no_answer())?;
            return Ok(answer.parameter.value);
        }
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        // `com.amazon.coral.service#ThrottlingException`, or the name alone.
        let word = refusal.kind.rsplit('#').next().unwrap_or_default();
        let is_name = !word.is_empty() && word.bytes().all(|c| c.is_ascii_alphanumeric());
        let word = if is_name { word.to_owned() } else { format!("status {}", status.as_u16()) };
        let may_pass = status.is_server_error() || word.contains("Throttl");
        let error = ParameterError::Refused(word);
        Err(if may_pass { Failed::ForNow(error) } else { Failed::ForGood(error) })
    }

    async fn signed(&self, body: String) -> Result<HttpRequest, ParameterError> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| ParameterError::Credentials)?.into();
        let since = Duration::from_millis(u64::try_from(SystemClock.now().millis()).unwrap_or(0));
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ssm")
            .time(UNIX_EPOCH + since)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| ParameterError::Credentials)?
            .into();
        let address = format!("{}/", self.endpoint);
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonSSM.GetParameter"),
        ];
        let signable = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", &address, headers.into_iter(), signable);
        let signed = signable.and_then(|signable| sign(signable, &parameters));
        let (instructions, _) = signed.map_err(|_| ParameterError::Credentials)?.into_parts();
        let mut request = http::Request::post(&address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(SdkBody::from(body));
        let mut request = request.map_err(|_| ParameterError::NoAnswer)?;
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|_| ParameterError::NoAnswer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: SecretString,
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
}
