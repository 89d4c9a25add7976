//! `[api]`: versions.

use crate::config::reader::{Reader, Section};

/// `[api]`
#[derive(Clone, Debug, PartialEq)]
pub struct ApiConfig {
    /// The version that paths without one mean.
    pub default: String,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { default: "v1".to_owned() }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> ApiConfig {
    let mut section = root.section("api", reader);
    let mut config = ApiConfig::default();
    if let Some(version) = section.text("default", reader) {
        let number = version.value.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
        if number.is_some_and(|number| number > 0 && format!("v{number}") == version.value) {
            config.default = version.value;
        } else {
            let message = format!("`{}` is not a version", version.value);
            reader.error(
                version.place,
                message,
                Some("versions are \"v1\", \"v2\" and so on".to_owned()),
            );
        }
    }
    section.finish(reader);
    config
}
