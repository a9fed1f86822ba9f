use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a package by itself, as it is deployed, with cargo's profile `dev` or `release`, and says
/// in which folder the outcome is.
#[expect(
    clippy::disallowed_methods,
    reason = "what is taken from a child's environment is no setting"
)]
pub fn build(package: &str, profile: &str) -> Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.args(["build", "--profile", profile, "-p", package]);
    // What cargo says about this program to itself would make it build others anew.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&variable);
        }
    }
    if !build.status()?.success() {
        return Err(Error::other(format!("{package} cannot be built")));
    }
    // In the target folder of this very program, wherever that is: cargo marks it.
    let this = std::env::current_exe()?;
    let is_marked = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    let target = this.ancestors().find(is_marked);
    let target = target.ok_or_else(|| Error::other("this program is in no target folder"))?;
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}
