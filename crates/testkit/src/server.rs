//! Servers: the real binary, in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::Client;
use crate::folder::Folder;

/// Longer than anything that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// On what the application runs. The same tests pass on each.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum Topology {
    /// One process on embedded SQLite.
    Sqlite,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    folder: Arc<Folder>,
    child: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Migrates a fresh database and serves.
    ///
    /// # Panics
    /// When the application does not come up.
    pub fn start(binary: &str, folder: Folder) -> Self {
        let folder = Arc::new(folder);
        let output = Command::new(binary)
            .args(["migrate", "--apply"])
            .arg(folder.path())
            .output()
            .expect("the binary runs");
        assert!(
            output.status.success(),
            "migrate failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Self::run(binary, "serve", folder)
    }

    /// Runs `mainstay dev`.
    ///
    /// # Panics
    /// When the application does not come up.
    pub fn dev(binary: &str, folder: Folder) -> Self {
        Self::run(binary, "dev", Arc::new(folder))
    }

    /// Runs `serve` or `dev` on a folder that is ready.
    ///
    /// # Panics
    /// When it does not print its address.
    pub fn run(binary: &str, command: &str, folder: Arc<Folder>) -> Self {
        Self::listen(binary, command, folder, &["127.0.0.1:0"])
    }

    /// Runs `serve` or `dev` on these addresses, a TCP one among them.
    ///
    /// # Panics
    /// When it does not print its address.
    pub fn listen(binary: &str, command: &str, folder: Arc<Folder>, addresses: &[&str]) -> Self {
        let mut child = Command::new(binary)
            .arg(command)
            .args(addresses.iter().flat_map(|address| ["--listen", address]))
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("stderr is piped");
        keep(stderr, Arc::clone(&log));
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            let read = stdout.read_line(&mut line).expect("stdout can be read");
            assert!(read > 0, "the server ended:\n{}", text(&log));
            let url = line.split_once("http://").or_else(|| line.split_once("https://"));
            if let Some((_, rest)) = url {
                let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
                break rest[..end].to_owned();
            }
        };
        keep(stdout, Arc::clone(&log));
        Self { folder, child, address, log }
    }

    /// Returns a client without a token.
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Returns the address, `127.0.0.1:12345`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the application folder.
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Returns the process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Returns the memory that the process holds, in bytes.
    ///
    /// # Panics
    /// Where the system does not tell.
    pub fn memory(&self) -> usize {
        self.status("VmRSS:")
    }

    /// Returns the memory that the process holds, without the pages of files that the system lends
    /// it and takes back when it likes.
    ///
    /// # Panics
    /// Where the system does not tell.
    pub fn own_memory(&self) -> usize {
        self.status("RssAnon:")
    }

    fn status(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        kib.expect("the system tells") * 1024
    }

    /// Returns all that the server has printed.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    /// Waits until the server prints a line that holds a text, and returns it from there on.
    ///
    /// # Panics
    /// When nothing of the kind comes.
    pub fn until_logged(&self, text: &str) -> String {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let log = self.log();
            // A line that is still being printed is not looked at.
            let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let found = lines.filter_map(|line| Some(line[line.find(text)?..].trim_end())).next();
            if let Some(found) = found {
                return found.to_owned();
            }
            std::thread::yield_now();
        }
        panic!("`{text}` was never printed:\n{}", self.log());
    }

    /// Ends the process as a power cut would.
    pub fn kill(mut self) -> Arc<Folder> {
        let _ = kill(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
        Arc::clone(&self.folder)
    }

    /// Asks the process to end, and returns its exit code.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn terminate(mut self) -> Option<i32> {
        let _ = kill(self.pid(), Signal::SIGTERM);
        self.child.wait().expect("the server can be waited for").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the binary to its end and returns its exit code and what it printed.
///
/// # Panics
/// When it cannot be run.
pub fn command(binary: &str, args: &[&str], dir: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(binary).args(args).arg(dir).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn keep(mut from: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..read]);
            log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push_str(&text);
        }
    });
}

fn text(log: &Mutex<String>) -> String {
    log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}
