//! Spans of time, written as in Go: `1h30m`, `1.5s`, `250ms`; also `7d`.

use std::fmt::Write;

use super::timestamp::MICROS_PER_SECOND;

/// The units, longest name first where one begins with another.
const UNITS: [(&str, i64); 7] = [
    ("ms", 1_000),
    ("us", 1),
    ("µs", 1),
    ("d", 86_400 * MICROS_PER_SECOND),
    ("h", 3_600 * MICROS_PER_SECOND),
    ("m", 60 * MICROS_PER_SECOND),
    ("s", MICROS_PER_SECOND),
];
/// No sensible duration is longer as text.
const TEXT_BYTES_MAX: usize = 64;

/// Reads a duration, to the microsecond.
pub fn parse_duration(text: &str) -> Option<i64> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (number, tail) = rest.split_at(digits);
        let (unit, micros) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        total = total.checked_add(scaled(number, *micros)?)?;
        rest = &tail[unit.len()..];
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// Multiplies a decimal by a unit, cutting off what is below a microsecond.
fn scaled(number: &str, micros: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 15 {
        return None;
    }
    let mut sum = whole.parse::<i64>().ok().map(i128::from)? * i128::from(micros);
    if !fraction.is_empty() {
        let part: i128 = fraction.parse().ok()?;
        sum += part * i128::from(micros) / 10_i128.pow(fraction.len() as u32);
    }
    Some(sum)
}

/// Writes a duration in hours, minutes and seconds, or in the one smaller unit that fits.
pub fn format_duration(micros: i64) -> String {
    let mut text = String::new();
    if micros < 0 {
        text.push('-');
    }
    let size = micros.unsigned_abs();
    let second = MICROS_PER_SECOND.unsigned_abs();
    if size == 0 {
        return "0s".to_owned();
    }
    if size < second {
        let _ = match size % 1000 {
            0 => write!(text, "{}ms", size / 1000),
            _ => write!(text, "{size}us"),
        };
        return text;
    }
    let (hours, minutes) = (size / (3600 * second), size / (60 * second) % 60);
    let (seconds, rest) = (size / second % 60, size % second);
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if minutes > 0 {
        let _ = write!(text, "{minutes}m");
    }
    if rest > 0 {
        let fraction = format!("{rest:06}");
        let _ = write!(text, "{seconds}.{}s", fraction.trim_end_matches('0'));
    } else if seconds > 0 {
        let _ = write!(text, "{seconds}s");
    }
    text
}
