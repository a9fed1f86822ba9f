//! Everything that a forger tries. All of it is refused, with the same word.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::keys::{ALGORITHMS, Hash, Pair, by_hand, claims_of, encoded, name, now, with};
use crate::stack::{Decision, Gate, Issuer, SECRET};

/// A forgery by its name, and the whole `Authorization` header.
type Forgeries = Vec<(String, String)>;

async fn all_are_refused(gate: &Gate, forgeries: Forgeries) {
    assert!(!forgeries.is_empty());
    for (name, header) in forgeries {
        let decision = gate.ask_with(&header).await;
        assert_eq!(decision, Decision::Refused, "{name}: {header:.300}");
    }
}

/// Claims that are signed as they should be, and say what cannot be.
fn bad_claims() -> Vec<(&'static str, Value)> {
    let good = || claims_of("ava");
    let ends = now() + 600;
    vec![
        ("expired", with(good(), json!({"exp": now() - 60}))),
        ("expired long ago", with(good(), json!({"exp": 0}))),
        ("no end", json!({"sub": "ava"})),
        ("an end that is null", with(good(), json!({"exp": null}))),
        ("an end as a text", with(good(), json!({"exp": ends.to_string()}))),
        ("an end as a list", with(good(), json!({"exp": [ends]}))),
        ("an end as an object", with(good(), json!({"exp": {"$gt": 0}}))),
        ("an end that is true", with(good(), json!({"exp": true}))),
        ("an end before time", with(good(), json!({"exp": -1}))),
        ("an end in milliseconds", with(good(), json!({"exp": ends * 1000}))),
        ("an end beyond time", with(good(), json!({"exp": 1e300}))),
        ("not yet valid", with(good(), json!({"nbf": now() + 300}))),
        ("a beginning as a text", with(good(), json!({"nbf": "now"}))),
        ("a beginning before time", with(good(), json!({"nbf": -1}))),
        ("made at a text", with(good(), json!({"iat": "today"}))),
        ("an issuer that is a list", with(good(), json!({"iss": ["a", "b"]}))),
        ("nobody", json!({"exp": ends})),
        ("null", json!({"sub": null, "exp": ends})),
        ("a blank name", with(good(), json!({"sub": " \t "}))),
        ("a name with a line break", with(good(), json!({"sub": "a\nb"}))),
        ("a name with a null character", with(good(), json!({"sub": "ava\u{0}"}))),
        ("a name of 257 characters", with(good(), json!({"sub": "a".repeat(257)}))),
        ("a number for a name", with(good(), json!({"sub": 7}))),
        ("a list for a name", with(good(), json!({"userId": ["ava"]}))),
        ("an object for a name", with(good(), json!({"userId": {"a": 1}}))),
        ("a blank name before a good one", with(good(), json!({"userId": ""}))),
        ("a number behind a good name", with(good(), json!({"userId": "ava", "sub": 7}))),
        (
            "an object that a reader of JSON might take for a text",
            with(good(), json!({"userId": {"$serde_json::private::RawValue": "\"ben\""}})),
        ),
    ]
}

