//! JSON values as scalars.

use serde_json::Value as Json;

use crate::tree::PathStep;
use crate::types::Type;
use crate::value::Value;

use super::{parse_date, parse_decimal, parse_duration, parse_timestamp, parse_uuid};

/// Follows a path into a JSON value; null where it leads nowhere or to JSON null.
pub fn json_path<'j>(json: &'j Json, path: &[PathStep]) -> Option<&'j Json> {
    let end = path.iter().try_fold(json, |json, step| match step {
        PathStep::Member(name) => json.as_object()?.get(name),
        PathStep::Index(index) => json.as_array()?.get(*index as usize),
    })?;
    (!end.is_null()).then_some(end)
}

/// Returns a JSON value as a scalar of a type; null when it is of another.
///
/// A Decimal is read from a string or from a number's text; times, dates, durations and UUIDs from
/// strings; an Int from a number without a fraction; an enum's name is not checked.
pub fn json_as(json: &Json, ty: &Type) -> Value {
    scalar(json, ty).unwrap_or(Value::Null)
}

fn scalar(json: &Json, ty: &Type) -> Option<Value> {
    let text = || json.as_str();
    match ty {
        Type::Bool => json.as_bool().map(Value::Bool),
        Type::Int => whole_number(json).map(Value::Int),
        Type::Float => json.as_f64().filter(|float| float.is_finite()).map(Value::Float),
        Type::Decimal => match json {
            Json::String(text) => parse_decimal(text),
            Json::Number(number) => parse_decimal(&number.to_string()),
            _ => None,
        }
        .map(Value::Decimal),
        Type::Text | Type::Enum(_) => text().map(|text| Value::Text(text.to_owned())),
        Type::Uuid => parse_uuid(text()?).map(Value::Uuid),
        Type::Timestamp => parse_timestamp(text()?).map(Value::Timestamp),
        Type::Date => parse_date(text()?).map(Value::Date),
        Type::Duration => parse_duration(text()?).map(Value::Duration),
        Type::List(element) => {
            let items = json.as_array()?.iter().map(|item| scalar(item, element));
            items.collect::<Option<Vec<_>>>().map(Value::List)
        }
        Type::Json => (!json.is_null()).then(|| Value::Json(json.clone().into())),
        Type::Null | Type::Row(_) | Type::Rows(_) => None,
    }
}

fn whole_number(json: &Json) -> Option<i64> {
    if let Some(int) = json.as_i64() {
        return Some(int);
    }
    super::whole(json.as_f64()?)
}
