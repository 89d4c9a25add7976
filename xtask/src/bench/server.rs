//! A contestant's process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::token::Signer;
use super::{build, data, pinning};
use crate::workspace;

/// Who is measured.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Contestant {
    /// The product.
    Mainstay,
    /// The hand-written limit.
    Limit,
}

impl Contestant {
    /// Returns the package, which is also the binary's name.
    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Mainstay => "mainstay",
            Self::Limit => "limit",
        }
    }
}

/// A running contestant, killed when dropped.
pub(super) struct Server {
    /// Who it is.
    pub(super) contestant: Contestant,
    /// Where it listens.
    pub(super) address: SocketAddr,
    child: Child,
    /// Kept open: a server that cannot write its log would end.
    _stdout: BufReader<ChildStdout>,
}

/// What a process has used.
#[derive(Copy, Clone, Debug)]
pub(super) struct Usage {
    /// Processor time since the start, in milliseconds.
    pub(super) cpu_ms: f64,
    /// Resident memory, in megabytes.
    pub(super) memory_mb: f64,
    /// The most resident memory so far, in megabytes.
    pub(super) memory_peak_mb: f64,
}

/// Returns a fresh copy of the database for a contestant.
pub(super) fn copy_database(contestant: Contestant, original: &Path) -> anyhow::Result<PathBuf> {
    let copy = build::target().join("bench").join(format!("run-{}.db", contestant.package()));
    data::remove(&copy)?;
    std::fs::copy(original, &copy).context("cannot copy the database")?;
    Ok(copy)
}

impl Server {
    /// Starts a contestant and waits for the line that says where it listens.
    pub(super) fn start(contestant: Contestant, database: &Path) -> anyhow::Result<Self> {
        let mut command = pinning::on_server_core(&build::binary(contestant));
        match contestant {
            Contestant::Mainstay => {
                command.arg("serve").arg(workspace::root().join("bench/blog"));
            }
            Contestant::Limit => {
                command.args(["--secret", &Signer::read()?.secret]);
            }
        }
        command.arg("--database").arg(database).args(["--listen", "127.0.0.1:0"]);
        let log = build::target().join("bench").join(format!("{}.log", contestant.package()));
        let log = std::fs::File::create(log).context("cannot make the log")?;
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", contestant.package()))?;
        let stdout = child.stdout.take().context("the server has no output")?;
        let mut stdout = BufReader::new(stdout);
        let address = match wait_for_address(&mut stdout) {
            Ok(address) => address,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.context(format!("{} did not start", contestant.package())));
            }
        };
        Ok(Self { contestant, address, child, _stdout: stdout })
    }

    /// Starts the peak of memory anew, where the system allows it (proc(5)).
    pub(super) fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Returns what the process has used so far.
    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        let folder = PathBuf::from(format!("/proc/{}", self.child.id()));
        let stat = std::fs::read_to_string(folder.join("stat")).context("the server is gone")?;
        let status = std::fs::read_to_string(folder.join("status"))?;
        let megabytes = |name: &str| -> Option<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(
                line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse::<f64>().ok()?
                    / 1024.0,
            )
        };
        Ok(Usage {
            cpu_ms: cpu_ms(&stat).context("/proc/…/stat reads differently here")?,
            memory_mb: megabytes("VmRSS").context("no VmRSS")?,
            memory_peak_mb: megabytes("VmHWM").context("no VmHWM")?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whoever is gone already need not be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for_address(stdout: &mut BufReader<ChildStdout>) -> anyhow::Result<SocketAddr> {
    let mut line = String::new();
    loop {
        line.clear();
        if stdout.read_line(&mut line)? == 0 {
            bail!("it ended without saying where it listens; its log is in target/bench");
        }
        let Some((_, rest)) = line.split_once("http://127.0.0.1:") else { continue };
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return Ok(SocketAddr::from(([127, 0, 0, 1], port.parse()?)));
    }
}

/// Returns the processor time this process has used, in milliseconds.
pub(super) fn own_cpu_ms() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    cpu_ms(&stat).context("/proc/self/stat reads differently here")
}

/// Linux counts processor time in hundredths of a second, whatever its own tick is (proc(5)).
fn cpu_ms(stat: &str) -> Option<f64> {
    // The name of the program may hold spaces and ends with the last parenthesis.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let user: f64 = fields.nth(11)?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_time() {
        let stat = "42 (a (odd) name) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ms(stat), Some(3000.0));
    }
}
