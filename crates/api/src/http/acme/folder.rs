//! Where account and certificate are kept, readable by nobody else.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{AcmeError, AcmeSettings};

/// Chain and key in one file, so that one is never there without the other.
const CERTIFICATE: &str = "certificate.pem";
const ACCOUNT: &str = "account.json";

const OWNERS_FILE: u32 = 0o600;
const OWNERS_FOLDER: u32 = 0o700;

/// The folder of one server.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Creates the folder where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, AcmeError> {
        let made = DirBuilder::new().recursive(true).mode(OWNERS_FOLDER).create(path);
        made.map_err(|source| AcmeError::Folder { path: path.to_owned(), source })?;
        Ok(Self(path.to_owned()))
    }

    /// Returns where the certificate is, and its key.
    pub(super) fn certificate_path(&self) -> PathBuf {
        self.0.join(CERTIFICATE)
    }

    /// Reads the certificate, if it is for these settings.
    pub(super) fn certificate(
        &self,
        settings: &AcmeSettings,
    ) -> Result<Option<Vec<u8>>, AcmeError> {
        let bytes = self.read(CERTIFICATE)?;
        Ok(bytes.filter(|bytes| bytes.starts_with(label(settings).as_bytes())))
    }

    /// Keeps a certificate and its key. What they are for stands before them, where PEM has no say.
    pub(super) fn keep_certificate(
        &self,
        settings: &AcmeSettings,
        chain: &str,
        key: &str,
    ) -> Result<(), AcmeError> {
        self.write(CERTIFICATE, &format!("{}{chain}\n{key}", label(settings)))
    }

    /// Reads the account, as it was kept.
    pub(super) fn account(&self) -> Result<Option<Vec<u8>>, AcmeError> {
        self.read(ACCOUNT)
    }

    /// Keeps the account.
    pub(super) fn keep_account(&self, json: &str) -> Result<(), AcmeError> {
        self.write(ACCOUNT, json)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, AcmeError> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AcmeError::Folder { path, source }),
        }
    }

    /// Replaces a file as a whole, and has it on the disk.
    fn write(&self, name: &str, text: &str) -> Result<(), AcmeError> {
        let (path, draft) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let write = || -> io::Result<()> {
            // One that a crash has left may have other permissions.
            match fs::remove_file(&draft) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(OWNERS_FILE).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            fs::File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| AcmeError::Folder { path: path.clone(), source })
    }
}

fn label(settings: &AcmeSettings) -> String {
    format!("# for {} by {}\n", settings.domains.join(", "), settings.directory)
}
