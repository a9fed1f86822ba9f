use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

/// Builds a program for release, by itself as it is deployed, and says where it is.
#[expect(
    clippy::disallowed_methods,
    reason = "what is taken from a child's environment is no setting"
)]
pub(crate) fn released(name: &str) -> anyhow::Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "-p", name]);
    // What cargo says about this program to itself would make it build others anew.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&variable);
        }
    }
    ensure!(build.status().context("cargo cannot be run")?.success(), "{name} cannot be built");
    // In the target folder of this very program, wherever that is.
    let this = std::env::current_exe()?;
    let target = this.ancestors().nth(2).context("a target folder")?;
    Ok(target.join("release").join(name))
}
