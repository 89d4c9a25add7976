//! `[app]`: what the application is called.

use crate::config::reader::{Reader, Section};

/// `[app]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppConfig {
    /// The name in documents and logs; the folder's name where it is not given.
    pub name: Option<String>,
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> AppConfig {
    let mut section = root.section("app", reader);
    let name = section.text("name", reader).map(|name| name.value);
    section.finish(reader);
    AppConfig { name }
}
