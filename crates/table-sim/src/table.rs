use std::collections::HashMap;
use std::net::TcpListener;
use std::path::PathBuf;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use dynoxide::Database;
use outbound::{AwsHttpClient, Trust};
use serde_json::{Map, Value};

use crate::Row;

/// The table's name.
pub const TABLE: &str = "commerce";
/// The index's name.
pub const INDEX: &str = "orders-by-id";

/// Where the table is kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In memory, until the program ends.
    Memory,
    /// In a file of this folder, which is made if it is not there.
    Folder(PathBuf),
}

/// Why the table cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// No port, no thread, or no folder.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// A request to it failed.
    #[error("the embedded DynamoDB refuses: {0}")]
    Request(String),
}

impl TableError {
    fn request(error: impl std::error::Error) -> Self {
        Self::Request(DisplayErrorContext(error).to_string())
    }
}

/// An embedded DynamoDB over loopback HTTP, with the commerce table and its index.
#[derive(Clone, Debug)]
pub struct EmbeddedTable {
    endpoint: String,
    client: Client,
    is_new: bool,
}

impl EmbeddedTable {
    /// Starts it on any free port, in a thread of its own: its database blocks.
    pub async fn start(storage: &Storage) -> Result<Self, TableError> {
        let open = |opened: dynoxide::errors::Result<Database>| {
            opened.map_err(|error| TableError::Open(error.to_string()))
        };
        let database = match storage {
            Storage::Memory => open(Database::memory())?,
            Storage::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                open(Database::new(&folder.join("commerce.sqlite").to_string_lossy()))?
            }
        };
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        serve(listener, database)?;
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .credentials_provider(Credentials::from_keys("local", "local", None))
            .http_client(AwsHttpClient::new(&Trust::default()))
            .endpoint_url(&endpoint)
            .build();
        let mut table = Self { endpoint, client: Client::from_conf(config), is_new: false };
        table.is_new = table.create_unless_there().await?;
        Ok(table)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client for it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Whether the table was made just now, and is empty.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    async fn create_unless_there(&self) -> Result<bool, TableError> {
        let tables = self.client.list_tables().send().await.map_err(TableError::request)?;
        if tables.table_names().iter().any(|name| name == TABLE) {
            return Ok(false);
        }
        let mut create = self
            .client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys("PK", "SK").map_err(TableError::request)?))
            .global_secondary_indexes(index().map_err(TableError::request)?);
        for name in ["PK", "SK", "orderId"] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S);
            create = create.attribute_definitions(attribute.build().map_err(TableError::request)?);
        }
        create.send().await.map_err(TableError::request)?;
        Ok(true)
    }

    /// Writes a row as another program would.
    pub async fn put(&self, row: &Row) -> Result<(), TableError> {
        let item = row.attributes().iter().map(|(name, value)| (name.clone(), attribute(value)));
        self.put_raw(item.collect()).await
    }

    /// Writes a row of any shape.
    pub async fn put_raw(&self, item: HashMap<String, AttributeValue>) -> Result<(), TableError> {
        let put = self.client.put_item().table_name(TABLE).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(TableError::request)
    }

    /// A row by its key, as JSON.
    pub async fn row(&self, pk: &str, sk: &str) -> Result<Option<Map<String, Value>>, TableError> {
        let get = self
            .client
            .get_item()
            .table_name(TABLE)
            .key("PK", AttributeValue::S(pk.to_owned()))
            .key("SK", AttributeValue::S(sk.to_owned()));
        let got = get.send().await.map_err(TableError::request)?;
        Ok(got.item.as_ref().map(object))
    }

    /// How many rows there are, of whatever kind.
    pub async fn count(&self) -> Result<usize, TableError> {
        let scan =
            self.client.scan().table_name(TABLE).send().await.map_err(TableError::request)?;
        Ok(scan.items().len())
    }

    /// All rows of a member's orders, as JSON, oldest key first.
    pub async fn orders_of(&self, user: &str) -> Result<Vec<Map<String, Value>>, TableError> {
        let query = self
            .client
            .query()
            .table_name(TABLE)
            .key_condition_expression("PK = :pk AND begins_with(SK, :sk)")
            .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{user}")))
            .expression_attribute_values(":sk", AttributeValue::S("ORDER#".to_owned()));
        let rows = query.send().await.map_err(TableError::request)?;
        Ok(rows.items().iter().map(object).collect())
    }
}

fn serve(listener: TcpListener, database: Database) -> Result<(), TableError> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("embedded-dynamodb".to_owned()).spawn(move || {
        runtime.block_on(async {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                dynoxide::server::serve_on(listener, database).await;
            }
        });
    })?;
    Ok(())
}

fn keys(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build())
        .into_iter()
        .collect()
}

fn index() -> Result<GlobalSecondaryIndex, BuildError> {
    GlobalSecondaryIndex::builder()
        .index_name(INDEX)
        .set_key_schema(Some(keys("orderId", "PK")?))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
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

fn object(item: &HashMap<String, AttributeValue>) -> Map<String, Value> {
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
