//! JSON Merge Patch (RFC 7396) inside a stored value.

use expr::DocumentId;
use expr::ops::client_form;
use model::{Model, Scalar};
use serde_json::{Map, Value as Json};

/// The largest value that merging may make. A body is bounded; without this, many bodies could make
/// one value of any size.
const MERGED_BYTES_MAX: usize = 1024 * 1024;

/// Missing members that are named at most. A small patch may open many objects, each of which misses
/// some.
const MISSING_MAX: usize = 100;

/// A nested type, and those inside it: what a document of it is to have when it is merged.
#[derive(Debug)]
pub struct Shapes(Vec<Vec<Member>>);

/// A member of a nested type.
#[derive(Debug)]
struct Member {
    name: String,
    required: bool,
    default: Option<Json>,
    /// The place of its own type, where it is a document.
    nested: Option<usize>,
}

/// Why a patch cannot be merged.
#[derive(Debug, PartialEq)]
pub(super) enum Unmerged {
    /// The result is too large.
    TooLarge,
    /// The result misses required members, at these JSON pointers.
    Incomplete(Vec<String>),
}

/// Merges a patch into a stored value, both as text. What is of a nested type is then completed.
///
/// What was stored and is not touched needs no check. What the patch says is checked already, so
/// that only members may be missing where it opens an object.
pub(super) fn merged(
    stored: Option<&str>,
    patch: &str,
    shapes: Option<&Shapes>,
) -> Result<String, Unmerged> {
    let parse = |text: &str| serde_json::from_str(text).unwrap_or(Json::Null);
    let mut value = stored.map_or(Json::Null, parse);
    let mut missing = Vec::new();
    match shapes {
        Some(shapes) => shapes.merge(0, &mut value, parse(patch), "", &mut missing),
        None => merge(&mut value, parse(patch)),
    }
    if !missing.is_empty() {
        return Err(Unmerged::Incomplete(missing));
    }
    let text = value.to_string();
    if text.len() > MERGED_BYTES_MAX { Err(Unmerged::TooLarge) } else { Ok(text) }
}

impl Shapes {
    /// Collects the shapes of a type and of those it leads to, which may lead back.
    pub(super) fn of(model: &Model, document: DocumentId) -> Self {
        let mut found = vec![document];
        let mut shapes = Vec::new();
        while let Some(document) = found.get(shapes.len()) {
            let members = &model.document(*document).members;
            let shape = members.iter().map(|member| Member {
                name: member.name.clone(),
                required: member.required,
                default: member.default.as_ref().map(client_form),
                nested: match member.scalar {
                    Scalar::Document(id) => Some(place_of(id, &mut found)),
                    _ => None,
                },
            });
            shapes.push(shape.collect());
        }
        Self(shapes)
    }

