//! The events of the gateway, and what it is told.

use serde_json::{Value, json};

use crate::keys::{Hash, by_hand, claims_of, now, with};
use crate::stack::{Decision, Gate, METHOD_ARN, SECRET};

fn signed(claims: &Value) -> String {
    by_hand(r#"{"alg":"HS256"}"#, claims.to_string().as_bytes(), SECRET.as_bytes(), Hash::Sha256)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_call_the_whole_stage_and_nothing_else() {
    let gate = Gate::with_secret().await;
    let bearer = format!("Bearer {}", signed(&claims_of("user_ava")));
    for event in [
        json!({"type": "TOKEN", "authorizationToken": bearer, "methodArn": METHOD_ARN}),
        json!({
            "type": "REQUEST", "methodArn": METHOD_ARN,
            "headers": {"authorization": bearer}, "multiValueHeaders": {"authorization": [bearer]},
            "requestContext": {"requestId": "r"}, "queryStringParameters": null,
        }),
    ] {
        let answer = gate.lambda.invoke(&event).await.raw;
        assert_eq!(
            answer,
            json!({
                "principalId": "user_ava",
                "policyDocument": {"Version": "2012-10-17", "Statement": [{
                    "Action": "execute-api:Invoke", "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/*",
                }]},
                "context": {"userId": "user_ava"},
            }),
            "{event}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_has_what_the_token_says_of_the_member_as_texts() {
    let gate = Gate::with_secret().await;
    let ends = now() + 600;
    for (claims, expected) in [
        (json!({"sub": "ava"}), json!({"userId": "ava"})),
        (json!({"sub": "other", "userId": "ava"}), json!({"userId": "ava"})),
        (json!({"sub": "ava", "userId": null}), json!({"userId": "ava"})),
        (json!({"sub": " ava "}), json!({"userId": "ava"})),
        (json!({"sub": "åva☃"}), json!({"userId": "åva☃"})),
        (json!({"sub": "a".repeat(256)}), json!({"userId": "a".repeat(256)})),
        (
            json!({
                "userId": "ava", "email": "ava@example.com", "email_verified": true, "role": "member",
                "displayName": "Åva ☃", "password": "not this", "iat": ends, "jti": "nor this",
            }),
            json!({
                "userId": "ava", "email": "ava@example.com", "email_verified": "true",
                "role": "member", "displayName": "Åva ☃",
            }),
        ),
        (
            json!({"sub": "ava", "email": null, "email_verified": "false", "role": ["a"], "displayName": 7}),
            json!({"userId": "ava", "email_verified": "false", "displayName": "7"}),
        ),
        (
            json!({"sub": "ava", "role": "a\r\nb", "email_verified": false, "displayName": 7}),
            json!({"userId": "ava", "email_verified": "false", "displayName": "7"}),
        ),
    ] {
        let token = signed(&with(claims.clone(), json!({"exp": ends})));
        let Decision::Allowed { user, context } = gate.ask(&token).await else {
            panic!("{claims} was not let in")
        };
        assert_eq!(json!(context), expected, "{claims}");
        assert_eq!(json!(user), expected["userId"], "{claims}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_may_be_half_a_minute_apart_and_numbers_have_fractions() {
    let gate = Gate::with_secret().await;
    for (others, is_let_in) in [
        (json!({"exp": now() - 20, "nbf": now() + 20}), true),
        (json!({"exp": now() - 45}), false),
        (json!({"exp": now() + 600, "nbf": now() + 45}), false),
        (json!({"exp": 4_102_444_800.5, "nbf": 1.5}), true),
        (json!({"exp": 4.102_444_8e9}), true),
    ] {
        let token = signed(&with(claims_of("ava"), others.clone()));
        assert_eq!(gate.lets_in(&token, "ava").await, is_let_in, "{others}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_header_says_besides_is_not_read() {
    let gate = Gate::with_secret().await;
    let claims = claims_of("ava").to_string();
    for header in [
        r#"{"alg":"HS256","typ":"at+jwt","kid":"any"}"#,
        r#"{"alg":"HS256","typ":1,"cty":1,"nonce":5,"url":1,"x5c":"abc","jku":1,"jwk":"x","enc":[]}"#,
    ] {
        let token = by_hand(header, claims.as_bytes(), SECRET.as_bytes(), Hash::Sha256);
        assert!(gate.lets_in(&token, "ava").await, "{header}");
    }
    // Some programs write the time of making in milliseconds; nothing follows from it.
    let token = signed(&with(claims_of("ava"), json!({"iat": now() * 1000})));
    assert!(gate.lets_in(&token, "ava").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_members_each_is_herself() {
    let gate = Gate::with_secret().await;
    let [ava, ben] = ["user_ava", "user_ben"].map(|user| signed(&claims_of(user)));
    for _ in 0..3 {
        assert!(gate.lets_in(&ava, "user_ava").await);
        assert!(gate.lets_in(&ben, "user_ben").await);
    }
    // The claims of one with the signature of the other.
    let [of_ava, of_ben] = [&ava, &ben].map(|token| token.split('.').collect::<Vec<_>>());
    let crossed = format!("{}.{}.{}", of_ava[0], of_ava[1], of_ben[2]);
    assert_eq!(gate.ask(&crossed).await, Decision::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_one_token_is_refused_wherever_else_a_token_may_stand() {
    let gate = Gate::with_secret().await;
    let bearer = format!("Bearer {}", signed(&claims_of("ava")));
    for event in [
        json!({"type": "TOKEN", "methodArn": METHOD_ARN}),
        json!({"type": "REQUEST", "headers": null, "methodArn": METHOD_ARN}),
        json!({"type": "REQUEST", "headers": {}, "methodArn": METHOD_ARN, "queryStringParameters": {"Authorization": bearer}}),
        json!({"type": "REQUEST", "headers": {"Cookie": format!("Authorization={bearer}")}, "methodArn": METHOD_ARN}),
        json!({"type": "REQUEST", "headers": {"X-Authorization": bearer}, "methodArn": METHOD_ARN}),
        json!({"type": "REQUEST", "methodArn": METHOD_ARN, "multiValueHeaders": {"Authorization": [bearer, bearer]}}),
        json!({"type": "REQUEST", "methodArn": METHOD_ARN, "headers": {"Authorization": bearer, "authorization": "x"}}),
    ] {
        assert_eq!(gate.send(&event).await, Decision::Refused, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_makes_no_sense_is_our_error_and_lets_nobody_in() {
    let gate = Gate::with_secret().await;
    let bearer = format!("Bearer {}", signed(&claims_of("ava")));
    let with_arn =
        |arn: Value| json!({"type": "TOKEN", "authorizationToken": bearer, "methodArn": arn});
    for event in [
        Value::Null,
        json!([]),
        json!("event"),
        json!(7),
        json!({}),
        json!({"authorizationToken": bearer}),
        json!({"authorizationToken": [bearer], "methodArn": METHOD_ARN}),
        with_arn(json!("")),
        with_arn(json!("*")),
        with_arn(json!("arn:aws:execute-api:*:*:*/*/*")),
        with_arn(json!("arn:aws:execute-api:eu-central-1:123456789012:abc")),
        with_arn(Value::Null),
        with_arn(json!({"a": 1})),
        // An HTTP API would not read the answer.
        json!({
            "version": "2.0", "type": "REQUEST", "routeArn": METHOD_ARN, "methodArn": METHOD_ARN,
            "headers": {"authorization": bearer},
        }),
    ] {
        let decision = gate.send(&event).await;
        assert!(matches!(decision, Decision::Failed(_)), "{event}: {decision:?}");
    }
    let token = bearer.strip_prefix("Bearer ").unwrap();
    assert!(gate.lets_in(token, "ava").await, "it is as well as before");
}
