//! Conversions between types, as `string(x)`, `int(x)` and their like do them.

use std::fmt::Write;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::value::{Date, Timestamp, Value};

use super::{
    date_to_timestamp, format_date, format_decimal, format_duration, format_timestamp, format_uuid,
    parse_date, parse_decimal, parse_timestamp, timestamp_to_date,
};

/// 2^63, the first double that is too large for an integer.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

/// Returns a scalar as text, in the form JSON shows it; null for null and lists.
pub fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        value => {
            let mut text = String::new();
            write_text(value, &mut text).then_some(text)
        }
    }
}

/// Writes a scalar behind what is there; false, and nothing written, for null and lists.
pub fn write_text(value: &Value, out: &mut String) -> bool {
    match value {
        Value::Null | Value::List(_) => return false,
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(int) => {
            let _ = write!(out, "{int}");
        }
        // serde_json's form, so that a double reads the same here and in a body.
        Value::Float(float) => {
            let _ = write!(out, "{}", serde_json::Value::from(*float));
        }
        Value::Decimal(decimal) => out.push_str(&format_decimal(*decimal)),
        Value::Text(text) => out.push_str(text),
        Value::Uuid(id) => out.push_str(&format_uuid(*id)),
        Value::Timestamp(at) => out.push_str(&format_timestamp(*at)),
        Value::Date(date) => out.push_str(&format_date(*date)),
        Value::Duration(micros) => out.push_str(&format_duration(*micros)),
        Value::Json(json) => {
            let _ = write!(out, "{json}");
        }
    }
    true
}

/// Returns a number or a number's text as an integer, truncating towards zero; null when it does
/// not fit.
pub fn to_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        Value::Float(float) => (-INT_END..INT_END).contains(float).then_some(*float as i64),
        Value::Decimal(decimal) => decimal.trunc().to_i64(),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns a double without a fraction as an integer.
pub fn whole(float: f64) -> Option<i64> {
    if float.fract() == 0.0 { to_int(&Value::Float(float)) } else { None }
}

/// Returns a number or a number's text as a double.
pub fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        // By way of the text, which rounds correctly.
        Value::Decimal(decimal) => format_decimal(*decimal).parse().ok(),
        Value::Text(text) => {
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            text.parse().ok().filter(|float: &f64| plain && float.is_finite())
        }
        _ => None,
    }
}

/// Returns a number or a number's text as a decimal: a double by the text that JSON shows.
pub fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(int) => Some(Decimal::from(*int)),
        Value::Float(float) => {
            let text = serde_json::Value::from(*float).to_string();
            parse_decimal(text.strip_suffix(".0").unwrap_or(&text))
        }
        Value::Decimal(decimal) => Some(*decimal),
        Value::Text(text) => parse_decimal(text),
        _ => None,
    }
}

/// Returns a day's first moment, or the moment that a text names.
pub fn to_timestamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Timestamp(at) => Some(*at),
        Value::Date(date) => Some(date_to_timestamp(*date)),
        Value::Text(text) => parse_timestamp(text),
        _ => None,
    }
}

/// Returns a moment's day in UTC, or the day that a text names.
pub fn to_date(value: &Value) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::Timestamp(at) => Some(timestamp_to_date(*at)),
        Value::Text(text) => parse_date(text),
        _ => None,
    }
}
