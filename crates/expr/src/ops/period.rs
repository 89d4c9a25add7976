//! The periods of the calendar in which moments and days lie, in UTC.

use crate::value::{Date, Timestamp};

use super::date::{
    DAY_MIN, civil_from_days, date_to_timestamp, days_from_civil, timestamp_to_date,
};

const MICROS_PER_HOUR: i64 = 3600 * 1_000_000;

/// A unit of the calendar.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// From January on.
    Year,
    /// From January, April, July or October on.
    Quarter,
    /// From the first day on.
    Month,
    /// From Monday on (ISO 8601).
    Week,
    /// From midnight on.
    Day,
    /// From the full hour on; of moments only.
    Hour,
}

impl Period {
    /// All of them, from long to short.
    pub const ALL: [Self; 6] =
        [Self::Year, Self::Quarter, Self::Month, Self::Week, Self::Day, Self::Hour];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    /// Finds a unit by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }
}

/// Returns the first moment of the period in which a moment lies.
pub fn period_of_timestamp(at: Timestamp, unit: Period) -> Timestamp {
    match unit {
        Period::Hour => Timestamp(at.0 - at.0.rem_euclid(MICROS_PER_HOUR)),
        unit => date_to_timestamp(period_of_date(timestamp_to_date(at), unit)),
    }
}

/// Returns the first day of the period in which a day lies. The week of the first day there is,
/// 0001-01-01, begins with it: it is a Monday.
pub fn period_of_date(day: Date, unit: Period) -> Date {
    let (year, month, _) = civil_from_days(day.0);
    let first = match unit {
        Period::Year => days_from_civil(year, 1, 1),
        Period::Quarter => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1),
        Period::Month => days_from_civil(year, month, 1),
        // 1970-01-01 was a Thursday.
        Period::Week => Some(day.0 - (day.0 + 3).rem_euclid(7)),
        Period::Day | Period::Hour => Some(day.0),
    };
    Date(first.unwrap_or(day.0).max(DAY_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{format_timestamp, parse_timestamp};

    fn check(unit: &str, at: &str, expected: &str) {
        let unit = Period::named(unit).expect("a unit");
        let at = parse_timestamp(at).expect("a time");
        let start = format_timestamp(period_of_timestamp(at, unit));
        assert_eq!(start.trim_end_matches(":00:00.000000Z"), expected);
    }

    #[test]
    fn a_moment_lies_in_its_periods() {
        let at = "2026-11-25T13:37:42.5Z";
        check("year", at, "2026-01-01T00");
        check("quarter", at, "2026-10-01T00");
        check("month", at, "2026-11-01T00");
        check("week", at, "2026-11-23T00");
        check("day", at, "2026-11-25T00");
        check("hour", at, "2026-11-25T13");
    }

    #[test]
    fn weeks_begin_on_monday_and_times_before_1970_round_down() {
        check("week", "2026-11-23T00:00:00Z", "2026-11-23T00");
        check("week", "2026-11-22T23:59:59Z", "2026-11-16T00");
        check("hour", "1969-12-31T23:59:59.999999Z", "1969-12-31T23");
        check("week", "1969-12-31T00:00:00Z", "1969-12-29T00");
        check("week", "0001-01-01T00:00:00Z", "0001-01-01T00");
        check("quarter", "0001-03-31T00:00:00Z", "0001-01-01T00");
    }
}
