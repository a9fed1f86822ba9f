use orders::SystemClock;
use orders_dynamodb::CommerceTable;

use super::*;
use crate::environment::read;

fn settings(pairs: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let required = [("COMMERCE_TABLE", "commerce"), ("STRIPE_SECRET", "sk_test_abc")];
    read(&[&required, pairs].concat(), |reader: &mut Reader<'_>| reader.settings())
}

#[test]
fn the_defaults_are_the_contracts() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.table.index, None);
    assert_eq!(settings.table.ttl_days, 0);
    assert_eq!(settings.cors, CorsPolicy::Any);
    assert_eq!(settings.request_budget, Duration::from_secs(10));
    assert_eq!(settings.stripe.timeout, Duration::from_secs(4));
    assert_eq!(settings.stripe.max_retries, 2);
    assert_eq!(settings.stripe.rate_per_second.get(), 20);
    assert_eq!(settings.stripe.base.as_str(), "https://api.stripe.com/");
    assert_eq!(settings.log_level, LevelFilter::INFO);
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let settings = settings(&[("ORDER_INDEX", " "), ("LOG_LEVEL", ""), ("ORDER_TTL_DAYS", "")]);
    assert_eq!(settings.unwrap().table.index, None);
}

#[test]
fn a_mistake_says_which_variable_and_what_would_be_right() {
    for (name, value, said) in [
        ("COMMERCE_TABLE", "", "COMMERCE_TABLE: is required: the name of the DynamoDB table"),
        (
            "COMMERCE_TABLE",
            "my table",
            "COMMERCE_TABLE: `my table` has a character other than letters, digits and _.-:/",
        ),
        ("STRIPE_SECRET", "", "STRIPE_SECRET: is required"),
        (
            "STRIPE_SECRET",
            "whsec_1",
            "STRIPE_SECRET: must begin with sk_test_, sk_live_, rk_test_ or rk_live_",
        ),
        (
            "STRIPE_SECRET_PARAMETER",
            "/shop/key",
            "STRIPE_SECRET: is set, and STRIPE_SECRET_PARAMETER as well",
        ),
        ("STRIPE_API_BASE", "stripe", "STRIPE_API_BASE: "),
        ("STRIPE_API_BASE", "mailto:x@y.z", "STRIPE_API_BASE: must begin with https://"),
        ("ORDER_TTL_DAYS", "1.5", "ORDER_TTL_DAYS: `1.5` is no whole number from 0 to 36500"),
        (
            "REQUEST_BUDGET_MS",
            "1.5",
            "REQUEST_BUDGET_MS: `1.5` is no whole number from 100 to 900000",
        ),
        ("CORS_ALLOW_ORIGIN", "club.example", "CORS_ALLOW_ORIGIN: `club.example` is no origin"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: `loud` is none of trace, debug, info, warn, error"),
        ("AWS_LAMBDA_LOG_LEVEL", "loud", "AWS_LAMBDA_LOG_LEVEL: `loud` is none of"),
    ] {
        let mistakes = settings(&[(name, value)]).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].starts_with(said), "{mistakes:?}");
    }
}

#[test]
fn a_live_key_is_never_sent_in_the_clear() {
    let with = |key, base| settings(&[("STRIPE_SECRET", key), ("STRIPE_API_BASE", base)]);
    assert!(with("sk_live_abc", "http://stripe.example").is_err());
    assert!(with("sk_live_abc", "https://stripe.example").is_ok());
    assert!(with("sk_live_abc", "http://127.0.0.1:1").is_ok());
    assert!(with("sk_live_abc", "http://[::1]:1").is_ok());
    assert!(with("sk_test_abc", "http://stripe.example").is_ok());

    // The key of a parameter is known only later, and checked then.
    let settings = with("sk_test_abc", "http://stripe.example").unwrap();
    let aws = AwsSettings {
        region: "eu-central-1".to_owned(),
        credentials: Credentials::from_keys("id", "secret", None),
        dynamodb_endpoint: None,
        ssm_endpoint: None,
        trust: Trust::default(),
    };
    let table = settings.table.clone();
    let table = CommerceTable::new(aws.dynamodb(), table, SystemClock);
    let key: SecretKey = "rk_live_abc".parse().unwrap();
    let outcome = crate::service(settings, key.into(), table);
    assert!(
        outcome.unwrap_err().to_string().starts_with("STRIPE_API_BASE: must begin with https://")
    );
}

#[test]
fn levels_are_read_in_the_words_of_lambda_and_of_python() {
    for (variable, word, level) in [
        ("LOG_LEVEL", "DEBUG", LevelFilter::DEBUG),
        ("LOG_LEVEL", "Warning", LevelFilter::WARN),
        ("LOG_LEVEL", "CRITICAL", LevelFilter::ERROR),
        ("AWS_LAMBDA_LOG_LEVEL", "FATAL", LevelFilter::ERROR),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE", LevelFilter::TRACE),
    ] {
        assert_eq!(settings(&[(variable, word)]).unwrap().log_level, level, "{word}");
    }
    let both = [("LOG_LEVEL", "error"), ("AWS_LAMBDA_LOG_LEVEL", "DEBUG")];
    assert_eq!(settings(&both).unwrap().log_level, LevelFilter::ERROR);
}

#[test]
fn an_endpoint_of_its_own_outweighs_the_common_one() {
    let mut environment = Environment::from([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", "http://common"),
    ]);
    environment.set("AWS_ENDPOINT_URL_DYNAMODB", "http://dynamodb");
    let aws = Reader::new(&environment).aws().unwrap();
    assert_eq!(aws.dynamodb_endpoint.as_deref(), Some("http://dynamodb"));
    assert_eq!(aws.ssm_endpoint.as_deref(), Some("http://common"));
}

#[test]
fn certificate_authorities_are_read_from_files_where_these_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (good, bad) = (file("good.pem", &certificate.cert.pem()), file("bad.pem", "nothing"));
    let missing = folder.path().join("missing.pem").to_str().unwrap().to_owned();

    let trust = |pairs: &[(&str, &str)]| {
        read(pairs, |reader: &mut Reader<'_>| reader.trust().zip(reader.trust_in_aws()))
    };
    assert!(trust(&[]).is_ok());
    assert!(trust(&[("AWS_CA_BUNDLE", &good), ("SSL_CERT_FILE", &good)]).is_ok());
    for (variable, path, why) in [
        ("AWS_CA_BUNDLE", &bad, "holds no certificate of an authority in PEM"),
        ("SSL_CERT_FILE", &bad, "holds no certificate of an authority in PEM"),
        ("SSL_CERT_FILE", &missing, "cannot be read: No such file or directory (os error 2)"),
    ] {
        let mistakes = trust(&[(variable, path)]).unwrap_err();
        assert_eq!(mistakes, [format!("{variable}: `{path}` {why}")]);
    }
}
