//! Writes rows as JSON straight from the database's memory into the response.

use rusqlite::Row;
use rusqlite::types::ValueRef;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a post whose columns start the row, with its author where the row goes on with one.
pub(crate) fn write_post(out: &mut Vec<u8>, row: &Row<'_>, author: bool) -> rusqlite::Result<()> {
    out.extend_from_slice(b"{\"id\":");
    write_uuid(out, row.get_ref(0)?.as_blob()?);
    out.extend_from_slice(b",\"authorId\":");
    write_uuid(out, row.get_ref(1)?.as_blob()?);
    if author {
        out.extend_from_slice(b",\"author\":{\"id\":");
        write_uuid(out, row.get_ref(1)?.as_blob()?);
        out.extend_from_slice(b",\"name\":");
        write_text(out, text(row.get_ref(7)?));
        out.extend_from_slice(b",\"email\":");
        write_text(out, text(row.get_ref(8)?));
        out.push(b'}');
    }
    out.extend_from_slice(b",\"title\":");
    write_text(out, text(row.get_ref(2)?));
    out.extend_from_slice(b",\"body\":");
    write_text(out, text(row.get_ref(3)?));
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(text(row.get_ref(4)?));
    out.extend_from_slice(b"\",\"createdAt\":");
    write_time(out, row.get_ref(5)?.as_i64()?);
    out.extend_from_slice(b",\"viewCount\":");
    out.extend_from_slice(itoa::Buffer::new().format(row.get_ref(6)?.as_i64()?).as_bytes());
    out.push(b'}');
    Ok(())
}

fn text(value: ValueRef<'_>) -> &[u8] {
    value.as_bytes().unwrap_or_default()
}

/// Writes 16 bytes as a UUID in quotes.
fn write_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut text = [b'-'; 38];
    text[0] = b'"';
    text[37] = b'"';
    let mut at = 1;
    for (index, byte) in bytes.iter().take(16).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = HEX[usize::from(byte >> 4)];
        text[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// Writes text in quotes, escaped as RFC 8259 asks.
fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut from = 0;
    while let Some(found) = next_special(&bytes[from..]) {
        let at = from + found;
        out.extend_from_slice(&bytes[from..at]);
        match bytes[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            byte => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Finds the next byte to escape: blocks of 32 bytes that the compiler turns into vector code,
/// and byte by byte inside the block that holds one.
fn next_special(bytes: &[u8]) -> Option<usize> {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let mut at = 0;
    for block in bytes.chunks_exact(32) {
        if block.iter().fold(false, |found, byte| found | special(*byte)) {
            break;
        }
        at += 32;
    }
    bytes[at..].iter().position(|byte| special(*byte)).map(|found| at + found)
}

/// Writes microseconds since 1970 as RFC 3339 in quotes (Hinnant's days-to-civil algorithm).
fn write_time(out: &mut Vec<u8>, micros: i64) {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut text = *b"\"0000-00-00T00:00:00.000000Z\"";
    digits(&mut text[1..5], year);
    digits(&mut text[6..8], month);
    digits(&mut text[9..11], day);
    digits(&mut text[12..14], second / 3_600);
    digits(&mut text[15..17], second / 60 % 60);
    digits(&mut text[18..20], second % 60);
    digits(&mut text[21..27], fraction);
    out.extend_from_slice(&text);
}

fn digits(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_wherever_the_special_byte_stands() {
        for length in [0, 1, 31, 32, 33, 64, 100] {
            for special in ["\"", "\\", "\n", "\u{1}", "\u{1f}", "ä"] {
                let text = format!("{}{special}{}", "x".repeat(length), "y".repeat(40));
                let mut out = Vec::new();
                write_text(&mut out, text.as_bytes());
                assert_eq!(serde_json::from_slice::<String>(&out).expect("it is JSON"), text);
            }
        }
    }

    #[test]
    fn times_have_six_digits() {
        let check = |micros: i64, expected: &str| {
            let mut out = Vec::new();
            write_time(&mut out, micros);
            assert_eq!(String::from_utf8_lossy(&out), format!("\"{expected}\""));
        };
        check(0, "1970-01-01T00:00:00.000000Z");
        check(1_709_164_799_000_001, "2024-02-28T23:59:59.000001Z");
        check(1_709_164_800_000_000, "2024-02-29T00:00:00.000000Z");
        check(1_798_761_599_999_999, "2026-12-31T23:59:59.999999Z");
    }
}
