//! Writes cells as JSON, straight into the response's bytes.

use crate::program::Cell;

/// How a column's cell is shown as JSON.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// A 16-byte UUID as hyphenated text.
    Uuid,
    /// Text that needs escaping.
    Text,
    /// Text that never needs escaping (enum names, dates, decimals), in quotes.
    Plain,
    /// An integer as a number.
    Int,
    /// A 64-bit integer as text, so that JavaScript does not round it.
    BigInt,
    /// A double as a number.
    Float,
    /// 0 and 1 as false and true.
    Bool,
    /// Microseconds as RFC 3339.
    Timestamp,
    /// JSON as it is stored.
    Json,
}

/// Appends the cell.
pub(crate) fn write_cell(out: &mut Vec<u8>, show: Show, cell: Cell<'_>) {
    match (show, cell) {
        (Show::Uuid, Cell::Blob(bytes)) => write_uuid(out, bytes),
        (Show::Text, Cell::Text(text)) => write_text(out, text),
        (Show::Plain, Cell::Text(text)) => {
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
        (Show::Int, Cell::Int(number)) => {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        (Show::BigInt, Cell::Int(number)) => {
            out.push(b'"');
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.push(b'"');
        }
        (Show::Float, Cell::Real(number)) => write_float(out, number),
        (Show::Float, Cell::Int(number)) => write_float(out, number as f64),
        (Show::Bool, Cell::Int(number)) => {
            out.extend_from_slice(if number == 0 { b"false" } else { b"true" });
        }
        (Show::Timestamp, Cell::Int(micros)) => {
            out.push(b'"');
            expr::ops::write_timestamp(expr::Timestamp(micros), out);
            out.push(b'"');
        }
        (Show::Json, Cell::Text(text)) => out.extend_from_slice(text.as_bytes()),
        // A cell of another storage class cannot be written by Mainstay; a hand-edited database
        // shows null rather than broken JSON.
        _ => out.extend_from_slice(b"null"),
    }
}

fn write_float(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Appends a UUID in quotes; null when the blob is not 16 bytes long.
fn write_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let Ok(bytes) = <&[u8; 16]>::try_from(bytes) else {
        out.extend_from_slice(b"null");
        return;
    };
    let mut text = [b'-'; 38];
    text[0] = b'"';
    text[37] = b'"';
    let mut at = 1;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = HEX[(byte >> 4) as usize];
        text[at + 1] = HEX[(byte & 15) as usize];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// Appends text in quotes, escaped as JSON asks (RFC 8259 section 7).
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut from = 0;
    while let Some(found) = next_special(&bytes[from..]) {
        let at = from + found;
        out.extend_from_slice(&bytes[from..at]);
        escape(out, bytes[at]);
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[(byte >> 4) as usize]);
            out.push(HEX[(byte & 15) as usize]);
        }
    }
}

/// Bytes passed over together: the compiler makes a few vector instructions of it.
const BLOCK: usize = 32;

/// Finds the next byte that must be escaped.
fn next_special(bytes: &[u8]) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let plain = BLOCK * blocks.iter().take_while(|block| !has_special(block)).count();
    first_special(&bytes[plain..]).map(|found| plain + found)
}

fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |found, byte| found | u8::from(is_special(*byte))) != 0
}

fn is_special(byte: u8) -> bool {
    // Not `||`, which would be a branch for each.
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Finds it where it is near, eight bytes at a time.
fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Below 0x20: subtracting borrows into the high bit, unless the byte had it already.
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hit = control
            | has_zero(word ^ (ONES * u64::from(b'"')))
            | has_zero(word ^ (ONES * u64::from(b'\\')));
        if hit != 0 {
            // A borrow may mark bytes above the first hit wrongly, never below it.
            return Some(at * 8 + hit.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| is_special(*byte))?;
    Some(words.len() * 8 + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(show: Show, cell: Cell<'_>) -> String {
        let mut out = Vec::new();
        write_cell(&mut out, show, cell);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn cells_are_shown_by_their_kind() {
        assert_eq!(shown(Show::Int, Cell::Int(-7)), "-7");
        assert_eq!(shown(Show::BigInt, Cell::Int(i64::MAX)), "\"9223372036854775807\"");
        assert_eq!(shown(Show::Float, Cell::Real(1.5)), "1.5");
        assert_eq!(shown(Show::Bool, Cell::Int(1)), "true");
        assert_eq!(shown(Show::Plain, Cell::Text("19.90")), "\"19.90\"");
        assert_eq!(shown(Show::Json, Cell::Text("{\"a\":1}")), "{\"a\":1}");
        assert_eq!(
            shown(Show::Uuid, Cell::Blob(&[0xab; 16])),
            "\"abababab-abab-abab-abab-abababababab\""
        );
    }

    #[test]
    fn null_and_foreign_storage_classes_are_shown_as_null() {
        assert_eq!(shown(Show::Int, Cell::Null), "null");
        assert_eq!(shown(Show::Uuid, Cell::Blob(&[1, 2])), "null");
        assert_eq!(shown(Show::Text, Cell::Int(1)), "null");
        assert_eq!(shown(Show::Float, Cell::Real(f64::INFINITY)), "null");
    }

    proptest! {
        #[test]
        fn text_reads_back_as_it_was(text in "\\PC*|[\\x00-\\x7f]{0,40}|[ -~]{0,100}[\\x00-\\x7f]{0,3}[ -~]{0,40}") {
            let mut out = Vec::new();
            write_text(&mut out, &text);
            let back: String = serde_json::from_slice(&out).expect("valid JSON");
            prop_assert_eq!(back, text);
        }
    }
}
