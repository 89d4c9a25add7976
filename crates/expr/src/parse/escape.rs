//! CEL's escapes in quoted texts.

use std::fmt::Write;

use crate::mistake::Mistake;
use crate::tree::Span;

/// Resolves the escapes of a text that begins at `offset`.
pub(super) fn decode(body: &str, offset: usize) -> Result<String, Mistake> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let start = offset + body.len() - rest.len() + at;
        let escape = &rest[at + 1..];
        let (c, length) = one(escape).ok_or_else(|| {
            let shown = escape.chars().next().map_or(0, char::len_utf8);
            Mistake::new(Span { start, end: start + 1 + shown }, "this escape is not known")
                .with_help("a backslash itself is written \\\\, or use a raw text: r'…'")
        })?;
        out.push(c);
        rest = &escape[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns the character an escape stands for, and the bytes it takes behind the backslash.
fn one(escape: &str) -> Option<(char, usize)> {
    let simple = match escape.as_bytes().first()? {
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        b'\\' => '\\',
        b'?' => '?',
        b'"' => '"',
        b'\'' => '\'',
        b'`' => '`',
        b'x' | b'X' => return numeric(escape, 1, 2, 16),
        b'u' => return numeric(escape, 1, 4, 16),
        b'U' => return numeric(escape, 1, 8, 16),
        b'0'..=b'3' => return numeric(escape, 0, 3, 8),
        _ => return None,
    };
    Some((simple, 1))
}

fn numeric(escape: &str, from: usize, digits: usize, radix: u32) -> Option<(char, usize)> {
    let text = escape.get(from..from + digits)?;
    if !text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(text, radix).ok()?)?, from + digits))
}

/// Writes a text between single quotes, so that reading it gives the same text.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
}
