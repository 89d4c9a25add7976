//! Conditional requests (RFC 9110 section 13).

use http::HeaderMap;
use http::header::{IF_MATCH, IF_NONE_MATCH};

use super::Problem;

/// Returns whether `If-None-Match` names the tag or any; weak comparison.
pub fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    let tag = opaque(tag);
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim() == "*" || opaque(item) == tag)
}

/// Returns the opaque tags of `If-Match`; `None` for `*`.
///
/// # Errors
/// When the header cannot be read.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>, Problem> {
    let mut tags = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        let value = value.to_str().map_err(|_| {
            Problem::new(http::StatusCode::BAD_REQUEST, "invalid_header", "If-Match is not text")
        })?;
        for item in value.split(',').map(str::trim) {
            if item == "*" {
                return Ok(None);
            }
            tags.push(opaque(item).to_owned());
        }
    }
    Ok(Some(tags))
}

/// Strips quotes, weakness and the suffix of a content coding.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
    tag.strip_suffix("-gzip").or_else(|| tag.strip_suffix("-br")).unwrap_or(tag)
}
