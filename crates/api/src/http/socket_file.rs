//! The file of a Unix socket: made with its permissions, replaced when stale, removed at the end.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// A socket's file, removed when dropped unless another server has replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// Binds a Unix socket. A file that a killed server left is replaced; one on which somebody
/// listens, or which is no socket, is not.
pub(super) fn bind(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    make_way(path)?;
    // Made beside and moved, so that nobody connects before the permissions are set.
    let draft = draft(path)?;
    let listener = UnixListener::bind(&draft)?;
    let finish = || {
        fs::set_permissions(&draft, Permissions::from_mode(mode))?;
        fs::rename(&draft, path)?;
        Ok(identity(&fs::symlink_metadata(path)?))
    };
    match finish() {
        Ok(identity) => Ok((listener, SocketFile { path: path.to_owned(), identity })),
        Err(error) => {
            // The error is what matters; the draft is in nobody's way.
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

/// Errs where something is at the path that must not be replaced.
fn make_way(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !metadata.file_type().is_socket() {
        let message = "there is a file that is not a socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
        Err(error) => Err(error),
    }
}

/// A name beside the path that no other process uses, and no longer than it need be.
fn draft(path: &Path) -> io::Result<PathBuf> {
    let name = format!(".{:x}", std::process::id());
    let draft = path.with_file_name(name);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(draft),
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl SocketFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| identity(&found) == self.identity) {
            // A file that stays is replaced by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_has_its_mode_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.sock");
        let bound = bind(&path, 0o640).expect("it is free");
        let metadata = fs::symlink_metadata(&path).expect("it is there");
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
        drop(bound);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.sock");
        // What a killed server leaves: a file and nobody behind it.
        drop(std::os::unix::net::UnixListener::bind(&path).expect("it is free"));
        let live = bind(&path, 0o600).expect("nobody listens");
        let error = bind(&path, 0o600).expect_err("somebody listens");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).expect("it is still there");
        drop(live);
    }

    #[tokio::test]
    async fn other_files_are_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.sock");
        fs::write(&path, "precious").expect("it can be written");
        let error = bind(&path, 0o600).expect_err("it is no socket");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("it is there"), b"precious");

        let path = dir.path().join("b.sock");
        let bound = bind(&path, 0o600).expect("it is free");
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, "another's").expect("it can be written");
        drop(bound);
        assert_eq!(fs::read(&path).expect("it is there"), b"another's");
    }
}
