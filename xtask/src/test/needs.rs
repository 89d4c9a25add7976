//! Programs that tests call and a fresh Debian may lack.

use anyhow::Context;

use crate::workspace;

/// A program, what it is asked to see that it is there, and the Debian package that has it.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("curl", "--version", "curl"),
    ("git", "--version", "git"),
    ("pebble", "-help", "pebble"),
    ("pebble-challtestsrv", "-help", "pebble"),
];

/// Installs what is missing, where Debian's packages can be installed.
pub(super) fn install() -> anyhow::Result<()> {
    let mut missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, question, _)| !workspace::has(program, &[question]))
        .map(|(_, _, package)| *package)
        .collect();
    if !has_postgres() {
        missing.push("postgresql");
    }
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let hint = || format!("tests need {}: install it, and run this again", missing.join(" and "));
    workspace::run("apt-get", &["update"]).with_context(hint)?;
    let install = [&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat();
    workspace::run("apt-get", &install).with_context(hint)
}

/// Debian keeps the server's programs of each version apart, outside of the path.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
}
