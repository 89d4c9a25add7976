//! Constants of the SDL as values of a field's type.

use std::cmp::Ordering;
use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::Value as Literal;
use expr::{Value, ops};

use crate::field::{Length, Pattern, Range, Scalar};
use crate::load::draft::Draft;
use crate::suggest::did_you_mean_or_list;

/// Reads a constant; the error completes a sentence ("the default …").
pub(crate) fn scalar(
    draft: &Draft<'_>,
    scalar: Scalar,
    literal: &Node<Literal>,
) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("is {}, not {what}", describe(literal)));
    if literal.is_null() && !scalar.is_json() {
        return Err("is null, which is what a field without a default has anyway".to_owned());
    }
    match scalar {
        Scalar::Id => match literal.as_str().map(|text| (text, ops::parse_uuid(text))) {
            Some((_, Some(id))) => Ok(Value::Uuid(id)),
            Some((text, None)) => Err(format!("`{text}` is not a UUID")),
            None => wrong("a UUID in quotes"),
        },
        Scalar::String | Scalar::Email | Scalar::Url => match literal.as_str() {
            Some(text) => Ok(Value::Text(text.to_owned())),
            None => wrong("a text"),
        },
        Scalar::Int if literal.as_str().is_some() => wrong("a whole number"),
        Scalar::Int => match whole(literal) {
            Some(number) if i32::try_from(number).is_ok() => Ok(Value::Int(number)),
            Some(_) => Err("does not fit 32 bits".to_owned()),
            None => wrong("a whole number"),
        },
        Scalar::BigInt => match whole(literal) {
            Some(number) => Ok(Value::Int(number)),
            None => wrong("a whole number of 64 bits"),
        },
        Scalar::Float => match literal.to_f64() {
            Some(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => wrong("a number"),
        },
        Scalar::Decimal => {
            let text = match &**literal {
                Literal::String(text) => text.as_str(),
                Literal::Int(number) => number.as_str(),
                Literal::Float(number) => number.as_str(),
                _ => return wrong("a decimal number"),
            };
            match ops::parse_decimal(text) {
                Some(number) => Ok(Value::Decimal(number)),
                None => Err(format!(
                    "`{text}` is not a decimal number of at most {} digits",
                    ops::DECIMAL_DIGITS_MAX
                )),
            }
        }
        Scalar::Boolean => match literal.to_bool() {
            Some(truth) => Ok(Value::Bool(truth)),
            None => wrong("`true` or `false`"),
        },
        Scalar::DateTime => match literal.as_str().map(|text| (text, ops::parse_timestamp(text))) {
            Some((_, Some(at))) => Ok(Value::Timestamp(at)),
            Some((text, None)) => {
                Err(format!("`{text}` is not a time like `2026-01-31T12:00:00Z`"))
            }
            None => wrong("a time in quotes"),
        },
        Scalar::Date => match literal.as_str().map(|text| (text, ops::parse_date(text))) {
            Some((_, Some(day))) => Ok(Value::Date(day)),
            Some((text, None)) => Err(format!("`{text}` is not a day like `2026-01-31`")),
            None => wrong("a day in quotes"),
        },
        Scalar::Json => json(literal).map(|json| Value::Json(Arc::new(json))),
        Scalar::Document(_) | Scalar::Documents(_) => {
            unreachable!("constants of nested types are read by `documents::empty`")
        }
        Scalar::Enum(id) => {
            let ty = &draft.enums[id.0 as usize];
            let name = match &**literal {
                Literal::String(text) => text.as_str(),
                Literal::Enum(name) => name.as_str(),
                _ => return wrong(&format!("a value of `{}`", ty.name)),
            };
            if ty.values.iter().any(|value| value == name) {
                return Ok(Value::Text(name.to_owned()));
            }
            let help =
                did_you_mean_or_list(name, ty.values.iter().map(String::as_str), "there are");
            let help = help.map(|help| format!("; {help}")).unwrap_or_default();
            Err(format!("`{name}` is no value of `{}`{help}", ty.name))
        }
    }
}

/// Reads a list of constants.
pub(crate) fn list(
    draft: &Draft<'_>,
    element: Scalar,
    literal: &Node<Literal>,
) -> Result<Value, String> {
    let Some(items) = literal.as_list() else {
        return Err(format!("is {}, not a list", describe(literal)));
    };
    let values: Result<Vec<Value>, String> =
        items.iter().map(|item| scalar(draft, element, item)).collect();
    values.map(Value::List).map_err(|why| format!("has an element that {why}"))
}

/// Compares two numbers of the same type.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Says which limit of its field a value breaks.
pub(crate) fn outside(
    value: &Value,
    length: Option<Length>,
    range: Option<&Range>,
    pattern: Option<&Pattern>,
) -> Option<String> {
    let size = match value {
        Value::Text(text) => Some(text.chars().count() as u64),
        Value::List(items) => Some(items.len() as u64),
        _ => None,
    };
    if let (Some(size), Some(length)) = (size, length) {
        if length.min.is_some_and(|min| size < min) {
            return Some("is shorter than `@length` allows".to_owned());
        }
        if length.max.is_some_and(|max| size > max) {
            return Some("is longer than `@length` allows".to_owned());
        }
    }
    if let Some(range) = range {
        let below = range.min.as_ref().and_then(|min| compare(value, min)) == Some(Ordering::Less);
        let above =
            range.max.as_ref().and_then(|max| compare(value, max)) == Some(Ordering::Greater);
        if below || above {
            return Some("is outside of its `@range`".to_owned());
        }
    }
    if let (Value::Text(text), Some(pattern)) = (value, pattern)
        && !pattern.regex.is_match(text)
    {
        return Some("does not match its `@pattern`".to_owned());
    }
    None
}

fn whole(literal: &Node<Literal>) -> Option<i64> {
    match &**literal {
        Literal::Int(number) => number.as_str().parse().ok(),
        // `BigInt` is a string in JSON, so it may be one here.
        Literal::String(text) => text.parse().ok(),
        // `@range(min: 1.0)` on an Int: the argument is declared as Float.
        Literal::Float(number) => {
            let number = number.try_to_f64().ok()?;
            (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
        }
        _ => None,
    }
}

fn json(literal: &Node<Literal>) -> Result<serde_json::Value, String> {
    use serde_json::Value as Json;
    Ok(match &**literal {
        Literal::Null => Json::Null,
        Literal::Boolean(truth) => Json::Bool(*truth),
        Literal::String(text) => Json::String(text.clone()),
        Literal::Enum(name) => return Err(format!("`{name}` is not JSON; put it in quotes")),
        Literal::Variable(name) => return Err(format!("has a variable, `${name}`")),
        Literal::Int(number) => number_of(number.as_str())?,
        Literal::Float(number) => number_of(number.as_str())?,
        Literal::List(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Literal::Object(members) => {
            let mut object = serde_json::Map::new();
            for (name, value) in members {
                object.insert(name.to_string(), json(value)?);
            }
            Json::Object(object)
        }
    })
}

fn number_of(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|_| format!("has a number that JSON cannot hold, `{text}`"))
}

fn describe(literal: &Node<Literal>) -> String {
    match &**literal {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(truth) => format!("`{truth}`"),
        Literal::String(text) => format!("the text \"{}\"", shortened(text)),
        Literal::Enum(name) => format!("the name `{name}`"),
        Literal::Variable(name) => format!("the variable `${name}`"),
        Literal::Int(number) => format!("the number {}", number.as_str()),
        Literal::Float(number) => format!("the number {}", number.as_str()),
        Literal::List(_) => "a list".to_owned(),
        Literal::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
