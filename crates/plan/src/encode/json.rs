//! Writes cells as JSON, straight into the response's bytes.

use wide::u8x16;

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

/// The two digits of each byte.
const HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Appends a UUID in quotes; null when the blob is not 16 bytes long.
fn write_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    /// Where the digits of each byte stand.
    const PLACES: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];
    let Ok(bytes) = <&[u8; 16]>::try_from(bytes) else {
        out.extend_from_slice(b"null");
        return;
    };
    let mut text = *b"\"........-....-....-....-............\"";
    for (byte, at) in bytes.iter().zip(PLACES) {
        [text[at], text[at + 1]] = HEX[usize::from(*byte)];
    }
    out.extend_from_slice(&text);
}

/// Appends text in quotes, escaped as JSON asks (RFC 8259 section 7).
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut from = 0;
    let (blocks, tail) = bytes.as_chunks();
    for (index, block) in blocks.iter().enumerate() {
        for found in Bits(specials(*block)) {
            from = write_up_to(out, bytes, from, index * BLOCK + found);
        }
    }
    let mut last = [b' '; BLOCK];
    last[..tail.len()].copy_from_slice(tail);
    for found in Bits(specials(last)) {
        from = write_up_to(out, bytes, from, blocks.len() * BLOCK + found);
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Appends what stands before a byte that must be escaped, and the byte. Returns where it goes on.
fn write_up_to(out: &mut Vec<u8>, bytes: &[u8], from: usize, at: usize) -> usize {
    out.extend_from_slice(&bytes[from..at]);
    escape(out, bytes[at]);
    at + 1
}

/// The places of the bits that are set, from the lowest on.
struct Bits(u32);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        if self.0 == 0 {
            return None;
        }
        self.0 &= self.0 - 1;
        Some(place)
    }
}

/// Bytes looked at together.
const BLOCK: usize = 16;

/// Tells which bytes must be escaped: a bit for each, the first in the lowest.
fn specials(block: [u8; BLOCK]) -> u32 {
    let bytes = u8x16::from(block);
    let control = bytes.simd_lt(u8x16::splat(b' '));
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    (control | quote | backslash).to_bitmask()
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&HEX[usize::from(byte)]);
        }
    }
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
        fn text_reads_back_as_it_was(text in "\\PC*|[\\x00-\\x7f]{0,40}|[ -~]{0,100}[\\x00-\\x7f]{0,3}[ -~é€😀]{0,40}") {
            let mut out = Vec::new();
            write_text(&mut out, &text);
            let back: String = serde_json::from_slice(&out).expect("valid JSON");
            prop_assert_eq!(back, text);
        }
    }
}
