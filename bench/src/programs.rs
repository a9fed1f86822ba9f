use std::path::PathBuf;

use test_support::build;

/// Builds a program for release, by itself as it is deployed, and says where it is.
pub(crate) fn released(name: &str) -> anyhow::Result<PathBuf> {
    Ok(build(name, "release")?.join(name))
}
