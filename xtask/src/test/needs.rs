//! Programs that tests call and a fresh Debian may lack.

use anyhow::Context;

use crate::workspace;

/// A program, and the Debian package that has it.
const PROGRAMS: [(&str, &str); 2] = [("curl", "curl"), ("git", "git")];

/// Installs what is missing, where Debian's packages can be installed.
pub(super) fn install() -> anyhow::Result<()> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !workspace::has(program, &["--version"]))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let hint = || format!("tests need {}: install it, and run this again", missing.join(" and "));
    workspace::run("apt-get", &["update"]).with_context(hint)?;
    let install = [&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat();
    workspace::run("apt-get", &install).with_context(hint)
}
