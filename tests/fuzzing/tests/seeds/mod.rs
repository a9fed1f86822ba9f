//! What the fuzzer and the property tests begin with: the project's fixtures, and the recorded
//! payloads where they are there.

use fuzzing::{MEMBER, ORDER, SECRET};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use stripe_sim::{Line, SessionBuilder, Shop, StripeSim, sign, sign_with_each};
use table_sim::{Row, old_fallback_row, sync_row, webhook_row};
use test_support::{Asker, http_client, posted_event, recorded_payloads, rest_event};

const KEY: &str = "sk_test_51ExampleKeyForTests";
const CREATED: i64 = 1_764_192_504;

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let (values, recorded) = match target {
        "event" => (events(), "apigw"),
        "item" => {
            (rows().iter().map(|row| wire(&json!(row.attributes()))["M"].clone()).collect(), "")
        }
        "session" => (from_stripe("", SESSION), "sessions"),
        "lines" => (from_stripe("/line_items", LINES), "line_items"),
        "delivery" => (deliveries(), "events"),
        "signature" => (signatures(), ""),
        _ => (tokens(), ""),
    };
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut seeds: Vec<_> = values.into_iter().map(|value| text(value).into_bytes()).collect();
    let recorded = if recorded.is_empty() { None } else { recorded_payloads(recorded) };
    seeds.extend(recorded.into_iter().flatten().map(|(_, bytes)| about_the_order(bytes)));
    seeds
}

/// A recorded payload, as if it were about the order that is asked for.
fn about_the_order(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else { return bytes };
    if value["object"] == "checkout.session" {
        value["id"] = json!(ORDER);
    }
    value.to_string().into_bytes()
}

fn events() -> Vec<Value> {
    let rest = rest_event(&Asker::with_email(MEMBER, "ava@example.com", true), ORDER);
    let http = json!({
        "version": "2.0", "rawPath": format!("/prod/dashboard/orders/{ORDER}/"),
        "headers": {"origin": "https://shop.example", "if-none-match": "*"},
        "requestContext": {
            "requestId": "r", "http": {"method": "HEAD", "path": "/"},
            "authorizer": {"jwt": {"claims": {"sub": MEMBER, "email_verified": "true"}}},
        },
    });
    let balancer = json!({
        "httpMethod": "GET", "path": format!("/dashboard/orders/{ORDER}"),
        "multiValueHeaders": {"origin": ["https://shop.example"]},
        "requestContext": {"elb": {"targetGroupArn": "a"}, "authorizer": {"lambda": {"userId": MEMBER}}},
    });
    vec![rest, http, balancer]
}

/// An event of Stripe's about the order.
fn stripe_event() -> Value {
    json!({
        "id": "evt_seed", "object": "event", "type": "checkout.session.completed",
        "created": CREATED, "livemode": false, "account": null,
        "data": {"object": {"id": ORDER, "object": "checkout.session"}},
    })
}

fn deliveries() -> Vec<Value> {
    let event = stripe_event();
    let refund = json!({
        "id": "evt_refund", "type": "charge.refunded", "livemode": false,
        "data": {"object": {"id": "ch_1", "payment_intent": {"id": "pi_1"}}},
    });
    let signed = sign(event.to_string().as_bytes(), "whsec_somebodyElses", CREATED);
    let posted = posted_event(&event.to_string(), Some(&signed));
    let bridged =
        json!({"source": "aws.partner/stripe.com/ed_1", "detail-type": "x", "detail": event});
    let record = |id: &str, body: &Value| json!({"messageId": id, "body": body.to_string(), "eventSource": "aws:sqs"});
    let batch =
        json!({"Records": [record("1", &bridged), record("2", &refund), record("3", &posted)]});
    vec![posted, bridged, batch, refund, event]
}

fn signatures() -> Vec<Value> {
    let body = stripe_event().to_string();
    let good = sign(body.as_bytes(), SECRET, CREATED);
    let rolled = sign_with_each(body.as_bytes(), ["whsec_somebodyElses", SECRET], CREATED);
    let stale = sign(body.as_bytes(), SECRET, CREATED - 400);
    let all = [good.clone(), rolled, stale, good.replace("v1", "v0"), "v1=,v0=ab".to_owned()];
    all.iter().map(|header| json!(format!("{header}\n{body}"))).collect()
}

fn rows() -> [Row; 5] {
    [
        webhook_row(MEMBER, ORDER, CREATED),
        sync_row(MEMBER, ORDER, CREATED).set("expiresAt", json!(4_102_444_800_i64)),
        old_fallback_row(MEMBER, ORDER, CREATED, 10),
        webhook_row(MEMBER, ORDER, CREATED).set("status", json!("open")).set("items", json!([])),
        Row::new(MEMBER, &format!("ORDER#{CREATED}#{ORDER}"), ORDER)
            .set("amount", json!(3000))
            .set("shippingAddress", json!({"line1": "1 Main Street", "postalCode": "12345"}))
            .set("presentment", json!({"amount": 2700, "currency": "eur"}))
            .set("final", json!(true))
            .set("normalizerVersion", json!(1))
            .set("fetchedAt", json!("2025-11-26T21:28:24.990Z")),
    ]
}

/// A value as DynamoDB's JSON has it.
fn wire(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(flag) => json!({"BOOL": flag}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(list) => json!({"L": list.iter().map(wire).collect::<Vec<_>>()}),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), wire(value)));
            json!({"M": fields.collect::<serde_json::Map<_, _>>()})
        }
    }
}

const SESSION: &[&str] =
    &["line_items", "line_items.data.price.product", "customer", "payment_intent.latest_charge"];
const LINES: &[&str] = &["data.price.product"];

/// What `stripe-sim` answers for sessions of every kind.
#[tokio::main]
async fn from_stripe(path: &str, expand: &[&str]) -> Vec<Value> {
    let paid = || {
        let tote = Line::new("Tote bag", 1500, 2).metadata(json!({"sku": "TOTE", "color": "red"}));
        SessionBuilder::new(ORDER, CREATED).line(tote).metadata(json!({"userId": MEMBER}))
    };
    let mut answers = Vec::new();
    for session in [
        paid(),
        paid().lines(9).refunded(1000).currency("jpy").email("ava@example.com"),
        paid().processing().customer("cus_ava", json!({"user_id": MEMBER})).metadata(json!({})),
        paid().open(),
    ] {
        let mut shop = Shop::default();
        shop.add(session);
        let stripe = StripeSim::start(&[KEY], shop).await.expect("a free port");
        let query: Vec<_> = expand.iter().map(|field| format!("expand[]={field}")).collect();
        let url =
            format!("{}/v1/checkout/sessions/{ORDER}{path}?{}", stripe.base(), query.join("&"));
        let answer = http_client().get(url).bearer_auth(KEY).send().await.expect("an answer");
        let text = answer.text().await.expect("a body");
        answers.push(serde_json::from_str(&text).expect("JSON"));
    }
    answers
}

fn tokens() -> Vec<Value> {
    let claims = json!({
        "userId": MEMBER, "sub": MEMBER, "email": "ava@example.com", "email_verified": "true",
        "exp": 4_102_444_800_i64, "nbf": CREATED, "iss": "shop", "aud": ["dashboard"],
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signed = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("a token");
    let jwks = serde_json::from_str(fuzzing::JWKS).expect("JSON");
    vec![json!(signed), json!(format!("Bearer {signed}")), claims, jwks]
}
