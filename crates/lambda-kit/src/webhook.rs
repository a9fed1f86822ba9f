//! How messages to the webhook are verified.

use orders_stripe::{Tolerance, WebhookSecrets};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Mistake, Reader};

const SECRET: &str = "STRIPE_WEBHOOK_SECRET";
const PARAMETER: &str = "STRIPE_WEBHOOK_SECRET_PARAMETER";
const TOLERANCE: &str = "STRIPE_WEBHOOK_TOLERANCE";

/// How messages to the webhook are verified.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The secrets, or where they are kept. `None`: nothing that is posted is believed, as where
    /// events come from EventBridge or a queue only.
    pub secrets: Option<SecretsSource>,
    /// How old, or how early, a signature may be.
    pub tolerance: Tolerance,
}

/// Where the secrets come from.
#[derive(Clone, Debug)]
pub enum SecretsSource {
    /// From `STRIPE_WEBHOOK_SECRET`.
    Secrets(WebhookSecrets),
    /// From the parameter that `STRIPE_WEBHOOK_SECRET_PARAMETER` names.
    Parameter(String),
}

impl Reader<'_> {
    /// How messages to the webhook are verified.
    pub fn webhook(&mut self) -> Option<WebhookSettings> {
        let said = (self.get(SECRET), self.get(PARAMETER));
        let secrets = match said {
            (Some(_), Some(_)) => {
                self.mistake(SECRET, format!("is set, and {PARAMETER} as well; set one of them"))
            }
            (Some(list), None) => match list.parse() {
                Ok(secrets) => Some(Some(SecretsSource::Secrets(secrets))),
                Err(why) => self.mistake(SECRET, why),
            },
            (None, Some(name)) => Some(Some(SecretsSource::Parameter(name.to_owned()))),
            (None, None) => Some(None),
        };
        let seconds = self.number(TOLERANCE, 300, [1, 86_400]);
        Some(WebhookSettings { secrets: secrets?, tolerance: Tolerance { seconds: seconds? } })
    }
}

impl WebhookSettings {
    /// The secrets, of which `fetch` reads a parameter by the names of the variable and the
    /// parameter.
    pub(crate) async fn secrets(
        &self,
        fetch: impl AsyncFnOnce(&'static str, &str) -> Result<SecretString, Mistake>,
    ) -> Result<Option<WebhookSecrets>, Mistake> {
        let name = match &self.secrets {
            None => return Ok(None),
            Some(SecretsSource::Secrets(secrets)) => return Ok(Some(secrets.clone())),
            Some(SecretsSource::Parameter(name)) => name,
        };
        let list = fetch(PARAMETER, name).await?;
        list.expose_secret().parse().map(Some).map_err(|why| Mistake {
            variable: PARAMETER,
            problem: format!("what the parameter {name} holds {why}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::read;

    fn webhook(pairs: &[(&str, &str)]) -> Result<WebhookSettings, Vec<String>> {
        read(pairs, |reader: &mut Reader<'_>| reader.webhook())
    }

    #[test]
    fn the_secret_may_be_given_named_or_left_out() {
        let settings = webhook(&[]).unwrap();
        assert!(settings.secrets.is_none());
        assert_eq!(settings.tolerance.seconds, 300);
        let settings = webhook(&[(SECRET, "whsec_a,whsec_b"), (TOLERANCE, "60")]).unwrap();
        assert!(matches!(settings.secrets, Some(SecretsSource::Secrets(_))));
        assert_eq!(settings.tolerance.seconds, 60);
        let settings = webhook(&[(PARAMETER, "/shop/webhook")]).unwrap();
        assert!(
            matches!(settings.secrets, Some(SecretsSource::Parameter(name)) if name == "/shop/webhook")
        );
    }

    #[test]
    fn a_mistake_names_the_variable_and_never_the_secret() {
        for (pairs, said) in [
            (vec![(SECRET, "whsec_a"), (PARAMETER, "p")], "STRIPE_WEBHOOK_SECRET: is set, and"),
            (vec![(SECRET, ",")], "STRIPE_WEBHOOK_SECRET: holds no secret"),
            (vec![(SECRET, "sk_test_abc")], "STRIPE_WEBHOOK_SECRET: holds an API key"),
            (vec![(SECRET, "abc def")], "STRIPE_WEBHOOK_SECRET: holds a character"),
            (vec![(TOLERANCE, "0")], "STRIPE_WEBHOOK_TOLERANCE: `0` is no whole number from 1"),
            (vec![(TOLERANCE, "5m")], "STRIPE_WEBHOOK_TOLERANCE: `5m` is no whole number"),
        ] {
            let mistakes = webhook(&pairs).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(said), "{mistakes:?}");
            assert!(!mistakes[0].contains("abc"), "{mistakes:?}");
        }
    }
}
