//! The language's functions on SQLite: the same code that evaluates in memory.

use std::str::FromStr;

use expr::ops::Period;
use expr::{Timestamp, Value, ops};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{Connection, Result};
use rust_decimal::Decimal;

pub(crate) const PURE: FunctionFlags = FunctionFlags::SQLITE_UTF8
    .union(FunctionFlags::SQLITE_DETERMINISTIC)
    .union(FunctionFlags::SQLITE_INNOCUOUS);

/// Registers the collation and all functions on a connection.
pub(crate) fn register(on: &Connection) -> Result<()> {
    on.create_collation("decimal", ops::decimal_compare_text)?;
    numbers(on)?;
    texts(on)?;
    times(on)?;
    conversions(on)?;
    crate::written_by::register(on)?;
    crate::aggregates::register(on)
}

/// Registers a function of n arguments that is null where an argument does not fit or the operation
/// has no result.
fn add<R: ToSql, const N: usize>(
    on: &Connection,
    name: &str,
    body: impl Fn([ValueRef<'_>; N]) -> Option<R> + Send + 'static,
) -> Result<()> {
    on.create_scalar_function(name, N as i32, PURE, move |context: &mut Context<'_>| {
        Ok(body(std::array::from_fn(|index| context.get_raw(index))))
    })
}

pub(crate) fn int(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    }
}

