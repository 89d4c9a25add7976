//! Builds the contestants as they are released.

use std::path::PathBuf;

use super::server::Contestant;
use crate::workspace;

/// Builds the release binaries of the contestants.
pub(super) fn release(contestants: &[Contestant]) -> anyhow::Result<()> {
    let mut args = vec!["build", "--release"];
    for contestant in contestants {
        args.extend(["--package", contestant.package()]);
    }
    workspace::run("cargo", &args)
}

/// Runs this command again as it was given, optimized.
pub(super) fn run_optimized() -> anyhow::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let mut args = vec!["run", "--release", "--package", "xtask", "--"];
    args.extend(given.iter().map(String::as_str));
    workspace::run("cargo", &args)
}

/// Returns the release binary of a contestant.
pub(super) fn binary(contestant: Contestant) -> PathBuf {
    target().join("release").join(contestant.package())
}

/// Returns the build folder.
pub(super) fn target() -> PathBuf {
    workspace::root().join("target")
}
