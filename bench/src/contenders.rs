//! The programs that are measured side by side.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use table_sim::{INDEX, Row, TABLE, webhook_row};
use test_support::{Asker, rest_event};

use crate::canned::Canned;
use crate::programs::released;
use crate::sandbox::Start;

/// The member who asks.
pub(crate) const USER: &str = "user_ava";
/// The order that she asks for.
pub(crate) const ORDER: &str = "cs_test_a1measured";

/// A program in the running.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    /// What is deployed, in bytes.
    pub(crate) size: u64,
}

impl Contender {
    /// How it is started over a table.
    pub(crate) fn over(&self, table: &Canned) -> Start {
        let mut start = self.over_endpoint(&table.endpoint);
        if let Some(file) = &table.authority {
            start.environment.push(("AWS_CA_BUNDLE".to_owned(), file.display().to_string()));
        }
        start
    }

    /// How it is started over a DynamoDB at an address.
    pub(crate) fn over_endpoint(&self, dynamodb: &str) -> Start {
        let mut environment = self.environment.clone();
        environment.extend(settings(dynamodb));
        Start { command: self.command.clone(), environment }
    }
}

/// The variables that all of them read.
fn settings(dynamodb: &str) -> Vec<(String, String)> {
    [
        ("COMMERCE_TABLE", TABLE),
        ("ORDER_INDEX", INDEX),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("STRIPE_SECRET", "sk_test_Measured"),
        // Never asked.
        ("STRIPE_API_BASE", "http://127.0.0.1:9"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The event that asks for the order.
pub(crate) fn event() -> Arc<[u8]> {
    rest_event(&Asker::user(USER), ORDER).to_string().into_bytes().into()
}

/// The order's row.
pub(crate) fn row() -> Row {
    webhook_row(USER, ORDER, 1_764_192_504)
}

/// Our own program.
pub(crate) fn get_order() -> anyhow::Result<Contender> {
    native("get-order", "get-order")
}

/// The one that keeps orders true.
pub(crate) fn stripe_events() -> anyhow::Result<Contender> {
    native("stripe-events", "stripe-events")
}

/// The least that it could be.
pub(crate) fn floor() -> anyhow::Result<Contender> {
    native("bare SDK query", "floor")
}

fn native(name: &'static str, package: &str) -> anyhow::Result<Contender> {
    let program = released(package)?;
    let size = program.metadata()?.len();
    Ok(Contender { name, command: vec![text(&program)?], environment: Vec::new(), size })
}

/// The same query by boto3 under `awslambdaric`, both from PyPI, in a folder of their own.
pub(crate) fn boto3(folder: &Path) -> anyhow::Result<Contender> {
    let python = folder.join("bin/python");
    if !python.exists() {
        eprintln!("installing boto3 and awslambdaric into {}", folder.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    }
    let packages = ["-m", "pip", "install", "--quiet", "boto3", "awslambdaric"];
    run(Command::new(&python).args(packages))?;
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("boto3");
    // As in Lambda, where compiled code is there already.
    run(Command::new(&python).args(["-m", "compileall", "-q"]).arg(folder.join("lib")))?;
    let command = [
        text(&python)?,
        "-m".to_owned(),
        "awslambdaric".to_owned(),
        "handler.lambda_handler".to_owned(),
    ];
    let environment = [
        ("PYTHONPATH", text(&handlers)?),
        ("LAMBDA_TASK_ROOT", text(&handlers)?),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    Ok(Contender {
        name: "boto3",
        command: command.into(),
        environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        size: size_below(&folder.join("lib"))?,
    })
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn size_below(folder: &Path) -> anyhow::Result<u64> {
    let (mut size, mut folders) = (0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let (entry, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            if kind.is_dir() {
                folders.push(entry);
            } else if kind.is_file() {
                size += entry.metadata()?.len();
            }
        }
    }
    Ok(size)
}

fn text(path: &Path) -> anyhow::Result<String> {
    Ok(path.to_str().context("a path that is text")?.to_owned())
}

/// Where installed packages are kept between runs.
pub(crate) fn scratch() -> PathBuf {
    std::env::temp_dir().join("get-order-bench")
}
