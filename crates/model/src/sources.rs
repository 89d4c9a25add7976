//! The texts of an application folder.

use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The largest file that is read. A model is text written by people; more is a mistake.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The most files of one application that are read.
pub const FILES_MAX: usize = 1000;
/// The configuration's path in the application folder.
pub const CONFIG_PATH: &str = "mainstay.toml";

/// Looks up an environment variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The files of an application folder that make up its model and configuration.
#[derive(Clone)]
pub struct Sources {
    files: Vec<Arc<Source>>,
    environment: Environment,
}

/// One file.
#[derive(Debug)]
pub struct Source {
    path: Arc<str>,
    text: String,
    line_starts: OnceLock<Vec<usize>>,
}

/// What can go wrong while reading an application folder.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A folder or file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// What was to be read.
        path: String,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// A file is larger than `FILE_BYTES_MAX`.
    #[error("{path} is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// There are more files than `FILES_MAX`.
    #[error("the application has more than {FILES_MAX} files")]
    TooMany,
    /// There is neither a configuration nor a module.
    #[error("{path} is not an application folder: it has neither mainstay.toml nor modules/")]
    NotAnApplication {
        /// The folder.
        path: String,
    },
}

impl Sources {
    /// Takes texts by their paths relative to the application folder (`modules/blog/schema.graphql`).
    pub fn new<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut files: Vec<Arc<Source>> = files
            .into_iter()
            .map(|(path, text)| Arc::new(Source::new(&path.into(), text.into())))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files, environment: Arc::new(|_| None) }
    }

    /// Gives the lookup behind `${NAME}` in `mainstay.toml`. Without it no variable is set.
    pub fn with_environment(
        mut self,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Arc::new(lookup);
        self
    }

    /// Reads `mainstay.toml` and `modules/*/*.graphql` of a folder.
    ///
    /// # Errors
    /// When something cannot be read, is too large or too much, or the folder is no application.
    pub fn read(dir: &Path) -> Result<Self, ReadError> {
        let mut files = Vec::new();
        let config = dir.join(CONFIG_PATH);
        if config.is_file() {
            files.push((CONFIG_PATH.to_owned(), read_text(&config)?));
        }
        let modules = dir.join("modules");
        if !modules.is_dir() && files.is_empty() {
            return Err(ReadError::NotAnApplication { path: dir.display().to_string() });
        }
        if modules.is_dir() {
            for module in entries(&modules)?.iter().filter(|path| path.is_dir()) {
                for path in entries(module)? {
                    if path.extension().is_none_or(|e| e != "graphql") || !path.is_file() {
                        continue;
                    }
                    if files.len() >= FILES_MAX {
                        return Err(ReadError::TooMany);
                    }
                    let relative = path.strip_prefix(dir).unwrap_or(&path);
                    let name: Vec<_> = relative
                        .components()
                        .map(|part| part.as_os_str().to_string_lossy())
                        .collect();
                    files.push((name.join("/"), read_text(&path)?));
                }
            }
        }
        Ok(Self::new(files))
    }

    /// Returns the files, sorted by path.
    pub fn files(&self) -> &[Arc<Source>] {
        &self.files
    }

    /// Returns the lookup of environment variables.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Finds a file by its path.
    pub(crate) fn index_of(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|file| &*file.path == path)
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.files.iter().map(|file| &file.path)).finish()
    }
}

impl Source {
    fn new(path: &str, text: String) -> Self {
        Self { path: path.into(), text, line_starts: OnceLock::new() }
    }

    /// Returns the path relative to the application folder.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let starts = self.line_starts.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        });
        let offset = self.boundary(offset);
        let line = starts.partition_point(|start| *start <= offset) - 1;
        let column = self.text[starts[line]..offset].chars().count() + 1;
        (line as u32 + 1, column as u32)
    }

    /// Returns the nearest character boundary at or before an offset.
    pub(crate) fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn entries(dir: &Path) -> Result<Vec<std::path::PathBuf>, ReadError> {
    let io = |source| ReadError::Io { path: dir.display().to_string(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        found.push(entry.map_err(io)?.path());
    }
    found.sort();
    Ok(found)
}

fn read_text(path: &Path) -> Result<String, ReadError> {
    let io = |source| ReadError::Io { path: path.display().to_string(), source };
    if std::fs::metadata(path).map_err(io)?.len() > FILE_BYTES_MAX {
        return Err(ReadError::TooLarge { path: path.display().to_string() });
    }
    std::fs::read_to_string(path).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::{FILE_BYTES_MAX, ReadError, Source, Sources};

    #[test]
    fn a_folder_is_read_without_what_is_no_model() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("it is made");
            std::fs::write(path, text).expect("it is written");
        };
        assert!(matches!(Sources::read(dir.path()), Err(ReadError::NotAnApplication { .. })));
        write("mainstay.toml", "");
        write("modules/b/schema.graphql", "b");
        write("modules/a/two.graphql", "a2");
        write("modules/a/one.graphql", "a1");
        write("modules/a/code.ts", "");
        write("modules/stray.graphql", "");
        write("api/v1.graphql", "");
        let sources = Sources::read(dir.path()).expect("it is read");
        let paths: Vec<&str> = sources.files().iter().map(|file| &**file.path()).collect();
        assert_eq!(
            paths,
            [
                "mainstay.toml",
                "modules/a/one.graphql",
                "modules/a/two.graphql",
                "modules/b/schema.graphql"
            ]
        );
        write("modules/a/large.graphql", &"#".repeat(FILE_BYTES_MAX as usize + 1));
        assert!(matches!(Sources::read(dir.path()), Err(ReadError::TooLarge { .. })));
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x", "aä\n→b".to_owned());
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(3), (1, 3));
        assert_eq!(source.position(4), (2, 1));
        assert_eq!(source.position(5), (2, 1), "inside of a character");
        assert_eq!(source.position(7), (2, 2));
        assert_eq!(source.position(99), (2, 3));
    }
}
