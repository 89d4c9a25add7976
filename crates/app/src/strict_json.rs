//! JSON in which no name stands twice in an object: two readers of one token must not see different
//! claims, nor two readers of one body different values.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Marks the error of a repeated name; the rest of serde_json's errors are about syntax.
const REPEATED: &str = "repeated member";

/// Why a text is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StrictJsonError {
    Syntax,
    Repeated,
    NotAnObject,
}

/// Reads an object.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, StrictJsonError> {
    match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Ok(_) => Err(StrictJsonError::NotAnObject),
        Err(error) if error.to_string().starts_with(REPEATED) => Err(StrictJsonError::Repeated),
        Err(_) => Err(StrictJsonError::Syntax),
    }
}

/// Says that a name stands twice in an object.
pub(crate) fn repeated<E: Error>(name: &str) -> E {
    E::custom(format_args!("{REPEATED} `{name}`"))
}

/// Any JSON.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            match object.entry(name) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => return Err(repeated(entry.key())),
            };
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(text: &str, expected: StrictJsonError) {
        assert_eq!(parse_object(text.as_bytes()), Err(expected), "{text}");
    }

    #[test]
    fn plain_objects_are_read_as_by_serde_json() {
        let text = r#"{"a":[1,-2,0.5,null,true,"x\u0041"],"b":{"a":18446744073709551615}}"#;
        let plain: Value = serde_json::from_str(text).expect("the text is JSON");
        assert_eq!(parse_object(text.as_bytes()).map(Value::Object), Ok(plain));
    }

    #[test]
    fn repeated_names_and_other_values_are_refused() {
        refuse(r#"{"a":1,"a":1}"#, StrictJsonError::Repeated);
        refuse(r#"{"a":{"b":[{"c":1,"c":2}]}}"#, StrictJsonError::Repeated);
        refuse(r#"{"a":1,"\u0061":2}"#, StrictJsonError::Repeated);
        refuse("[]", StrictJsonError::NotAnObject);
        refuse("null", StrictJsonError::NotAnObject);
        refuse("", StrictJsonError::Syntax);
        refuse("{} {}", StrictJsonError::Syntax);
        refuse(r#"{"a":1e999}"#, StrictJsonError::Syntax);
        refuse(&"[".repeat(1000), StrictJsonError::Syntax);
        assert_eq!(parse_object(b"{\"\xff\":1}"), Err(StrictJsonError::Syntax));
    }
}
