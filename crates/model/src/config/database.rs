//! `[database]`: where the rows are.

use crate::config::reader::{Reader, Section};

/// `[database]`
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseConfig {
    /// The SQLite file, relative to the application folder.
    pub path: String,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { path: ".mainstay/data.db".to_owned() }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> DatabaseConfig {
    let mut section = root.section("database", reader);
    let mut config = DatabaseConfig::default();
    if let Some(path) = section.text("path", reader) {
        if path.value.is_empty() || path.value.contains('\0') {
            reader.error(path.place, "this is not a path", None);
        } else {
            config.path = path.value;
        }
    }
    if let Some(place) = section.present("url") {
        let help = Some("use `path`, the name of an SQLite file".to_owned());
        reader.not_supported(place, "another database than SQLite", help);
    }
    section.finish(reader);
    config
}
