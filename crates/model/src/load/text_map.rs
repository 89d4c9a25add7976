//! From a place inside a string's value to the place in the file.
//!
//! An expression in the SDL is a string literal: `"row.title != \"\""` or a block string. A mistake at
//! byte 13 of its value is elsewhere in the file when escapes or indentation come before it.

use std::ops::Range;

/// For each byte of a string's value (and its end), where it is in the file.
pub(crate) struct TextMap {
    offsets: Vec<usize>,
}

impl TextMap {
    /// Maps the value of the literal at `range` of `text`. Where the literal cannot be followed, every
    /// byte maps to the whole literal.
    pub(crate) fn new(text: &str, range: Range<usize>, value: &str) -> Option<Self> {
        let raw = text.get(range.clone())?.trim_end();
        let decoded = if let Some(inner) = raw.strip_prefix("\"\"\"") {
            block(inner.strip_suffix("\"\"\"")?, range.start + 3)
        } else {
            quoted(raw.strip_prefix('"')?.strip_suffix('"')?, range.start + 1)?
        };
        (decoded.0 == value).then_some(Self { offsets: decoded.1 })
    }

    /// Returns where bytes of the value are in the file.
    pub(crate) fn range(&self, value: Range<usize>) -> Range<usize> {
        let at = |offset: usize| self.offsets[offset.min(self.offsets.len() - 1)];
        let start = at(value.start);
        // The end is behind the last byte, not at the beginning of the next: escapes lie between.
        let end = if value.end > value.start { at(value.end - 1) + 1 } else { start };
        start..end.max(start)
    }
}

fn quoted(inner: &str, base: usize) -> Option<(String, Vec<usize>)> {
    let mut value = String::new();
    let mut offsets = Vec::with_capacity(inner.len() + 1);
    let mut rest = inner.char_indices();
    while let Some((at, c)) = rest.next() {
        let decoded = if c == '\\' { escape(&mut rest, inner)? } else { c };
        value.push(decoded);
        // The first byte is where the escape begins, the last where it ends.
        let next = rest.clone().next().map_or(inner.len(), |(at, _)| at);
        let width = decoded.len_utf8();
        offsets.extend(
            (0..width).map(|byte| {
                if byte + 1 == width && width > 1 { base + next - 1 } else { base + at }
            }),
        );
    }
    offsets.push(base + inner.len());
    Some((value, offsets))
}

fn escape(rest: &mut std::str::CharIndices<'_>, inner: &str) -> Option<char> {
    let (at, c) = rest.next()?;
    Some(match c {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let code = u32::from_str_radix(inner.get(at + 1..at + 5)?, 16).ok()?;
            rest.nth(3)?;
            char::from_u32(code)?
        }
        c => c,
    })
}

fn block(inner: &str, base: usize) -> (String, Vec<usize>) {
    // https://spec.graphql.org/draft/#BlockStringValue()
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let bytes = inner.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => {
                lines.push(start..at);
                start = at + 1;
            }
            b'\r' => {
                lines.push(start..at);
                if bytes.get(at + 1) == Some(&b'\n') {
                    at += 1;
                }
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    lines.push(start..inner.len());

    let indent_of = |line: &Range<usize>| {
        let text = &inner[line.clone()];
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        (indent < text.len()).then_some(indent)
    };
    let common = lines.iter().skip(1).filter_map(indent_of).min().unwrap_or(0);
    for line in lines.iter_mut().skip(1) {
        line.start = (line.start + common).min(line.end);
    }
    while lines.first().is_some_and(|line| indent_of(line).is_none()) {
        lines.remove(0);
    }
    while lines.last().is_some_and(|line| indent_of(line).is_none()) {
        lines.pop();
    }

    let mut value = String::new();
    let mut offsets = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            value.push('\n');
            offsets.push(base + lines[index - 1].end);
        }
        let mut at = line.start;
        while at < line.end {
            if inner[at..line.end].starts_with("\\\"\"\"") {
                at += 1;
            }
            let Some(c) = inner[at..line.end].chars().next() else { break };
            value.push(c);
            offsets.extend((0..c.len_utf8()).map(|byte| base + at + byte));
            at += c.len_utf8();
        }
    }
    offsets.push(base + lines.last().map_or(0, |line| line.end));
    (value, offsets)
}

#[cfg(test)]
mod tests {
    use super::TextMap;

    /// Asserts which part of the literal stands for `needle` in its value.
    #[track_caller]
    fn check(literal: &str, value: &str, needle: &str, expected: &str) {
        let text = format!("expr: {literal})");
        let map =
            TextMap::new(&text, 6..6 + literal.len(), value).expect("the literal is followed");
        let start = value.find(needle).expect("the needle is in the value");
        assert_eq!(&text[map.range(start..start + needle.len())], expected);
    }

    #[test]
    fn a_place_in_the_value_is_found_in_the_literal() {
        check(r#""row.title""#, "row.title", "title", "title");
        check(r#""a == \"x\" && b""#, r#"a == "x" && b"#, "b", "b");
        check(r#""a == \"x\" && b""#, r#"a == "x" && b"#, "\"x\"", r#"\"x\"#);
        check(r#""ä \u00e4 b""#, "ä ä b", "b", "b");
        check(
            "\"\"\"\n    row.a\n      && row.b\n    \"\"\"",
            "row.a\n  && row.b",
            "row.b",
            "row.b",
        );
        check("\"\"\"row.a\"\"\"", "row.a", "a", "a");
        check("\"\"\"a == \\\"\"\" || b\"\"\"", "a == \"\"\" || b", "b", "b");
    }

    #[test]
    fn a_literal_that_cannot_be_followed_has_no_map() {
        assert!(TextMap::new("\"abc\"", 0..5, "other").is_none());
        assert!(TextMap::new("\"", 0..1, "").is_none());
        assert!(TextMap::new("", 0..9, "").is_none());
    }
}
