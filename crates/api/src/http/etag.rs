//! Entity tags in conditions (RFC 9110, sections 8.8.3 and 13.1).
//!
//! A compressed answer's tag ends in the name of its coding, because it is another representation
//! (`compress` adds it). Conditions are about the row, so that the ending is taken off here.

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use super::Problem;
use super::encoding::Coding;

/// An entity tag as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EntityTag<'h> {
    weak: bool,
    /// What is between the quotes.
    opaque: &'h str,
}

/// What a condition asks for.
#[derive(Debug, PartialEq, Eq)]
enum Tags<'h> {
    /// `*`
    Any,
    /// At least one tag.
    These(Vec<EntityTag<'h>>),
}

/// Returns whether `If-None-Match` names the tag, or any: then the client has what it asks for.
/// Comparison is weak. A header that cannot be read names nothing.
pub fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    let Some(EntityTag { opaque, .. }) = one(tag).map(|(tag, _)| tag) else { return false };
    let opaque = without_coding(opaque);
    match parse(headers, &IF_NONE_MATCH) {
        Some(Tags::Any) => true,
        Some(Tags::These(tags)) => tags.iter().any(|tag| without_coding(tag.opaque) == opaque),
        None => false,
    }
}

/// Returns whether `If-None-Match` is there, and so is `*`: for a write it means that there must be
/// nothing yet.
///
/// # Errors
/// When it names tags or cannot be read.
pub fn must_be_absent(headers: &HeaderMap) -> Result<bool, Problem> {
    if !headers.contains_key(IF_NONE_MATCH) {
        return Ok(false);
    }
    match parse(headers, &IF_NONE_MATCH) {
        Some(Tags::Any) => Ok(true),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_header",
            "`If-None-Match` of a write is `*`: create only where there is nothing yet",
        )),
    }
}

/// Returns the opaque parts of the strong tags of `If-Match`; `None` for `*`. Comparison is strong,
/// so that weak tags are left out and nothing may be left.
///
/// # Errors
/// When the header cannot be read: guessing could overwrite another's change.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>, Problem> {
    match parse(headers, &IF_MATCH) {
        Some(Tags::Any) => Ok(None),
        Some(Tags::These(tags)) => Ok(Some(
            tags.iter()
                .filter(|tag| !tag.weak)
                .map(|tag| without_coding(tag.opaque).to_owned())
                .collect(),
        )),
        None => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_header",
            "`If-Match` is `*` or entity tags as they came, with their quotes: `\"3f5a…\"`",
        )),
    }
}

/// Returns whether `If-None-Match` names this very tag, coding and all.
pub(super) fn names_exactly(headers: &HeaderMap, opaque: &str, coding: Coding) -> bool {
    match parse(headers, &IF_NONE_MATCH) {
        Some(Tags::These(tags)) => tags.iter().any(|tag| {
            !tag.weak
                && tag.opaque.strip_suffix(coding.tag_suffix()).is_some_and(|rest| rest == opaque)
        }),
        _ => false,
    }
}

/// Takes the name of a content coding off the end of a tag's opaque part.
fn without_coding(opaque: &str) -> &str {
    Coding::ALL.iter().find_map(|coding| opaque.strip_suffix(coding.tag_suffix())).unwrap_or(opaque)
}

/// Reads a condition, perhaps in several lines. `None` where it is missing or not one.
fn parse<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Tags<'h>> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let mut rest = value.to_str().ok()?.trim_matches([' ', '\t']);
        if rest == "*" && tags.is_empty() && headers.get_all(name).iter().count() == 1 {
            return Some(Tags::Any);
        }
        while !rest.is_empty() {
            // Empty members of a list are passed over (RFC 9110, section 5.6.1.2).
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start_matches([' ', '\t']);
                continue;
            }
            let (tag, after) = one(rest)?;
            tags.push(tag);
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }
    if tags.is_empty() { None } else { Some(Tags::These(tags)) }
}

/// Reads one tag and returns what follows it.
fn one(text: &str) -> Option<(EntityTag<'_>, &str)> {
    let (weak, text) = match text.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (opaque, rest) = text.strip_prefix('"')?.split_once('"')?;
    let fits = opaque.bytes().all(|byte| byte > b' ' && byte != 0x7f);
    fits.then_some((EntityTag { weak, opaque }, rest))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_str(line).expect("the line is a header"));
        }
        headers
    }

    #[track_caller]
    fn check_none(lines: &[&str], tag: &str, expected: bool) {
        let headers = headers(&IF_NONE_MATCH, lines);
        assert_eq!(none_match(&headers, tag), expected, "{lines:?} {tag}");
    }

    #[track_caller]
    fn check_match(lines: &[&str], expected: Option<Option<&[&str]>>) {
        let found = if_match(&headers(&IF_MATCH, lines)).ok();
        let expected = expected
            .map(|tags| tags.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect()));
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn none_match_compares_weakly() {
        check_none(&[], "\"a\"", false);
        check_none(&["\"a\""], "\"a\"", true);
        check_none(&["\"a\""], "\"b\"", false);
        check_none(&["*"], "\"a\"", true);
        check_none(&[" * "], "\"a\"", true);
        check_none(&["W/\"a\""], "\"a\"", true);
        check_none(&["\"a\""], "W/\"a\"", true);
        check_none(&["W/\"a\""], "W/\"a\"", true);
        check_none(&["\"x\", W/\"y\" ,\"a\""], "\"a\"", true);
        check_none(&["\"x\"", "\"a\""], "\"a\"", true);
        check_none(&[",, \"a\",,"], "\"a\"", true);
        check_none(&["\"a,b\""], "\"a,b\"", true);
        check_none(&["\"a,b\""], "\"a\"", false);
    }

    #[test]
    fn codings_are_taken_off() {
        check_none(&["\"a-gzip\""], "\"a\"", true);
        check_none(&["\"a-br\""], "\"a\"", true);
        check_none(&["W/\"a-br\""], "\"a-gzip\"", true);
        check_none(&["\"a-zip\""], "\"a\"", false);
        check_match(&["\"a-gzip\", \"b\""], Some(Some(&["a", "b"])));
    }

    #[test]
    fn unreadable_none_match_names_nothing() {
        for line in ["a", "\"a", "a\"", "\"x\" \"a\"", "w/\"a\"", "*, \"a\"", "\"a\", *", "", ","] {
            check_none(&[line], "\"a\"", false);
        }
        check_none(&["*", "*"], "\"a\"", false);
    }

    #[test]
    fn if_match_compares_strongly_and_is_never_guessed() {
        check_match(&["*"], Some(None));
        check_match(&["\"a\""], Some(Some(&["a"])));
        check_match(&["\"a\" , \"b\"", "\"c\""], Some(Some(&["a", "b", "c"])));
        check_match(&["W/\"a\""], Some(Some(&[])));
        check_match(&["W/\"a\", \"b\""], Some(Some(&["b"])));
        check_match(&["\"\""], Some(Some(&[""])));
        for line in ["a", "\"a", "\"a\"b", "\"a b\"", "w/\"a\"", "*, \"a\"", "", ",", "\"a\";q=1"] {
            check_match(&[line], None);
        }
    }

    #[test]
    fn exact_names_keep_the_coding() {
        let sent = headers(&IF_NONE_MATCH, &["\"a-br\", \"b\", W/\"c-gzip\""]);
        assert!(names_exactly(&sent, "a", Coding::Brotli));
        assert!(!names_exactly(&sent, "a", Coding::Gzip));
        assert!(!names_exactly(&sent, "b", Coding::Brotli));
        assert!(!names_exactly(&sent, "c", Coding::Gzip));
    }
}
