//! A private PostgreSQL server: Debian's package, a fresh cluster, a socket in its own folder.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// What a server has for starting.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The socket's name, whatever the port: nothing else is in the folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// A running server, stopped and deleted when dropped.
pub struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Makes a cluster and starts a server on it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let user = unprivileged();
        if let Some(user) = &user {
            let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
            chown(folder.path(), uid, gid).expect("the folder can be given away");
        }
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.path(), mode).expect("the folder can be closed");
        let data = folder.path().join("data");
        let made = command("initdb", user.as_ref())
            .args(["--username=mainstay", "--auth=trust", "--encoding=UTF8", "--no-locale"])
            .args(["--no-sync", "--no-instructions", "-D"])
            .arg(&data)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let started = Self { server: serve(folder.path()), folder };
        started.wait();
        started
    }

    /// Returns its address, with the user to whom everything belongs.
    pub fn url(&self) -> String {
        format!("host={} user=mainstay dbname=postgres", self.host().display())
    }

    /// Stops it, with whatever is under way.
    pub fn stop(&mut self) {
        // SIGQUIT: at once, and with all of its processes.
        let _ = kill(Pid::from_raw(self.server.id().cast_signed()), Signal::SIGQUIT);
        let _ = self.server.wait();
    }

    /// Starts it again on what it had.
    pub fn start_again(&mut self) {
        self.server = serve(self.folder.path());
        self.wait();
    }

    /// Returns the folder of the socket, the host of a connection.
    pub fn host(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until the server answers, as PostgreSQL's own program for that sees it.
    fn wait(&self) {
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until {
            let answered = self.folder.path().join(SOCKET).exists()
                && Command::new(programs().join("pg_isready"))
                    .args(["--quiet", "--timeout=5", "-h"])
                    .arg(self.host())
                    .status()
                    .is_ok_and(|status| status.success());
            if answered {
                return;
            }
            std::thread::yield_now();
        }
        panic!("PostgreSQL did not start within {START_TIMEOUT:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a server on a cluster.
fn serve(folder: &Path) -> Child {
    // Nothing here outlives the test, so nothing waits for the disk.
    command("postgres", unprivileged().as_ref())
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-k"])
        .arg(folder)
        .arg("-D")
        .arg(folder.join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres can be started")
}

/// PostgreSQL does not run as root; then the package's own user runs it.
fn unprivileged() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    let user = User::from_name("postgres").expect("users can be looked up");
    Some(user.expect("Debian's package has a user of its own"))
}

fn command(program: &str, user: Option<&User>) -> Command {
    let mut command = Command::new(programs().join(program));
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    }
    command
}

/// Returns the folder of the newest version's programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).max_by_key(|path| number(path));
    newest.expect("PostgreSQL is installed; `cargo xtask test` sees to it").join("bin")
}
