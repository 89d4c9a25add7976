//! The server on one core, the load generator on the other.

use std::path::Path;
use std::process::Command;

use crate::workspace;

const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// Moves this process to the generator's core.
pub(super) fn pin_generator() -> anyhow::Result<()> {
    if !possible() {
        println!("note: nothing is pinned, which needs two cores and `taskset`");
        return Ok(());
    }
    let id = std::process::id().to_string();
    Command::new("taskset").args(["-a", "-c", "-p", GENERATOR_CORE, &id]).output()?;
    Ok(())
}

/// Returns a command that starts a program on the server's core.
pub(super) fn on_server_core(program: &Path) -> Command {
    // This process has been pinned by now, so the number of cores says nothing any more.
    if !workspace::has("taskset", &["--version"]) {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(program);
    command
}

fn possible() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores >= 2 && workspace::has("taskset", &["--version"])
}
