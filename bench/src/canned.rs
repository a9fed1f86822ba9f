//! A DynamoDB that has one answer to everything, over HTTP or TLS.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use table_sim::Row;

use crate::http::{self, Message};

/// How the programs reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    Http,
    Tls,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
        }
    }
}

/// The running stand-in.
pub(crate) struct Canned {
    /// Where it listens.
    pub(crate) endpoint: String,
    /// The file with the authority that vouches for it.
    pub(crate) authority: Option<PathBuf>,
}

impl Canned {
    /// Starts on a free port; `folder` is where its certificate goes.
    pub(crate) fn start(transport: Transport, row: &Row, folder: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let (tls, authority) = match transport {
            Transport::Http => (None, None),
            Transport::Tls => {
                let (config, certificate) = certified()?;
                let file = folder.join("authority.pem");
                std::fs::write(&file, certificate)?;
                (Some(Arc::new(config)), Some(file))
            }
        };
        let answer = Arc::<[u8]>::from(page(row));
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (answer, tls) = (Arc::clone(&answer), tls.clone());
                // A connection that breaks off is one that the program has given up.
                std::thread::spawn(move || serve(connection, tls, &answer));
            }
        });
        let scheme = match transport {
            Transport::Http => "http",
            Transport::Tls => "https",
        };
        Ok(Self { endpoint: format!("{scheme}://localhost:{port}"), authority })
    }
}

/// A certificate for this machine alone, with its own authority.
fn certified() -> anyhow::Result<(ServerConfig, String)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok((config, made.cert.pem()))
}

fn serve(
    connection: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    answer: &[u8],
) -> anyhow::Result<()> {
    connection.set_nodelay(true)?;
    match tls {
        Some(config) => {
            let session = ServerConnection::new(config)?;
            exchange(BufReader::new(StreamOwned::new(session, connection)), answer)
        }
        None => exchange(BufReader::new(connection), answer),
    }
}

fn exchange<S>(mut stream: BufReader<S>, answer: &[u8]) -> anyhow::Result<()>
where
    S: std::io::Read + Write,
    BufReader<S>: BufRead,
{
    while Message::read(&mut stream)?.is_some() {
        stream.get_mut().write_all(answer)?;
    }
    Ok(())
}

/// A page of a query with one row, as DynamoDB sends it.
fn page(row: &Row) -> Vec<u8> {
    let item: serde_json::Map<_, _> =
        row.attributes().iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    let page = json!({
        "Count": 1,
        "ScannedCount": 1,
        "Items": [item],
        "ConsumedCapacity": {"TableName": table_sim::TABLE, "CapacityUnits": 0.5},
    });
    let headers = [
        ("Content-Type", "application/x-amz-json-1.0"),
        ("x-amzn-RequestId", "U8OHRQT6GOJ9V7P5LHBPA3N5AFVV4KQNSO5AEMVJF66Q9ASUAAJG"),
        ("Server", "Server"),
    ];
    http::answer("200 OK", &headers, page.to_string().as_bytes())
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(flag) => json!({"BOOL": flag}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(list) => json!({"L": list.iter().map(attribute).collect::<Vec<_>>()}),
        Value::Object(map) => {
            let map = map.iter().map(|(name, value)| (name.clone(), attribute(value)));
            json!({"M": map.collect::<serde_json::Map<_, _>>()})
        }
    }
}
