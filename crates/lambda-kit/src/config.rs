//! The settings, read once at start. All mistakes are reported together, by variable.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_credential_types::Credentials;
use orders_dynamodb::TableConfig;
use orders_http::CorsPolicy;
use orders_stripe::{Mode, SecretKey};
use outbound::{Trust, is_loopback};
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::aws::AwsSettings;
pub use crate::environment::{Environment, Mistake, Reader};
use crate::logging::LogFormat;

const STRIPE_API_BASE: &str = "STRIPE_API_BASE";
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";

/// What the endpoint needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which table, and how it is read and written.
    pub table: TableConfig,
    /// How Stripe is asked.
    pub stripe: StripeSettings,
    /// Which pages may read the answers.
    pub cors: CorsPolicy,
    /// The longest time for one request.
    pub request_budget: Duration,
    /// What is logged.
    pub log_level: LevelFilter,
}

/// How Stripe is asked.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// The key, or where it is kept.
    pub key: KeySource,
    /// Where Stripe's API is.
    pub base: Url,
    /// The longest time for one attempt.
    pub timeout: Duration,
    /// The most repetitions of one call.
    pub max_retries: u32,
    /// The most calls per second of this process.
    pub rate_per_second: NonZeroU32,
    /// Whose word is taken that it is Stripe.
    pub trust: Trust,
}

/// Where Stripe's key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// From `STRIPE_SECRET`.
    Key(SecretKey),
    /// From the parameter that `STRIPE_SECRET_PARAMETER` names.
    Parameter(String),
}

