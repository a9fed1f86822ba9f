use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::process::{cpu_time, memory};
use crate::programs::released;

/// The local server, as built for release.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// A token of the member who has most of the orders.
    pub(crate) token: String,
}

impl Server {
    /// Builds it and starts it on a free port.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = released("local")?;
        let child = Command::new(&program)
            .args(["--port", "0", "--emit-env"])
            .env("LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be run", program.display()))?;
        let mut server = Self { child, url: String::new(), token: String::new() };
        let output = server.child.stdout.take().context("no output")?;
        for line in BufReader::new(output).lines() {
            match line?.split_once('=') {
                Some(("ORDERS_URL", value)) => value.clone_into(&mut server.url),
                Some(("AVA_TOKEN", value)) => value.clone_into(&mut server.token),
                // The last thing that it writes there.
                Some(("BEN_TOKEN", _)) => return Ok(server),
                _ => {}
            }
        }
        bail!("the server ended without a word of where it listens")
    }

    /// How long it has computed so far, in microseconds.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<f64> {
        cpu_time(self.child.id())
    }

    /// How much memory it has now, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u32> {
        memory(self.child.id(), "VmRSS")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the figures show.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
