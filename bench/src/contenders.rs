//! The programs that are measured side by side.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use table_sim::{INDEX, Row, TABLE, webhook_row};
use test_support::{Asker, build, rest_event};

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

/// The same query by boto3 under `awslambdaric`, both from PyPI.
pub(crate) fn boto3() -> anyhow::Result<Contender> {
    let environment = installed("boto3", &["boto3", "awslambdaric"])?;
    let size = size_below(&environment.join("lib"))?;
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("boto3");
    under_python("boto3", &environment, &handlers, "handler.lambda_handler", size)
}

/// The Python entry point under `awslambdaric`.
pub(crate) fn python_entry() -> anyhow::Result<Contender> {
    let built = build("python", "release")?.join("liblambda_function.so");
    let folder = scratch().join("python_entry");
    std::fs::create_dir_all(&folder)?;
    let size = std::fs::copy(built, folder.join("lambda_function.abi3.so"))?;
    let environment = installed("awslambdaric", &["awslambdaric"])?;
    let handler = "lambda_function.lambda_handler";
    under_python("get-order in Python", &environment, &folder, handler, size)
}

/// `awslambdaric` with a handler that does nothing: what any function in Python costs.
pub(crate) fn python_alone() -> anyhow::Result<Contender> {
    let environment = installed("awslambdaric", &["awslambdaric"])?;
    let size = size_below(&environment.join("lib"))?;
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    under_python("Python's runtime alone", &environment, &handlers, "nothing.lambda_handler", size)
}

/// An environment of Python's with packages from PyPI, in a folder that is kept.
fn installed(name: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = scratch().join(name);
    let python = folder.join("bin/python");
    if !python.exists() {
        eprintln!("installing {} into {}", packages.join(" and "), folder.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    // As in Lambda, where compiled code is there already.
    run(Command::new(&python).args(["-m", "compileall", "-q"]).arg(folder.join("lib")))?;
    Ok(folder)
}

/// A handler under `awslambdaric`.
fn under_python(
    name: &'static str,
    environment: &Path,
    handlers: &Path,
    handler: &str,
    size: u64,
) -> anyhow::Result<Contender> {
    let python = text(&environment.join("bin/python"))?;
    let command = [&python, "-m", "awslambdaric", handler];
    let environment = [
        ("PYTHONPATH", text(handlers)?),
        ("LAMBDA_TASK_ROOT", text(handlers)?),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    Ok(Contender {
        name,
        command: command.map(str::to_owned).into(),
        environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        size,
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
fn scratch() -> PathBuf {
    std::env::temp_dir().join("get-order-bench")
}
