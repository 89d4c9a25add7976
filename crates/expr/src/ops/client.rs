//! Values as clients see them.

use crate::value::Value;

/// Shows a value as JSON, as clients see it; also the stored form of list elements.
pub fn client_form(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) | Value::Duration(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(number) => Json::String(number.to_string()),
        Value::Text(text) => Json::String(text.clone()),
        Value::Uuid(uuid) => Json::String(uuid.hyphenated().to_string()),
        Value::Timestamp(time) => Json::String(super::format_timestamp(*time)),
        Value::Date(date) => Json::String(super::format_date(*date)),
        Value::Json(json) => (**json).clone(),
        Value::List(items) => Json::Array(items.iter().map(client_form).collect()),
    }
}
