//! The settings of the authorizer.

use bearer_tokens::{IssuerKeys, Rules, Verifier};
use lambda_kit::aws::AwsSettings;
use lambda_kit::config::{Mistake, Reader};
use lambda_kit::parameter;
use orders::SystemClock;
use outbound::{Trust, is_loopback};
use secrecy::{ExposeSecret, SecretString};
use tracing::level_filters::LevelFilter;
use url::Url;

const SECRET: &str = "JWT_SECRET";
const PARAMETER: &str = "JWT_SECRET_PARAMETER";
const JWKS: &str = "JWKS_URL";

/// RFC 7518, section 3.2: a key of HS256 is to have no fewer bytes.
const SECRET_BYTES: usize = 32;

/// What the authorizer needs to know.
pub(crate) struct Settings {
    keys: KeysSource,
    rules: Rules,
    pub(crate) log_level: LevelFilter,
}

/// Where the keys come from that tokens are verified with.
enum KeysSource {
    Secret(SecretString),
    Parameter(String, Box<AwsSettings>),
    Issuer(Url, Box<Trust>),
}

impl Settings {
    /// All mistakes are noted before anything is given up.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let keys = keys(reader);
        let (issuers, audiences) = (list(reader, "JWT_ISSUER"), list(reader, "JWT_AUDIENCE"));
        let log_level = reader.log_level();
        let rules = Rules { issuers: issuers?, audiences: audiences? };
        Some(Self { keys: keys?, rules, log_level: log_level? })
    }

    /// What verifies tokens; a secret that is kept as a parameter is read now.
    pub(crate) async fn verifier(self) -> Result<Verifier<SystemClock>, Mistake> {
        let (variable, secret) = match self.keys {
            KeysSource::Secret(secret) => (SECRET, secret),
            KeysSource::Issuer(url, trust) => {
                let mistake = |error| Mistake { variable: JWKS, problem: format!("{error}") };
                let keys = IssuerKeys::new(url, &trust, SystemClock).map_err(mistake)?;
                if self.rules.audiences.is_empty() {
                    tracing::warn!(
                        "JWT_AUDIENCE is not set: the issuer's tokens for any application are believed"
                    );
                }
                return Ok(Verifier::with_issuer(keys, self.rules, SystemClock));
            }
            KeysSource::Parameter(name, aws) => {
                (PARAMETER, parameter(&aws.parameters(), PARAMETER, &name).await?)
            }
        };
        let secret: SecretString = secret.expose_secret().trim().into();
        let mistake = |problem: &str| Err(Mistake { variable, problem: problem.to_owned() });
        match secret.expose_secret() {
            "" => return mistake("the parameter holds nothing"),
            text if is_public_key(text) => {
                return mistake(
                    "is a key for everybody to see; set JWKS_URL for tokens of an issuer",
                );
            }
            _ => {}
        }
        if secret.expose_secret().len() < SECRET_BYTES {
            tracing::warn!(
                "the secret has fewer than {SECRET_BYTES} bytes, and may be found out by trying"
            );
        }
        Ok(Verifier::with_secret(&secret, self.rules, SystemClock))
    }
}

/// Exactly one of three variables says how tokens are verified.
fn keys(reader: &mut Reader<'_>) -> Option<KeysSource> {
    let (secret, parameter, url) = (reader.get(SECRET), reader.get(PARAMETER), reader.get(JWKS));
    let trust = reader.trust();
    let aws = reader.aws_where(parameter.is_some());
    match (secret, parameter, url) {
        (Some(secret), None, None) => Some(KeysSource::Secret(secret.into())),
        (None, Some(name), None) => Some(KeysSource::Parameter(name.to_owned(), Box::new(aws??))),
        (None, None, Some(url)) => Some(KeysSource::Issuer(jwks_url(reader, url)?, Box::new(trust?))),
        (None, None, None) => reader.mistake(
            SECRET,
            "is required: the secret that tokens are signed with (or set JWT_SECRET_PARAMETER to the \
             name of the SSM parameter that holds it, or JWKS_URL to where the issuer has its keys)",
        ),
        _ => reader.mistake(
            SECRET,
            "only one of JWT_SECRET, JWT_SECRET_PARAMETER and JWKS_URL may be set; it fixes the \
             algorithm",
        ),
    }
}

/// Whoever could change the keys on their way could let anybody in.
fn jwks_url(reader: &mut Reader<'_>, text: &str) -> Option<Url> {
    let is_safe = |url: &Url| match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    };
    let has_no_secret = |url: &Url| url.username().is_empty() && url.password().is_none();
    match text.parse::<Url>() {
        Ok(url) if is_safe(&url) && has_no_secret(&url) => Some(url),
        _ => reader.mistake(
            JWKS,
            "must be an address that begins with https:// (http:// for this machine alone), without \
             a password in it",
        ),
    }
}

/// Whether a text is a public key: whoever has it could make tokens if it were taken for a secret.
fn is_public_key(text: &str) -> bool {
    text.starts_with("-----BEGIN") || text.starts_with("ssh-") || text.contains("\"kty\"")
}

/// Several values, separated by commas or blanks; none where the variable is not set.
fn list(reader: &mut Reader<'_>, variable: &'static str) -> Option<Vec<String>> {
    let Some(values) = reader.get(variable) else { return Some(Vec::new()) };
    let list = values.split(|c: char| c == ',' || c.is_whitespace());
    let list: Vec<_> = list.filter(|value| !value.is_empty()).map(str::to_owned).collect();
    if list.is_empty() {
        // Taken for "anybody" it would let everybody in.
        return reader.mistake(variable, format!("`{values}` holds no value"));
    }
    Some(list)
}
