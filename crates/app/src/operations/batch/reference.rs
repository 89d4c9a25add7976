//! References to earlier results: `{"$ref": "order.id"}` in a body, `${order.id}` in a path.
//!
//! A reference stands for one whole value, which keeps its type and is read like any value that a
//! client sends: there is no text into which something could be injected.

use std::collections::HashMap;

use expr::EntityId;
use model::{Field, FieldKind, Model};
use serde_json::Value as Json;

use crate::input::Body;

/// A reference: an operation's place, and the way to a member of its result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'t> {
    pub(super) operation: usize,
    /// `None` for the key of the row that was written.
    pub(super) member: Option<&'t str>,
}

/// Reads `order` or `order.customer.name`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse<'t>(
    text: &'t str,
    names: &HashMap<String, usize>,
) -> Result<Reference<'t>, String> {
    let (name, member) = match text.split_once('.') {
        Some((name, member)) => (name, Some(member)),
        None => (text, None),
    };
    match names.get(name) {
        Some(operation) => Ok(Reference { operation: *operation, member }),
        None => Err(format!("no earlier operation has the id `{name}`")),
    }
}

/// Follows names and places (`items.0.id`) into a result.
pub(super) fn follow<'j>(result: &'j Json, member: &str) -> Option<&'j Json> {
    member.split('.').try_fold(result, |json, step| match json {
        Json::Object(members) => members.get(step),
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Returns about how many bytes a value has as text.
pub(super) fn bytes_of(json: &Json) -> u64 {
    match json {
        Json::String(text) => text.len() as u64 + 2,
        Json::Array(items) => items.iter().map(|item| bytes_of(item) + 1).sum::<u64>() + 2,
        Json::Object(members) => {
            let members = members.iter();
            members.map(|(name, json)| name.len() as u64 + bytes_of(json) + 4).sum::<u64>() + 2
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}

/// Replaces the references of a body by what `find` makes of each, given its pointer and its text.
/// What is inside a field of JSON is the client's own, whatever it looks like.
pub(super) fn replace(
    model: &Model,
    entity: EntityId,
    body: &mut Body,
    find: &mut impl FnMut(&str, &str) -> Option<Json>,
) {
    let entity = model.entity(entity);
    for (name, json) in &mut body.0 {
        let field = entity.field_named(name).map(|(_, field)| field);
        value(model, field, json, &crate::refusal::pointer(name), find);
    }
}

fn value(
    model: &Model,
    field: Option<&Field>,
    json: &mut Json,
    pointer: &str,
    find: &mut impl FnMut(&str, &str) -> Option<Json>,
) {
    let kind = field.map(|field| &field.kind);
    if let Some(FieldKind::Scalar { scalar, .. } | FieldKind::List { scalar, .. }) = kind
        && scalar.is_json()
    {
        return;
    }
    if let Some(text) = text_of(json) {
        if let Some(found) = find(pointer, text) {
            *json = found;
        }
        return;
    }
    match json {
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                value(model, field, item, &format!("{pointer}/{index}"), find);
            }
        }
        Json::Object(members) => {
            // Only the rows of a relation nest.
            let Some(FieldKind::ToMany { target, .. }) = kind else { return };
            for (name, json) in members {
                let field = model.entity(*target).field_named(name).map(|(_, field)| field);
                let pointer = format!("{pointer}{}", crate::refusal::pointer(name));
                value(model, field, json, &pointer, find);
            }
        }
        _ => {}
    }
}

/// Returns the text of a value that is a reference.
fn text_of(json: &Json) -> Option<&str> {
    let members = json.as_object().filter(|members| members.len() == 1)?;
    members.get("$ref")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_name_an_operation_and_a_member() {
        let names = HashMap::from([("order".to_owned(), 3)]);
        let check = |text: &str, expected: Option<(usize, Option<&str>)>| {
            let found = parse(text, &names).ok();
            assert_eq!(found.map(|found| (found.operation, found.member)), expected, "{text}");
        };
        check("order", Some((3, None)));
        check("order.id", Some((3, Some("id"))));
        check("order.items.0.id", Some((3, Some("items.0.id"))));
        check("orders.id", None);
        check(".id", None);
        check("", None);
    }

    #[test]
    fn members_are_followed_by_name_and_place() {
        let result = json!({ "id": "x", "items": [{ "n": 1 }, { "n": null }] });
        let check = |member: &str, expected: Option<Json>| {
            assert_eq!(follow(&result, member).cloned(), expected, "{member}");
        };
        check("id", Some(json!("x")));
        check("items.0.n", Some(json!(1)));
        check("items.1.n", Some(Json::Null));
        for member in ["", "ID", "id.x", "items.2.n", "items.-1.n", "items.n", "items.", "."] {
            check(member, None);
        }
    }

    #[test]
    fn only_an_object_of_nothing_but_a_ref_is_a_reference() {
        assert_eq!(text_of(&json!({ "$ref": "a" })), Some("a"));
        for json in [json!("a"), json!({ "$ref": 1 }), json!({ "$ref": "a", "b": 1 }), json!({})] {
            assert_eq!(text_of(&json), None, "{json}");
        }
    }
}