impl Reader<'_> {
    /// The settings of the endpoint.
    pub fn settings(&mut self) -> Option<Settings> {
        // Everything is read before anything is given up, so that no mistake hides another.
        let table = self.table();
        let stripe = self.stripe();
        let cors = self.parsed("CORS_ALLOW_ORIGIN", "*");
        let request_budget = self.milliseconds("REQUEST_BUDGET_MS", 10_000, 100);
        let log_level = self.log_level();
        Some(Settings {
            table: table?,
            stripe: stripe?,
            cors: cors?,
            request_budget: request_budget?,
            log_level: log_level?,
        })
    }

    fn table(&mut self) -> Option<TableConfig> {
        let table = self.required("COMMERCE_TABLE", "the name of the DynamoDB table");
        // A table may also be given by its ARN.
        let table = table.and_then(|name| self.name("COMMERCE_TABLE", name, "_.-:/"));
        // Not set is fine; set to something impossible is not.
        let index = self.get("ORDER_INDEX");
        let index =
            index.map_or(Some(None), |name| self.name("ORDER_INDEX", name, "_.-").map(Some));
        let ttl_days = self.number("ORDER_TTL_DAYS", 0, [0, 36_500]);
        Some(TableConfig { table: table?, index: index?, ttl_days: ttl_days? })
    }

    fn name(&mut self, variable: &'static str, name: &str, marks: &str) -> Option<String> {
        if name.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c)) {
            return Some(name.to_owned());
        }
        let problem = format!("`{name}` has a character other than letters, digits and {marks}");
        self.mistake(variable, problem)
    }

    fn stripe(&mut self) -> Option<StripeSettings> {
        let key = self.key_source();
        let base = self.stripe_base(key.as_ref());
        let timeout = self.milliseconds("STRIPE_TIMEOUT_MS", 4000, 50);
        let max_retries = self.number("STRIPE_MAX_RETRIES", 2, [0, 100]);
        let rate = self.number("STRIPE_RATE_PER_SECOND", 20, [1, 1_000_000]);
        let trust = self.trust();
        Some(StripeSettings {
            key: key?,
            base: base?,
            timeout: timeout?,
            max_retries: max_retries?,
            rate_per_second: NonZeroU32::new(rate?)?,
            trust: trust?,
        })
    }

    fn key_source(&mut self) -> Option<KeySource> {
        let (key, parameter) = (self.get("STRIPE_SECRET"), self.get("STRIPE_SECRET_PARAMETER"));
        match (key, parameter) {
            (Some(_), Some(_)) => self.mistake(
                "STRIPE_SECRET",
                "is set, and STRIPE_SECRET_PARAMETER as well; set one of them",
            ),
            (Some(key), None) => match key.parse() {
                Ok(key) => Some(KeySource::Key(key)),
                Err(why) => self.mistake("STRIPE_SECRET", why),
            },
            (None, Some(name)) => Some(KeySource::Parameter(name.to_owned())),
            (None, None) => self.mistake(
                "STRIPE_SECRET",
                "is required: Stripe's secret or restricted key (or set STRIPE_SECRET_PARAMETER to \
                 the name of the SSM parameter that holds it)",
            ),
        }
    }

    fn stripe_base(&mut self, key: Option<&KeySource>) -> Option<Url> {
        let base: Url = self.parsed(STRIPE_API_BASE, "https://api.stripe.com")?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return self
                .mistake(STRIPE_API_BASE, "must begin with https:// (or http://, for tests)");
        }
        if let Some(KeySource::Key(key)) = key
            && let Err(mistake) = check_base(key, &base)
        {
            return self.mistake(mistake.variable, mistake.problem);
        }
        Some(base)
    }

    /// From which level on there are lines.
    pub fn log_level(&mut self) -> Option<LevelFilter> {
        let variable = ["LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL"]
            .into_iter()
            .find(|variable| self.get(variable).is_some())
            .unwrap_or("LOG_LEVEL");
        let word = self.get(variable).unwrap_or("info").to_ascii_lowercase();
        Some(match word.as_str() {
            "trace" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "info" => LevelFilter::INFO,
            // The words of Python's logging, which this function's environment may still hold.
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "fatal" | "critical" => LevelFilter::ERROR,
            _ => {
                return self.mistake(
                    variable,
                    format!("`{word}` is none of trace, debug, info, warn, error"),
                );
            }
        })
    }

    /// The AWS surroundings of a Lambda function.
    pub fn aws(&mut self) -> Option<AwsSettings> {
        let region = self.get("AWS_REGION").or(self.get("AWS_DEFAULT_REGION"));
        let region = match region {
            Some(region) => Some(region.to_owned()),
            None => self.mistake("AWS_REGION", "is required: the region of the table"),
        };
        let key_id = self.required("AWS_ACCESS_KEY_ID", "Lambda sets it to the function's role");
        let secret =
            self.required("AWS_SECRET_ACCESS_KEY", "Lambda sets it to the function's role");
        let token = self.get("AWS_SESSION_TOKEN").map(str::to_owned);
        let mut endpoint = |variable| {
            let endpoint = self.get(variable).or(self.get("AWS_ENDPOINT_URL"));
            endpoint.map(str::to_owned)
        };
        let dynamodb_endpoint = endpoint("AWS_ENDPOINT_URL_DYNAMODB");
        let ssm_endpoint = endpoint("AWS_ENDPOINT_URL_SSM");
        let trust = self.trust_in_aws();
        Some(AwsSettings {
            dynamodb_endpoint,
            ssm_endpoint,
            region: region?,
            credentials: Credentials::from_keys(key_id?, secret?, token),
            trust: trust?,
        })
    }

    /// The same, where they are needed: elsewhere nothing is wrong with them.
    pub fn aws_where(&mut self, is_needed: bool) -> Option<Option<AwsSettings>> {
        let before = self.mistakes_so_far();
        let aws = self.aws();
        if is_needed {
            return aws.map(Some);
        }
        self.forget_mistakes_after(before);
        Some(None)
    }

    /// Which certificate authorities are believed: those of `SSL_CERT_FILE`, where it is set.
    pub fn trust(&mut self) -> Option<Trust> {
        self.trust_by(&[SSL_CERT_FILE])
    }

    /// The same for AWS's services, for which `AWS_CA_BUNDLE` goes before.
    pub fn trust_in_aws(&mut self) -> Option<Trust> {
        self.trust_by(&["AWS_CA_BUNDLE", SSL_CERT_FILE])
    }

    /// The authorities in the file that the first of the variables names which is set.
    fn trust_by(&mut self, variables: &[&'static str]) -> Option<Trust> {
        let set = variables.iter().find_map(|name| Some((*name, self.get(name)?)));
        let Some((variable, file)) = set else { return Some(Trust::default()) };
        let trust = match std::fs::read(file) {
            Ok(pem) => Trust::in_bundle(&pem).map_err(|bad| bad.to_string()),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        trust.map_or_else(|why| self.mistake(variable, format!("`{file}` {why}")), Some)
    }

    /// JSON, unless the function is configured for text.
    pub fn log_format(&mut self) -> LogFormat {
        match self.get("AWS_LAMBDA_LOG_FORMAT") {
            Some(format) if format.eq_ignore_ascii_case("text") => LogFormat::Text,
            _ => LogFormat::Json,
        }
    }

    /// How many invocations Lambda hands to this process at a time.
    pub fn concurrency(&mut self) -> u32 {
        let most = self.get("AWS_LAMBDA_MAX_CONCURRENCY");
        most.and_then(|most| most.parse().ok()).unwrap_or(1)
    }
}

/// Whether a key may be sent to an address: a live key never leaves in the clear.
pub(crate) fn check_base(key: &SecretKey, base: &Url) -> Result<(), Mistake> {
    if key.mode() == Mode::Live && base.scheme() == "http" && !is_loopback(base) {
        let problem = "must begin with https://: a live key is never sent in the clear".to_owned();
        return Err(Mistake { variable: STRIPE_API_BASE, problem });
    }
    Ok(())
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