    /// Merges a patch into a document, and puts its members down in the order of their type.
    fn merge(
        &self,
        shape: usize,
        target: &mut Json,
        patch: Json,
        at: &str,
        missing: &mut Vec<String>,
    ) {
        let Json::Object(mut patch) = patch else {
            *target = patch;
            return;
        };
        let mut stored = match target.take() {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        let mut members = Map::new();
        for member in &self.0[shape] {
            let name = &member.name;
            let mut value = stored.swap_remove(name);
            match (patch.swap_remove(name), member.nested) {
                (None, _) => {}
                (Some(Json::Null), _) => value = None,
                (Some(patch), Some(nested)) => {
                    let target = value.get_or_insert(Json::Null);
                    self.merge(nested, target, patch, &format!("{at}/{name}"), missing);
                }
                (Some(patch), None) => merge(value.get_or_insert(Json::Null), patch),
            }
            let value = value.filter(|value| !(member.required && value.is_null()));
            match value.or_else(|| member.default.clone()) {
                Some(value) => {
                    members.insert(name.clone(), value);
                }
                None if member.required && missing.len() < MISSING_MAX => {
                    missing.push(format!("{at}/{name}"));
                }
                None => {}
            }
        }
        // What the type had when the document was written, and has no more.
        members.extend(stored);
        *target = Json::Object(members);
    }
}

/// Returns the place of a type among those that were found, and adds it.
fn place_of(id: DocumentId, found: &mut Vec<DocumentId>) -> usize {
    found.iter().position(|known| *known == id).unwrap_or_else(|| {
        found.push(id);
        found.len() - 1
    })
}

/// The function `MergePatch` of RFC 7396, section 2.
fn merge(target: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            merge(members.entry(name).or_insert(Json::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_hold() {
        // RFC 7396, appendix A
        for (target, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(
                merged(Some(target), patch, None).as_deref(),
                Ok(expected),
                "{target} {patch}"
            );
        }
        assert_eq!(merged(None, r#"{"a":null,"b":1}"#, None).as_deref(), Ok(r#"{"b":1}"#));
    }

    #[test]
    fn a_value_does_not_grow_without_bound() {
        let half = "x".repeat(MERGED_BYTES_MAX / 2);
        let stored = format!(r#"{{"a":"{half}"}}"#);
        assert!(merged(Some(&stored), &format!(r#"{{"a":"{half}"}}"#), None).is_ok());
        let grown = merged(Some(&stored), &format!(r#"{{"b":"{half}"}}"#), None);
        assert_eq!(grown, Err(Unmerged::TooLarge));
    }

    /// `type Node { name: String!  kind: String @default(value: "x")  next: Node  data: JSON }`
    fn shapes() -> Shapes {
        let member = |name: &str, required, default: Option<&str>, nested| Member {
            name: name.to_owned(),
            required,
            default: default.map(Json::from),
            nested,
        };
        Shapes(vec![vec![
            member("name", true, None, None),
            member("kind", false, Some("x"), None),
            member("next", false, None, Some(0)),
            member("data", false, None, None),
        ]])
    }

    #[test]
    fn a_document_is_complete_and_in_order_when_it_is_merged() {
        let shapes = shapes();
        for (target, patch, expected) in [
            (r#"{"name":"a","kind":"k"}"#, r#"{"name":"b"}"#, r#"{"name":"b","kind":"k"}"#),
            (r#"{"kind":"k","name":"a"}"#, "{}", r#"{"name":"a","kind":"k"}"#),
            (r#"{"name":"a","kind":"k"}"#, r#"{"kind":null}"#, r#"{"name":"a","kind":"x"}"#),
            (r#"{"name":"a","kind":null}"#, "{}", r#"{"name":"a","kind":null}"#),
            ("null", r#"{"name":"a"}"#, r#"{"name":"a","kind":"x"}"#),
            ("[]", r#"{"name":"a"}"#, r#"{"name":"a","kind":"x"}"#),
            (r#"{"name":"a","old":1}"#, "{}", r#"{"name":"a","kind":"x","old":1}"#),
            (
                r#"{"name":"a","kind":"k","data":{"b":1,"c":2}}"#,
                r#"{"data":{"b":null,"d":{"e":null}},"next":{"name":"n"}}"#,
                r#"{"name":"a","kind":"k","next":{"name":"n","kind":"x"},"data":{"c":2,"d":{}}}"#,
            ),
            (
                r#"{"name":"a","kind":"k","next":{"name":"n","kind":"l"}}"#,
                r#"{"next":{"next":{"name":"m"}}}"#,
                r#"{"name":"a","kind":"k","next":{"name":"n","kind":"l","next":{"name":"m","kind":"x"}}}"#,
            ),
        ] {
            let merged = merged(Some(target), patch, Some(&shapes));
            assert_eq!(merged.as_deref(), Ok(expected), "{target} {patch}");
        }
    }

    #[test]
    fn members_that_are_missing_then_are_named_to_a_bound() {
        let shapes = shapes();
        let missing = |stored: Option<&str>, patch: &str| match merged(stored, patch, Some(&shapes))
        {
            Err(Unmerged::Incomplete(missing)) => missing,
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(None, "{}"), ["/name"]);
        assert_eq!(missing(Some(r#"{"name":null}"#), "{}"), ["/name"]);
        let patch = r#"{"next":{"next":{}}}"#;
        assert_eq!(missing(Some(r#"{"name":"a"}"#), patch), ["/next/name", "/next/next/name"]);
        let deep = format!("{}{{}}{}", r#"{"next":"#.repeat(120), "}".repeat(120));
        assert_eq!(missing(None, &deep).len(), MISSING_MAX);
    }
}
