//! The primitive functions of the language.
//!
//! The evaluator calls them, and `store` registers them as SQL functions: there is one code for
//! each, so that a rule in memory and the same rule in SQL cannot disagree. `None` is null.

mod client;
mod convert;
mod date;
mod decimal;
mod duration;
mod float;
mod float_sum;
mod int;
mod json;
mod pattern;
mod period;
mod sum;
mod text;
mod timestamp;
mod uuid;

pub use client::client_form;
pub use convert::{
    to_date, to_decimal, to_float, to_int, to_text, to_timestamp, whole, write_text,
};
pub use date::{
    DAY_MAX, DAY_MIN, civil_from_days, date_to_timestamp, days_from_civil, format_date, parse_date,
    timestamp_to_date, write_date,
};
pub use decimal::{
    DECIMAL_DIGITS_MAX, DECIMAL_DIVISION_SCALE, decimal_abs, decimal_add, decimal_compare_text,
    decimal_div, decimal_mul, decimal_neg, decimal_rem, decimal_sub, format_decimal, parse_decimal,
};
pub use duration::{format_duration, parse_duration};
pub use float::{float_abs, float_add, float_div, float_mul, float_neg, float_rem, float_sub};
pub use float_sum::FloatSum;
pub use int::{int_abs, int_add, int_div, int_mul, int_neg, int_rem, int_sub};
pub use json::{json_as, json_path};
pub use pattern::{MATCHER_BYTES_MAX, MATCHERS_MAX, compile_pattern, matches};
pub use period::{Period, period_of_date, period_of_timestamp};
pub use sum::{DecimalSum, IntSum};
pub use text::{
    after, before, contains, ends_with, lower_ascii, size, starts_with, trim, upper_ascii,
};
pub use timestamp::{
    TIMESTAMP_MAX, TIMESTAMP_MIN, day_of_month, day_of_week, format_timestamp, hours, minutes,
    month, parse_timestamp, seconds, timestamp_add, timestamp_diff, timestamp_sub, write_timestamp,
    year,
};
pub use uuid::{format_uuid, parse_uuid, write_uuid};

#[cfg(test)]
mod tests;
