//! Days of the proleptic Gregorian calendar.

use crate::value::{Date, Timestamp};

use super::timestamp::MICROS_PER_DAY;

/// The first day, 0001-01-01.
pub const DAY_MIN: i32 = -719_162;
/// The last day, 9999-12-31.
pub const DAY_MAX: i32 = 2_932_896;

/// Returns year, month (1 to 12) and day of a count of days since 1970-01-01.
///
/// Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last one.
pub fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// Returns the days since 1970-01-01; null where there is no such day in the years 1 to 9999.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9999).contains(&year) || day == 0 || day > days_in_month(year, month)? {
        return None;
    }
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) as i32)
}

fn days_in_month(year: i32, month: u32) -> Option<u32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Reads `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?);
    days_from_civil(year as i32, month, day).map(Date)
}

/// Writes `YYYY-MM-DD`.
pub fn format_date(date: Date) -> String {
    let mut out = Vec::with_capacity(10);
    write_date(date, &mut out);
    String::from_utf8(out).expect("digits and hyphens are ASCII")
}

/// Writes `YYYY-MM-DD` behind what is there.
pub fn write_date(date: Date, out: &mut Vec<u8>) {
    let (year, month, day) = civil_from_days(date.0.clamp(DAY_MIN, DAY_MAX));
    let mut text = *b"0000-00-00";
    put(&mut text[..4], year as u32);
    put(&mut text[5..7], month);
    put(&mut text[8..], day);
    out.extend_from_slice(&text);
}

/// Returns the day on which a moment is, in UTC.
pub fn timestamp_to_date(at: Timestamp) -> Date {
    Date(at.0.div_euclid(MICROS_PER_DAY) as i32)
}

/// Returns the moment at which a day begins, in UTC.
pub fn date_to_timestamp(date: Date) -> Timestamp {
    Timestamp(i64::from(date.0) * MICROS_PER_DAY)
}

/// Reads a fixed number of digits.
pub(super) fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum: u32, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// Writes a number right-aligned into zeros.
pub(super) fn put(into: &mut [u8], mut number: u32) {
    for slot in into.iter_mut().rev() {
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
