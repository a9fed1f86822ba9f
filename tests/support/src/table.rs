use std::collections::HashMap;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use dynoxide::Database;
use serde_json::{Map, Value};
use tokio::net::TcpListener;

/// The table's name.
pub const TABLE: &str = "commerce-test";
/// The index's name.
pub const INDEX: &str = "orders-by-id";

/// A row, with JSON for values.
type Row = HashMap<String, AttributeValue>;

/// An embedded DynamoDB in memory, over loopback HTTP, with the commerce table and its index.
#[derive(Clone, Debug)]
pub struct EmbeddedTable {
    endpoint: String,
    client: Client,
}

impl EmbeddedTable {
    /// Starts it on any free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound port"));
        let database = Database::memory().expect("a database in memory");
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::from_keys("AKIDEXAMPLE", "secret", None))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&endpoint)
            .build();
        let table = Self { endpoint, client: Client::from_conf(config) };
        table.create().await;
        table
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client for it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    async fn create(&self) {
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(INDEX)
            .key_schema(key("orderId", KeyType::Hash))
            .key_schema(key("PK", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("an index");
        let mut create = self
            .client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("PK", KeyType::Hash))
            .key_schema(key("SK", KeyType::Range))
            .global_secondary_indexes(index);
        for name in ["PK", "SK", "orderId"] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S);
            create = create.attribute_definitions(attribute.build().expect("an attribute"));
        }
        create.send().await.expect("a table");
    }

    /// Writes a row as another program would.
    pub async fn put(&self, row: &Value) {
        let AttributeValue::M(item) = attribute(row) else { panic!("a row is an object") };
        self.put_raw(item).await;
    }

    /// Writes a row of any shape.
    pub async fn put_raw(&self, item: Row) {
        self.client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item))
            .send()
            .await
            .expect("a write");
    }

    /// All rows of a member's orders, oldest key first.
    pub async fn orders_of(&self, user: &str) -> Vec<Map<String, Value>> {
        let rows = self
            .client
            .query()
            .table_name(TABLE)
            .key_condition_expression("PK = :pk AND begins_with(SK, :sk)")
            .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{user}")))
            .expression_attribute_values(":sk", AttributeValue::S("ORDER#".to_owned()))
            .send()
            .await
            .expect("a query");
        rows.items().iter().map(object).collect()
    }
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        Value::Object(map) => AttributeValue::M(
            map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect(),
        ),
    }
}

fn object(item: &Row) -> Map<String, Value> {
    item.iter().map(|(name, value)| (name.clone(), json(value))).collect()
}

fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap_or(Value::Null),
        AttributeValue::Bool(flag) => Value::Bool(*flag),
        AttributeValue::L(list) => list.iter().map(json).collect(),
        AttributeValue::M(map) => Value::Object(object(map)),
        _ => Value::Null,
    }
}
