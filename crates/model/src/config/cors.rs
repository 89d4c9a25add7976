//! `[cors]`: which web pages may call the API.

use std::time::Duration;

use crate::config::reader::{Reader, Section};

/// `[cors]`
#[derive(Clone, Debug, PartialEq)]
pub struct CorsConfig {
    /// Origins such as `https://example.com`, or `*`. None by default.
    pub origins: Vec<String>,
    /// Whether cookies may be sent along.
    pub credentials: bool,
    /// How long a browser may keep the answer.
    pub max_age: Duration,
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self { origins: Vec::new(), credentials: false, max_age: Duration::from_secs(600) }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> CorsConfig {
    let mut section = root.section("cors", reader);
    let mut config = CorsConfig::default();
    config.credentials = section.truth("credentials", reader).unwrap_or(config.credentials);
    for origin in section.texts("origins", reader).unwrap_or_default() {
        if origin.value == "*" && config.credentials {
            reader.error(
                origin.place,
                "with `credentials`, every origin has to be named",
                Some("browsers refuse `*` together with cookies".to_owned()),
            );
        } else if origin.value == "*" || is_origin(&origin.value) {
            config.origins.push(origin.value);
        } else {
            reader.error(
                origin.place,
                format!("`{}` is not an origin", origin.value),
                Some("write scheme, host and port only: \"https://example.com\"".to_owned()),
            );
        }
    }
    let max_age = Duration::ZERO..=Duration::from_secs(86_400);
    if let Some(max_age) = section.duration("max_age", max_age, reader) {
        config.max_age = max_age;
    }
    section.finish(reader);
    config
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    let host_ok = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]_".contains(c));
    scheme_ok && host_ok
}