pub(crate) fn float(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(number) => Some(number),
        ValueRef::Integer(number) => Some(number as f64),
        _ => None,
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

pub(crate) fn decimal(value: ValueRef<'_>) -> Option<Decimal> {
    Decimal::from_str(text(value)?).ok()
}

fn numbers(on: &Connection) -> Result<()> {
    type Two<T> = fn(T, T) -> Option<T>;
    let ints: [(&str, Two<i64>); 8] = [
        ("ms_int_add", ops::int_add),
        ("ms_int_sub", ops::int_sub),
        ("ms_int_mul", ops::int_mul),
        ("ms_int_div", ops::int_div),
        ("ms_int_rem", ops::int_rem),
        ("ms_time_add", ops::timestamp_add),
        ("ms_time_sub", ops::timestamp_sub),
        ("ms_time_diff", ops::timestamp_diff),
    ];
    for (name, op) in ints {
        add(on, name, move |[left, right]| op(int(left)?, int(right)?))?;
    }
    let floats: [(&str, Two<f64>); 5] = [
        ("ms_float_add", ops::float_add),
        ("ms_float_sub", ops::float_sub),
        ("ms_float_mul", ops::float_mul),
        ("ms_float_div", ops::float_div),
        ("ms_float_rem", ops::float_rem),
    ];
    for (name, op) in floats {
        add(on, name, move |[left, right]| op(float(left)?, float(right)?))?;
    }
    let decimals: [(&str, Two<Decimal>); 5] = [
        ("ms_dec_add", ops::decimal_add),
        ("ms_dec_sub", ops::decimal_sub),
        ("ms_dec_mul", ops::decimal_mul),
        ("ms_dec_div", ops::decimal_div),
        ("ms_dec_rem", ops::decimal_rem),
    ];
    for (name, op) in decimals {
        add(on, name, move |[left, right]| {
            op(decimal(left)?, decimal(right)?).map(ops::format_decimal)
        })?;
    }
    add(on, "ms_int_neg", |[value]| ops::int_neg(int(value)?))?;
    add(on, "ms_int_abs", |[value]| ops::int_abs(int(value)?))?;
    add(on, "ms_float_abs", |[value]| ops::float_abs(float(value)?))?;
    add(on, "ms_dec_neg", |[value]| ops::decimal_neg(decimal(value)?).map(ops::format_decimal))?;
    add(on, "ms_dec_abs", |[value]| ops::decimal_abs(decimal(value)?).map(ops::format_decimal))
}

fn texts(on: &Connection) -> Result<()> {
    add(on, "ms_starts_with", |[of, by]| Some(ops::starts_with(text(of)?, text(by)?)))?;
    add(on, "ms_ends_with", |[of, by]| Some(ops::ends_with(text(of)?, text(by)?)))?;
    add(on, "ms_contains", |[of, by]| Some(ops::contains(text(of)?, text(by)?)))?;
    add(on, "ms_matches", |[of, by]| ops::matches(text(of)?, text(by)?))?;
    add(on, "ms_lower", |[of]| Some(ops::lower_ascii(text(of)?)))?;
    add(on, "ms_upper", |[of]| Some(ops::upper_ascii(text(of)?)))?;
    add(on, "ms_trim", |[of]| Some(ops::trim(text(of)?).to_owned()))?;
    add(on, "ms_before", |[of, by]| Some(ops::before(text(of)?, text(by)?).to_owned()))?;
    add(on, "ms_after", |[of, by]| Some(ops::after(text(of)?, text(by)?).to_owned()))?;
    add(on, "ms_size", |[of]| Some(ops::size(text(of)?)))
}

fn times(on: &Connection) -> Result<()> {
    type Part = fn(Timestamp) -> i64;
    let parts: [(&str, Part); 7] = [
        ("ms_year", ops::year),
        ("ms_month", ops::month),
        ("ms_day", ops::day_of_month),
        ("ms_weekday", ops::day_of_week),
        ("ms_hours", ops::hours),
        ("ms_minutes", ops::minutes),
        ("ms_seconds", ops::seconds),
    ];
    for (name, part) in parts {
        add(on, name, move |[time]| Some(part(Timestamp(int(time)?))))?;
    }
    add(on, "ms_text_time", |[of]| ops::parse_timestamp(text(of)?).map(|time| time.0))?;
    add(on, "ms_text_date", |[of]| ops::parse_date(text(of)?).map(ops::format_date))?;
    add(on, "ms_text_duration", |[of]| ops::parse_duration(text(of)?))?;
    add(on, "ms_date_time", |[of]| {
        ops::parse_date(text(of)?).map(|date| ops::date_to_timestamp(date).0)
    })?;
    add(on, "ms_time_period", |[of, unit]| {
        let unit = Period::named(text(unit)?)?;
        Some(ops::period_of_timestamp(Timestamp(int(of)?), unit).0)
    })?;
    add(on, "ms_date_period", |[of, unit]| {
        let unit = Period::named(text(unit)?)?;
        Some(ops::format_date(ops::period_of_date(ops::parse_date(text(of)?)?, unit)))
    })?;
    add(on, "ms_time_date", |[of]| {
        Some(ops::format_date(ops::timestamp_to_date(Timestamp(int(of)?))))
    })
}

fn conversions(on: &Connection) -> Result<()> {
    add(on, "ms_text_uuid", |[of]| ops::parse_uuid(text(of)?).map(|id| id.as_bytes().to_vec()))?;
    add(on, "ms_text_decimal", |[of]| ops::parse_decimal(text(of)?).map(ops::format_decimal))?;
    add(on, "ms_whole", |[of]| match of {
        ValueRef::Integer(number) => Some(number),
        _ => ops::whole(float(of)?),
    })?;
    add(on, "ms_float_json", |[of]| {
        serde_json::Number::from_f64(float(of)?).map(|number| number.to_string())
    })?;
    add(on, "ms_to_text", |[of, form]| ops::to_text(&stored(of, text(form)?)?))?;
    add(on, "ms_to_int", |[of, form]| ops::to_int(&stored(of, text(form)?)?))?;
    add(on, "ms_to_float", |[of, form]| ops::to_float(&stored(of, text(form)?)?))?;
    add(on, "ms_to_decimal", |[of, form]| {
        ops::to_decimal(&stored(of, text(form)?)?).map(ops::format_decimal)
    })
}

/// Reads a stored form.
fn stored(value: ValueRef<'_>, form: &str) -> Option<Value> {
    Some(match form {
        "bool" => Value::Bool(int(value)? != 0),
        "int" => Value::Int(int(value)?),
        "float" => Value::Float(float(value)?),
        "decimal" => Value::Decimal(decimal(value)?),
        "uuid" => Value::Uuid(uuid::Uuid::from_slice(value.as_blob().ok()?).ok()?),
        "timestamp" => Value::Timestamp(Timestamp(int(value)?)),
        "date" => Value::Date(ops::parse_date(text(value)?)?),
        "duration" => Value::Duration(int(value)?),
        _ => Value::Text(text(value)?.to_owned()),
    })
}
