//! Application folders made for one test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::token::SECRET;

/// An application folder, removed when dropped.
#[derive(Debug)]
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    /// A folder with one module, `app`.
    pub fn new(schema: &str) -> Self {
        Self::empty().file("modules/app/schema.graphql", schema)
    }

    /// A folder that has only a `mainstay.toml` with the test key.
    ///
    /// # Panics
    /// When there is no place for temporary files.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config =
            format!("[[auth.keys]]\nkid = \"test\"\nalg = \"HS256\"\nsecret = \"{SECRET}\"\n");
        Self { dir }.file("mainstay.toml", &config)
    }

    /// A copy of a folder that is there already, with the test key added.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy_of(from: &Path) -> Self {
        let folder = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        copy(from, folder.path());
        let config = folder.path().join("mainstay.toml");
        let mut text = std::fs::read_to_string(&config).unwrap_or_default();
        text.push_str(&format!(
            "\n[[auth.keys]]\nkid = \"test\"\nalg = \"HS256\"\nsecret = \"{SECRET}\"\n"
        ));
        std::fs::write(config, text).expect("the copy can be written");
        folder
    }

    /// Writes a file.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file of a running application, at once and whole.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        let draft = path.with_extension("draft");
        std::fs::write(&draft, text).expect("a file");
        std::fs::rename(&draft, &path).expect("a file");
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the database file.
    pub fn database(&self) -> PathBuf {
        self.path().join(".mainstay/data.db")
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.file_name() == ".mainstay" {
            continue;
        }
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file");
        }
    }
}
