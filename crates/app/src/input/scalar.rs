//! One value of a scalar type, from JSON or from text.

use expr::{Value, ops};
use model::{ColumnType, Entity, Model, Scalar};
use plan::{Bind, bind};
use serde_json::Value as Json;

/// Reads a JSON value as a scalar. The error names what was expected.
///
/// # Errors
/// What the value should have been.
pub fn scalar_from_json(model: &Model, scalar: Scalar, json: &Json) -> Result<Value, &'static str> {
    let text = json.as_str();
    match scalar {
        Scalar::Id => text.and_then(ops::parse_uuid).map(Value::Uuid).ok_or("a UUID as a string"),
        Scalar::String => {
            let text = text.ok_or("a string")?;
            no_nul(text).map(|text| Value::Text(text.to_owned()))
        }
        Scalar::Email => text
            .filter(|text| is_email(text))
            .map(|text| Value::Text(text.to_owned()))
            .ok_or("an e-mail address"),
        Scalar::Url => text
            .filter(|text| is_url(text))
            .map(|text| Value::Text(text.to_owned()))
            .ok_or("an absolute URL such as https://example.com/"),
        Scalar::Int => json
            .as_i64()
            .filter(|number| i32::try_from(*number).is_ok())
            .map(Value::Int)
            .ok_or("a whole number from -2147483648 to 2147483647"),
        Scalar::BigInt => match text {
            Some(text) => text.parse().ok(),
            None => json.as_i64(),
        }
        .map(Value::Int)
        .ok_or("a whole number of 64 bits, as a string or a number"),
        Scalar::Float => json.as_f64().map(float).ok_or("a number"),
        Scalar::Decimal => match json {
            Json::String(text) => ops::parse_decimal(text),
            Json::Number(number) => ops::parse_decimal(&number.to_string()),
            _ => None,
        }
        .map(Value::Decimal)
        .ok_or("a decimal of up to 28 digits as a string, such as \"19.90\""),
        Scalar::Boolean => json.as_bool().map(Value::Bool).ok_or("true or false"),
        Scalar::DateTime => text
            .and_then(ops::parse_timestamp)
            .map(Value::Timestamp)
            .ok_or("a time as RFC 3339, such as \"2026-11-24T09:30:00Z\""),
        Scalar::Date => {
            text.and_then(ops::parse_date).map(Value::Date).ok_or("a date such as \"2026-11-24\"")
        }
        Scalar::Json => {
            no_nul_inside(json)?;
            Ok(Value::Json(std::sync::Arc::new(json.clone())))
        }
        // Bodies are read by `document`, and nothing else holds one.
        Scalar::Document(_) | Scalar::Documents(_) => Err("an object of its nested type"),
        Scalar::Enum(id) => text
            .filter(|text| model.enum_type(id).values.iter().any(|value| value == text))
            .map(|text| Value::Text(text.to_owned()))
            .ok_or("one of the values of the enum"),
    }
}

/// Reads text, as in a query, as a scalar. The error names what was expected.
///
/// # Errors
/// What the text should have been.
pub fn scalar_from_text(model: &Model, scalar: Scalar, text: &str) -> Result<Value, &'static str> {
    let json = match scalar {
        Scalar::Int | Scalar::Float | Scalar::Boolean | Scalar::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
        }
        _ => Json::String(text.to_owned()),
    };
    match scalar {
        // A filter may ask for anything; only stored values must be addresses.
        Scalar::Email | Scalar::Url => Ok(Value::Text(text.to_owned())),
        _ => scalar_from_json(model, scalar, &json),
    }
}

/// Reads one part of a key. `None` where it cannot be one.
pub fn key_value(ty: ColumnType, text: &str) -> Option<Value> {
    match ty {
        ColumnType::Uuid => ops::parse_uuid(text).map(Value::Uuid),
        ColumnType::Text => no_nul(text).ok().map(|text| Value::Text(text.to_owned())),
        ColumnType::Int => text.parse::<i32>().ok().map(|number| Value::Int(number.into())),
        ColumnType::BigInt => text.parse().ok().map(Value::Int),
        ColumnType::Float => text.parse().ok().filter(|n: &f64| n.is_finite()).map(float),
        ColumnType::Decimal => ops::parse_decimal(text).map(Value::Decimal),
        ColumnType::Boolean => text.parse().ok().map(Value::Bool),
        ColumnType::Timestamp => ops::parse_timestamp(text).map(Value::Timestamp),
        ColumnType::Date => ops::parse_date(text).map(Value::Date),
        ColumnType::Json | ColumnType::List => None,
    }
}

/// Databases differ in whether they keep the sign of zero.
fn float(number: f64) -> Value {
    Value::Float(number + 0.0)
}

/// Reads a whole key as it stands in a path: parts joined by commas, each percent-encoded.
pub fn key_parts(entity: &Entity, text: &str) -> Option<Vec<Bind>> {
    Some(key_values(entity, text)?.into_iter().map(bind).collect())
}

/// Reads a whole key as it stands in a path, as values.
pub(super) fn key_values(entity: &Entity, text: &str) -> Option<Vec<Value>> {
    let parts: Vec<&str> =
        if entity.key_columns.len() == 1 { vec![text] } else { text.split(',').collect() };
    if parts.len() != entity.key_columns.len() {
        return None;
    }
    entity
        .key_columns
        .iter()
        .zip(parts)
        .map(|(column, part)| {
            let part = percent_encoding::percent_decode_str(part).decode_utf8().ok()?;
            key_value(entity.column(*column).ty, &part)
        })
        .collect()
}

/// Reads a key as it stands in a JSON value: one part as it is, several as in a path.
pub(crate) fn reference_key(entity: &Entity, text: &str) -> Option<Vec<Bind>> {
    match entity.key_columns.as_slice() {
        [column] => key_value(entity.column(*column).ty, text).map(|value| vec![bind(value)]),
        _ => key_parts(entity, text),
    }
}

/// Reads a relation's key as it stands in a body.
pub(crate) fn reference_binds(target: &Entity, json: &Json) -> Option<Vec<Bind>> {
    match json {
        Json::String(text) => reference_key(target, text),
        Json::Number(number) => reference_key(target, &number.to_string()),
        _ => None,
    }
}

/// Returns the key of a row, read by `reference_key`, as rules see it.
pub(crate) fn reference_value(entity: &Entity, text: &str) -> Value {
    match entity.key_columns.as_slice() {
        [column] => key_value(entity.column(*column).ty, text).unwrap_or(Value::Null),
        _ => Value::Text(text.to_owned()),
    }
}

/// PostgreSQL stores no U+0000 and SQLite's functions stop at it, so both refuse it.
fn no_nul(text: &str) -> Result<&str, &'static str> {
    if text.contains('\0') { Err("text without the character U+0000") } else { Ok(text) }
}

fn no_nul_inside(json: &Json) -> Result<(), &'static str> {
    match json {
        Json::String(text) => no_nul(text).map(|_| ()),
        Json::Array(items) => items.iter().try_for_each(no_nul_inside),
        Json::Object(members) => members
            .iter()
            .try_for_each(|(name, value)| no_nul(name).and_then(|_| no_nul_inside(value))),
        _ => Ok(()),
    }
}

/// A deliberately small check; only a mail that arrives proves an address.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= 254
        && !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Returns whether the text is an absolute URL with a host (RFC 3986, loosely).
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    text.len() <= 2048
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && !rest.starts_with('/')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
