//! Texts.

/// Returns whether a text begins with another.
pub fn starts_with(text: &str, prefix: &str) -> bool {
    text.starts_with(prefix)
}

/// Returns whether a text ends with another.
pub fn ends_with(text: &str, suffix: &str) -> bool {
    text.ends_with(suffix)
}

/// Returns whether a text has another in it.
pub fn contains(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// Turns the letters A to Z into small ones.
pub fn lower_ascii(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Turns the letters a to z into capitals.
pub fn upper_ascii(text: &str) -> String {
    text.to_ascii_uppercase()
}

/// Drops ASCII white space at both ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

/// Returns what stands before the first occurrence of a separator; the whole text without one.
pub fn before<'t>(text: &'t str, separator: &str) -> &'t str {
    text.split_once(separator).map_or(text, |(before, _)| before)
}

/// Returns what stands behind the first occurrence of a separator; nothing without one.
pub fn after<'t>(text: &'t str, separator: &str) -> &'t str {
    text.split_once(separator).map_or("", |(_, after)| after)
}

/// Counts the code points.
pub fn size(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}
