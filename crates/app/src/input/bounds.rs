//! `@length`, `@range` and `@pattern`.

use expr::Value;
use expr::ops::client_form;
use model::{Field, Length, Member, Pattern, Range};
use serde_json::Value as Json;

/// What values a field, or a member of a nested type, may have.
pub(super) struct Bounds<'m> {
    length: Option<&'m Length>,
    range: Option<&'m Range>,
    pattern: Option<&'m Pattern>,
}

impl<'m> Bounds<'m> {
    pub(super) fn of(field: &'m Field) -> Self {
        let Field { length, range, pattern, .. } = field;
        Self { length: length.as_ref(), range: range.as_ref(), pattern: pattern.as_ref() }
    }

    pub(super) fn of_member(member: &'m Member) -> Self {
        let Member { length, range, pattern, .. } = member;
        Self { length: length.as_ref(), range: range.as_ref(), pattern: pattern.as_ref() }
    }

    /// Returns the code and the words for what a value breaks.
    pub(super) fn broken(&self, name: &str, value: &Value) -> Option<(&'static str, String)> {
        let size = match value {
            Value::Text(text) => Some((text.chars().count() as u64, "characters")),
            Value::List(items) => Some((items.len() as u64, "elements")),
            _ => None,
        };
        if let (Some(length), Some((size, unit))) = (self.length, size) {
            if let Some(min) = length.min.filter(|min| size < *min) {
                return Some(("length", format!("{name} must have at least {min} {unit}")));
            }
            if let Some(max) = length.max.filter(|max| size > *max) {
                return Some(("length", format!("{name} must have at most {max} {unit}")));
            }
        }
        if let Some(range) = self.range {
            let below = range.min.as_ref().filter(|min| less(value, min));
            let above = range.max.as_ref().filter(|max| less(max, value));
            let shown = |value: &Value| match client_form(value) {
                Json::String(text) => text,
                other => other.to_string(),
            };
            if let Some(min) = below {
                return Some(("range", format!("{name} must be at least {}", shown(min))));
            }
            if let Some(max) = above {
                return Some(("range", format!("{name} must be at most {}", shown(max))));
            }
        }
        match (self.pattern, value) {
            (Some(pattern), Value::Text(text)) if !pattern.regex.is_match(text) => {
                Some(("pattern", format!("{name} must match {}", pattern.text)))
            }
            _ => None,
        }
    }
}

fn less(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left < right,
        (Value::Float(left), Value::Float(right)) => left < right,
        (Value::Decimal(left), Value::Decimal(right)) => left < right,
        _ => false,
    }
}
