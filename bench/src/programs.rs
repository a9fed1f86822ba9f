use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

/// Builds both programs for release, as they are built together elsewhere, and says where one is.
#[expect(
    clippy::disallowed_methods,
    reason = "what is taken from a child's environment is no setting"
)]
pub(crate) fn released(name: &str) -> anyhow::Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "-p", "get-order", "-p", "local"]);
    // What cargo says about this program to itself would make it build others anew.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&variable);
        }
    }
    ensure!(build.status().context("cargo cannot be run")?.success(), "{name} cannot be built");
    // Beside this very program, wherever the target folder is.
    Ok(std::env::current_exe()?.with_file_name(name))
}
