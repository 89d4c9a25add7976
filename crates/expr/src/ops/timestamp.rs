//! Moments in UTC with microseconds, years 0001 to 9999.

use crate::value::Timestamp;

use super::date::{
    DAY_MAX, DAY_MIN, civil_from_days, days_from_civil, digits, put, timestamp_to_date,
};

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(super) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// The first moment, 0001-01-01T00:00:00Z.
pub const TIMESTAMP_MIN: i64 = DAY_MIN as i64 * MICROS_PER_DAY;
/// The last moment, 9999-12-31T23:59:59.999999Z.
pub const TIMESTAMP_MAX: i64 = (DAY_MAX as i64 + 1) * MICROS_PER_DAY - 1;

/// Reads RFC 3339 with any offset. Digits beyond microseconds are cut off; a leap second counts as
/// the second before it. Null for years outside of 0001 to 9999.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (fixed, mut rest) = text.as_bytes().split_at_checked(19)?;
    if fixed[4] != b'-'
        || fixed[7] != b'-'
        || !matches!(fixed[10], b'T' | b't' | b' ')
        || fixed[13] != b':'
        || fixed[16] != b':'
    {
        return None;
    }
    let day = days_from_civil(
        digits(&fixed[..4])? as i32,
        digits(&fixed[5..7])?,
        digits(&fixed[8..10])?,
    )?;
    let (hour, minute) = (digits(&fixed[11..13])?, digits(&fixed[14..16])?);
    let second = digits(&fixed[17..])?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = 0;
    if let [b'.', fraction @ ..] = rest {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let places = fraction[..count].iter().map(|digit| digit - b'0');
        for digit in places.chain(std::iter::repeat(0)).take(6) {
            micros = micros * 10 + i64::from(digit);
        }
        rest = &fraction[count..];
    }
    let offset_seconds = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = i64::from(hours * 3600 + minutes * 60);
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = i64::from(hour * 3600 + minute * 60 + second.min(59)) - offset_seconds;
    within(i64::from(day) * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + micros).map(Timestamp)
}

/// Writes `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub fn format_timestamp(at: Timestamp) -> String {
    let mut out = Vec::with_capacity(27);
    write_timestamp(at, &mut out);
    String::from_utf8(out).expect("digits and separators are ASCII")
}

/// Writes `YYYY-MM-DDTHH:MM:SS.ffffffZ` behind what is there.
pub fn write_timestamp(at: Timestamp, out: &mut Vec<u8>) {
    let micros = at.0.clamp(TIMESTAMP_MIN, TIMESTAMP_MAX);
    let (year, month, day) = civil_from_days(micros.div_euclid(MICROS_PER_DAY) as i32);
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let second = (of_day / MICROS_PER_SECOND) as u32;
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    put(&mut text[..4], year as u32);
    put(&mut text[5..7], month);
    put(&mut text[8..10], day);
    put(&mut text[11..13], second / 3600);
    put(&mut text[14..16], second / 60 % 60);
    put(&mut text[17..19], second % 60);
    put(&mut text[20..26], (of_day % MICROS_PER_SECOND) as u32);
    out.extend_from_slice(&text);
}

/// Moves a moment by a duration in microseconds.
pub fn timestamp_add(at: i64, duration: i64) -> Option<i64> {
    within(at.checked_add(duration)?)
}

/// Moves a moment back by a duration in microseconds.
pub fn timestamp_sub(at: i64, duration: i64) -> Option<i64> {
    within(at.checked_sub(duration)?)
}

/// Returns the duration from one moment to another.
pub fn timestamp_diff(to: i64, from: i64) -> Option<i64> {
    to.checked_sub(from)
}

fn within(micros: i64) -> Option<i64> {
    (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&micros).then_some(micros)
}

/// Returns the year.
pub fn year(at: Timestamp) -> i64 {
    i64::from(civil_from_days(timestamp_to_date(at).0).0)
}

/// Returns the month, 0 to 11.
pub fn month(at: Timestamp) -> i64 {
    i64::from(civil_from_days(timestamp_to_date(at).0).1) - 1
}

/// Returns the day of the month, 1 to 31.
pub fn day_of_month(at: Timestamp) -> i64 {
    i64::from(civil_from_days(timestamp_to_date(at).0).2)
}

/// Returns the day of the week; 0 is Sunday.
pub fn day_of_week(at: Timestamp) -> i64 {
    // 1970-01-01 was a Thursday.
    (at.0.div_euclid(MICROS_PER_DAY) + 4).rem_euclid(7)
}

/// Returns the hour, 0 to 23.
pub fn hours(at: Timestamp) -> i64 {
    at.0.rem_euclid(MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND)
}

/// Returns the minute, 0 to 59.
pub fn minutes(at: Timestamp) -> i64 {
    at.0.rem_euclid(3600 * MICROS_PER_SECOND) / (60 * MICROS_PER_SECOND)
}

/// Returns the second, 0 to 59.
pub fn seconds(at: Timestamp) -> i64 {
    at.0.rem_euclid(60 * MICROS_PER_SECOND) / MICROS_PER_SECOND
}
