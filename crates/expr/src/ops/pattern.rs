//! Regular expressions, compiled once.

use std::sync::LazyLock;

use quick_cache::sync::Cache;
use regex::{Regex, RegexBuilder};

/// The compiled expressions kept; a model has fewer, and filters bring the rest in and out.
pub const MATCHERS_MAX: usize = 128;
/// The most memory that one compiled expression, and each of its caches, may take.
pub const MATCHER_BYTES_MAX: usize = 1024 * 1024;
/// How deep an expression may nest.
const NEST_MAX: u32 = 64;

static MATCHERS: LazyLock<Cache<String, Option<Regex>>> =
    LazyLock::new(|| Cache::new(MATCHERS_MAX));

/// Compiles a regular expression within the bounds of the language.
///
/// # Errors
/// Returns why the text is not a regular expression, or that it is too large.
pub fn compile_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(MATCHER_BYTES_MAX)
        .dfa_size_limit(MATCHER_BYTES_MAX)
        .nest_limit(NEST_MAX)
        .build()
}

/// Returns whether a text has a match of a pattern in it; null for a pattern that does not compile.
pub fn matches(text: &str, pattern: &str) -> Option<bool> {
    if let Some(matcher) = MATCHERS.get(pattern) {
        return Some(matcher?.is_match(text));
    }
    let matcher = compile_pattern(pattern).ok();
    let verdict = matcher.as_ref().map(|matcher| matcher.is_match(text));
    MATCHERS.insert(pattern.to_owned(), matcher);
    verdict
}
