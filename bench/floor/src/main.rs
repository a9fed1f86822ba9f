//! The floor: one query of the AWS SDK, its item as JSON. It checks nothing, logs nothing, keeps
//! nothing, and knows no Stripe.

use std::collections::HashMap;

use anyhow::Context;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Map, Value, json};

/// Amazon's certificate authorities.
const ROOTS: [&[u8]; 5] = [
    include_bytes!("../roots/Amazon_Root_CA_1.pem"),
    include_bytes!("../roots/Amazon_Root_CA_2.pem"),
    include_bytes!("../roots/Amazon_Root_CA_3.pem"),
    include_bytes!("../roots/Amazon_Root_CA_4.pem"),
    include_bytes!("../roots/Starfield_Services_Root_CA_G2.pem"),
];

fn main() -> anyhow::Result<()> {
    let (client, table, index) = (client()?, variable("COMMERCE_TABLE")?, variable("ORDER_INDEX")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = lambda_runtime::run(service_fn(|event| answer(&client, &table, &index, event)));
    runtime.block_on(run).map_err(|error| anyhow::anyhow!(error))
}

#[expect(clippy::disallowed_methods, reason = "a program of one file, for measurements alone")]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| name.to_owned())
}

fn client() -> anyhow::Result<Client> {
    let mut roots = ROOTS.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate);
    if let Ok(file) = variable("AWS_CA_BUNDLE") {
        roots = roots.with_pem_certificate(std::fs::read(file)?);
    }
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(roots).build()?)
        .build_https();
    let credentials = Credentials::from_keys(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
    );
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .endpoint_url(variable("AWS_ENDPOINT_URL_DYNAMODB")?)
        .credentials_provider(credentials)
        .http_client(http)
        .build();
    Ok(Client::from_conf(config))
}

async fn answer(
    client: &Client,
    table: &str,
    index: &str,
    event: LambdaEvent<Value>,
) -> Result<Value, Error> {
    let text = |value: &Value| AttributeValue::S(value.as_str().unwrap_or_default().to_owned());
    let user = &event.payload["requestContext"]["authorizer"]["userId"];
    let partition = format!("USER#{}", user.as_str().unwrap_or_default());
    let page = client
        .query()
        .table_name(table)
        .index_name(index)
        .key_condition_expression("orderId = :order AND PK = :partition")
        .expression_attribute_values(":order", text(&event.payload["pathParameters"]["orderId"]))
        .expression_attribute_values(":partition", AttributeValue::S(partition))
        .send()
        .await?;
    let order = page.items().first().map(object);
    let status = if order.is_some() { 200 } else { 404 };
    Ok(json!({"statusCode": status, "body": json!({"order": order}).to_string()}))
}

fn object(item: &HashMap<String, AttributeValue>) -> Map<String, Value> {
    item.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::M(map) => Value::Object(object(map)),
        _ => Value::Null,
    }
}