/// What is made of one good token.
fn bent(good: &str) -> Forgeries {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let alg = |value: Value| encoded(json!({"alg": value, "typ": "JWT"}).to_string());
    let mut changed = signature.to_owned();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    changed.replace_range(..1, first);
    let signatures = json!([{"protected": header, "signature": signature}]);
    let general = json!({"payload": claims, "signatures": signatures});
    let mut forgeries: Forgeries = Vec::new();
    let mut add = |name: &str, header: String| forgeries.push((name.to_owned(), header));
    for (name, token) in [
        ("garbage", "garbage".to_owned()),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts, as of an encrypted one", format!("{good}.{claims}.{signature}")),
        ("two signatures", format!("{header}.{claims}.{signature},{signature}")),
        ("a changed signature", format!("{header}.{claims}.{changed}")),
        ("a shorter signature", format!("{header}.{claims}.{}", &signature[..signature.len() - 4])),
        ("a longer signature", format!("{header}.{claims}.{signature}AAAA")),
        ("padding", format!("{header}.{claims}.{signature}=")),
        ("padding of the header", format!("{header}=.{claims}.{signature}")),
        ("a blank within", format!("{header}. {claims}.{signature}")),
        ("a line break within", format!("{header}.{claims}.\n{signature}")),
        ("two tokens", format!("{good} {good}")),
        ("two tokens, separated by a comma", format!("{good}, Bearer {good}")),
        ("the scheme twice", format!("Bearer {good}")),
        ("other claims", format!("{header}.{}.{signature}", encoded(claims_of("ben").to_string()))),
        ("alg none", format!("{}.{claims}.", alg(json!("none")))),
        ("alg None, signed", format!("{}.{claims}.{signature}", alg(json!("None")))),
        ("alg nOnE, signed", format!("{}.{claims}.{signature}", alg(json!("nOnE")))),
        ("alg NONE, signed", format!("{}.{claims}.{signature}", alg(json!("NONE")))),
        ("alg empty", format!("{}.{claims}.{signature}", alg(json!("")))),
        ("alg null", format!("{}.{claims}.{signature}", alg(Value::Null))),
        ("alg a list", format!("{}.{claims}.{signature}", alg(json!(["HS256", "RS256"])))),
        ("no alg", format!("{}.{claims}.{signature}", encoded("{}"))),
        ("a header that is a list", format!("{}.{claims}.{signature}", encoded("[]"))),
        ("JSON, with one signature", encoded(general.to_string())),
        ("a smiling face", "☺.☺.☺".to_owned()),
        ("letters that look alike", good.replace('e', "е")),
        ("a huge signature", format!("{header}.{claims}.{}", "A".repeat(100_000))),
        ("huge", "A".repeat(1_000_000)),
        ("a million dots", ".".repeat(1_000_000)),
        ("a deep header", format!("{}.{claims}.{signature}", encoded("[".repeat(5_000)))),
    ] {
        add(name, format!("Bearer {token}"));
    }
    add("nothing", String::new());
    add("a blank", " ".to_owned());
    add("the scheme alone", "Bearer".to_owned());
    add("the scheme and a blank", "Bearer ".to_owned());
    add("no scheme", good.to_owned());
    add("another scheme", format!("Basic {good}"));
    add("a scheme that only begins so", format!("BearerX {good}"));
    add("JSON with two signatures", {
        let two = json!([signatures[0], signatures[0]]);
        format!("Bearer {}", json!({"payload": claims, "signatures": two}))
    });
    forgeries
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_of_a_good_token_or_says_what_cannot_be_is_refused() {
    let gate = Gate::with_secret().await;
    let sign = |claims: &Value| {
        by_hand(
            r#"{"alg":"HS256"}"#,
            claims.to_string().as_bytes(),
            SECRET.as_bytes(),
            Hash::Sha256,
        )
    };
    let good = sign(&claims_of("ava"));
    assert!(gate.lets_in(&good, "ava").await);
    all_are_refused(&gate, bent(&good)).await;
    let bad = bad_claims();
    let bad = bad.iter().map(|(name, claims)| ((*name).to_owned(), bearer(&sign(claims))));
    all_are_refused(&gate, bad.collect()).await;
    assert!(gate.lets_in(&good, "ava").await, "it is as well as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_with_the_keys_of_an_issuer() {
    for algorithm in ALGORITHMS {
        let pair = Pair::new(algorithm);
        let issuer = Issuer::start(json!([pair.published("k")])).await;
        let gate = Gate::with_issuer(&issuer).await;
        let good = pair.sign(Some("k"), &claims_of("ava"));
        assert!(gate.lets_in(&good, "ava").await, "{algorithm:?}");
        all_are_refused(&gate, bent(&good)).await;
        let bad = bad_claims();
        let bad =
            bad.iter().map(|(name, it)| ((*name).to_owned(), bearer(&pair.sign(Some("k"), it))));
        all_are_refused(&gate, bad.collect()).await;
        assert!(gate.lets_in(&good, "ava").await, "{algorithm:?}");
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_twice_says_nothing() {
    let gate = Gate::with_secret().await;
    let ends = now() + 600;
    let good = format!(r#"{{"sub":"ava","exp":{ends}}}"#);
    let plain = r#"{"alg":"HS256"}"#;
    let cases = [
        ("sub", plain, format!(r#"{{"sub":"ava","sub":"ben","exp":{ends}}}"#)),
        ("the same sub", plain, format!(r#"{{"sub":"ava","sub":"ava","exp":{ends}}}"#)),
        (
            "sub, once written otherwise",
            plain,
            format!(r#"{{"sub":"ava","s\u0075b":"ben","exp":{ends}}}"#),
        ),
        ("userId", plain, format!(r#"{{"userId":"ava","x":1,"userId":"ben","exp":{ends}}}"#)),
        ("exp, first over", plain, format!(r#"{{"sub":"ava","exp":1,"exp":{ends}}}"#)),
        ("exp, last over", plain, format!(r#"{{"sub":"ava","exp":{ends},"exp":1}}"#)),
        ("email", plain, format!(r#"{{"sub":"ava","email":"a@x","email":"b@x","exp":{ends}}}"#)),
        ("a claim nobody reads", plain, format!(r#"{{"sub":"ava","x":1,"x":2,"exp":{ends}}}"#)),
        ("alg, first ours", r#"{"alg":"HS256","alg":"none"}"#, good.clone()),
        ("alg, last ours", r#"{"alg":"none","alg":"HS256"}"#, good.clone()),
        ("kid", r#"{"alg":"HS256","kid":"a","kid":"b"}"#, good.clone()),
        ("an end beyond numbers", plain, r#"{"sub":"ava","exp":1e400}"#.to_owned()),
        ("an end that is no number", plain, r#"{"sub":"ava","exp":NaN}"#.to_owned()),
        ("something after the claims", plain, format!("{good}{good}")),
        ("claims that are a list", plain, format!("[{good}]")),
        ("claims that are a text", plain, r#""ava""#.to_owned()),
        ("no claims", plain, String::new()),
        ("a mark before the claims", plain, format!("\u{feff}{good}")),
        ("crit", r#"{"alg":"HS256","crit":["exp"]}"#, good.clone()),
        ("crit, empty", r#"{"alg":"HS256","crit":[]}"#, good.clone()),
        ("crit, unencoded", r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, good.clone()),
        ("b64 alone", r#"{"alg":"HS256","b64":false}"#, good.clone()),
        ("a kid that is a number", r#"{"alg":"HS256","kid":7}"#, good.clone()),
    ];
    let signed = |(name, header, claims): &(&str, &str, String)| {
        let token = by_hand(header, claims.as_bytes(), SECRET.as_bytes(), Hash::Sha256);
        ((*name).to_owned(), bearer(&token))
    };
    all_are_refused(&gate, cases.iter().map(signed).collect()).await;
    let not_text = by_hand(plain, b"\xff\xfe{}", SECRET.as_bytes(), Hash::Sha256);
    all_are_refused(&gate, vec![("claims that are no text".to_owned(), bearer(&not_text))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_for_hs256_alone() {
    let gate = Gate::with_secret().await;
    let claims = claims_of("ava").to_string();
    let forged = |header: &str, secret: &[u8], hash| {
        (format!("{header} {hash:?}"), bearer(&by_hand(header, claims.as_bytes(), secret, hash)))
    };
    let secret = SECRET.as_bytes();
    all_are_refused(
        &gate,
        vec![
            forged(r#"{"alg":"HS384"}"#, secret, Hash::Sha384),
            forged(r#"{"alg":"HS512"}"#, secret, Hash::Sha512),
            forged(r#"{"alg":"RS256"}"#, secret, Hash::Sha256),
            forged(r#"{"alg":"ES256"}"#, secret, Hash::Sha256),
            forged(r#"{"alg":"EdDSA"}"#, secret, Hash::Sha256),
            forged(r#"{"alg":"hs256"}"#, secret, Hash::Sha256),
            forged(r#"{"alg":"HS256"}"#, b"", Hash::Sha256),
            forged(r#"{"alg":"HS256"}"#, b"another secret of the same kind", Hash::Sha256),
            forged(r#"{"alg":"HS256","kid":"/dev/null"}"#, b"", Hash::Sha256),
            forged(r#"{"alg":"HS256","kid":"../../proc/self/environ"}"#, b"\0", Hash::Sha256),
            forged(r#"{"alg":"HS256","kid":"x' UNION SELECT 'k"}"#, b"k", Hash::Sha256),
            forged(r#"{"alg":"HS256","k":"a"}"#, b"a", Hash::Sha256),
        ],
    )
    .await;
    for algorithm in ALGORITHMS {
        let token = Pair::new(algorithm).sign(None, &claims_of("ava"));
        assert_eq!(gate.ask(&token).await, Decision::Refused, "{algorithm:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_key_is_no_secret_and_no_key_comes_with_a_token() {
    for algorithm in ALGORITHMS {
        let (pair, forgers) = (Pair::new(algorithm), Pair::new(algorithm));
        // There is one RSA key of a fair length here, so the forger has the short one.
        let forgers = if algorithm == Algorithm::RS256 { Pair::short() } else { forgers };
        let evil = Issuer::start(json!([forgers.published("k")])).await;
        let issuer = Issuer::start(json!([
            pair.published("k"),
            {"kty": "oct", "k": encoded(SECRET), "kid": "shared", "alg": "HS256"},
        ]))
        .await;
        let gate = Gate::with_issuer(&issuer).await;
        let claims = claims_of("ava");
        let mut forgeries = Forgeries::new();
        let jwk = pair.published("k").to_string();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            encoded(&pair.public)
        );
        let secrets = [&pair.public, jwk.as_bytes(), pem.as_bytes(), SECRET.as_bytes()];
        for (n, secret) in secrets.into_iter().enumerate() {
            for (alg, hash) in
                [("HS256", Hash::Sha256), ("HS384", Hash::Sha384), ("HS512", Hash::Sha512)]
            {
                for kid in ["k", "shared", "none"] {
                    let header = json!({"alg": alg, "kid": kid}).to_string();
                    let token = by_hand(&header, claims.to_string().as_bytes(), secret, hash);
                    forgeries.push((
                        format!("the public key as a secret, {n}, {alg}, {kid}"),
                        bearer(&token),
                    ));
                }
            }
        }
        let header = |change: &dyn Fn(&mut Header)| {
            let mut header = Header::new(algorithm);
            header.kid = Some("k".to_owned());
            change(&mut header);
            header
        };
        for (name, header) in [
            ("another's key under the same id", header(&|_| {})),
            ("no id", header(&|it| it.kid = None)),
            ("an unknown id", header(&|it| it.kid = Some("other".to_owned()))),
            ("an id that is a path", header(&|it| it.kid = Some("../../dev/null".to_owned()))),
            ("an id that is a query", header(&|it| it.kid = Some("' OR '1'='1".to_owned()))),
            ("an id that is an address", header(&|it| it.kid = Some(evil.url.clone()))),
            ("a huge id", header(&|it| it.kid = Some("k".repeat(20_000)))),
            ("an empty id", header(&|it| it.kid = Some(String::new()))),
            ("jku", header(&|it| it.jku = Some(evil.url.clone()))),
            ("x5u", header(&|it| it.x5u = Some(evil.url.clone()))),
            ("x5c", header(&|it| it.x5c = Some(vec![encoded(&forgers.public)]))),
            ("jwk", header(&|it| it.jwk = serde_json::from_value(forgers.published("k")).ok())),
        ] {
            forgeries.push((name.to_owned(), bearer(&forgers.sign_with(&header, &claims))));
        }
        all_are_refused(&gate, forgeries).await;
        assert_eq!(evil.fetched(), 0, "nobody goes where a token says");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_algorithm_and_long_enough() {
    let pairs: Vec<_> = ALGORITHMS.into_iter().map(Pair::new).collect();
    let published = pairs.iter().map(|pair| pair.published(&name(pair.algorithm)));
    let mut keys: Vec<Value> = published.collect();
    let short = Pair::short();
    keys.push(short.published("short"));
    let issuer = Issuer::start(json!(keys)).await;
    let gate = Gate::with_issuer(&issuer).await;
    let claims = claims_of("ava");
    for pair in &pairs {
        assert!(gate.lets_in(&pair.sign(Some(&name(pair.algorithm)), &claims), "ava").await);
        for other in pairs.iter().filter(|other| other.algorithm != pair.algorithm) {
            let token = pair.sign(Some(&name(other.algorithm)), &claims);
            assert_eq!(gate.ask(&token).await, Decision::Refused, "{:?}", pair.algorithm);
        }
    }
    assert_eq!(gate.ask(&short.sign(Some("short"), &claims)).await, Decision::Refused);
    let der = EncodingKey::from_rsa_der(include_bytes!("keys/rsa.der"));
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS512] {
        let mut header = Header::new(algorithm);
        header.kid = Some("RS256".to_owned());
        let token = encode(&header, &claims, &der).unwrap();
        assert_eq!(gate.ask(&token).await, Decision::Refused, "{algorithm:?}");
    }
    // A signature of nothing but zeros holds with some libraries, whatever was signed.
    for (algorithm, length) in
        [(Algorithm::ES256, 64), (Algorithm::EdDSA, 64), (Algorithm::RS256, 256)]
    {
        let header = json!({"alg": name(algorithm), "kid": name(algorithm)}).to_string();
        for byte in [0, 1, 255] {
            let signature = encoded(vec![byte; length]);
            let token = format!("{}.{}.{signature}", encoded(&header), encoded(claims.to_string()));
            assert_eq!(gate.ask(&token).await, Decision::Refused, "{algorithm:?} of {byte}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuer_or_audience_is_refused_where_they_are_fixed() {
    let settings = [
        ("JWT_SECRET", SECRET),
        ("JWT_ISSUER", "https://id.example/"),
        ("JWT_AUDIENCE", "dashboard, app"),
    ];
    let gate = Gate::with(&settings).await;
    let sign = |others: Value| {
        let claims = with(claims_of("ava"), others).to_string();
        by_hand(r#"{"alg":"HS256"}"#, claims.as_bytes(), SECRET.as_bytes(), Hash::Sha256)
    };
    for aud in [json!("dashboard"), json!("app"), json!(["other", "app"])] {
        let token = sign(json!({"iss": "https://id.example/", "aud": aud}));
        assert!(gate.lets_in(&token, "ava").await, "{aud}");
    }
    for claims in [
        json!({}),
        json!({"iss": "https://id.example/"}),
        json!({"aud": "dashboard"}),
        json!({"iss": "https://id.example", "aud": "dashboard"}),
        json!({"iss": "https://id.example/ ", "aud": "dashboard"}),
        json!({"iss": "HTTPS://ID.EXAMPLE/", "aud": "dashboard"}),
        json!({"iss": ["https://id.example/"], "aud": "dashboard"}),
        json!({"iss": "https://id.example/", "aud": "dash"}),
        json!({"iss": "https://id.example/", "aud": "dashboard, app"}),
        json!({"iss": "https://id.example/", "aud": []}),
        json!({"iss": "https://id.example/", "aud": ["other"]}),
        json!({"iss": "https://id.example/", "aud": {"dashboard": true}}),
        json!({"iss": "https://id.example/", "aud": null}),
    ] {
        assert_eq!(gate.ask(&sign(claims.clone())).await, Decision::Refused, "{claims}");
    }
}
