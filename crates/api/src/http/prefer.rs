//! `Prefer: return=…` (RFC 7240): whether a write answers with the row or without.

use http::HeaderMap;
use http::header::HeaderName;

/// `Prefer`
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// `Preference-Applied`
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What the answer to a write should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// As little as possible.
    Minimal,
    /// What was written, as its reader sees it.
    Representation,
}

impl Return {
    /// Reads the preference. Others are ignored, as is a value that nobody knows; of several the
    /// first counts (RFC 7240, section 2).
    pub fn preferred(headers: &HeaderMap) -> Option<Self> {
        let value = headers
            .get_all(PREFER)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(preferences)
            .find_map(|(name, value)| name.eq_ignore_ascii_case("return").then_some(value))?;
        match value {
            "minimal" => Some(Self::Minimal),
            "representation" => Some(Self::Representation),
            _ => None,
        }
    }

    /// Returns what `Preference-Applied` says.
    pub fn applied(self) -> &'static str {
        match self {
            Self::Minimal => "return=minimal",
            Self::Representation => "return=representation",
        }
    }
}

/// Splits a line into names and values; a preference's parameters are passed over.
fn preferences(line: &str) -> impl Iterator<Item = (&str, &str)> {
    split(line, ',').filter_map(|preference| {
        let (name, value) = split(preference, ';').next()?.split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    })
}

/// Splits where a character stands outside quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => return !quoted && c == at,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<Return>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(PREFER, HeaderValue::from_str(line).expect("the line is a header"));
        }
        assert_eq!(Return::preferred(&headers), expected, "{lines:?}");
    }

    #[test]
    fn the_first_return_counts() {
        check(&[], None);
        check(&["return=minimal"], Some(Return::Minimal));
        check(&["Return = \"representation\""], Some(Return::Representation));
        check(&["respond-async, wait=10, return=minimal; x=1"], Some(Return::Minimal));
        check(&["handling=strict", "return=minimal"], Some(Return::Minimal));
        check(&["return=minimal, return=representation"], Some(Return::Minimal));
        check(&["return=everything, return=minimal"], None);
        check(&["x=\"a, return=minimal\""], None);
        check(&["x=\"a\\\", return=minimal\""], None);
        check(&["return"], None);
        check(&["", ",;=,", "\""], None);
    }
}
