//! JSON of a nested type: every member checked, and put down in one form.

use expr::ops::client_form;
use expr::{DocumentId, Value};
use model::{Document, Member, Model, Scalar};
use serde_json::{Map, Value as Json};

use super::bounds::Bounds;
use super::scalar::scalar_from_json;
use crate::refusal::{BadMember, are_enough, pointer};

/// Reads JSON as a document, or a list of documents. What is wrong with it is added to `bad`, and
/// what is left of it is then of no use.
pub(super) fn document(
    model: &Model,
    scalar: Scalar,
    json: &Json,
    at: &str,
    bad: &mut Vec<BadMember>,
) -> Value {
    let mut reader = Reader { model, bad };
    let json = match scalar {
        Scalar::Document(id) => reader.object(id, json, at),
        Scalar::Documents(id) => reader.objects(id, json, at),
        _ => unreachable!("only nested types are read as documents"),
    };
    match json {
        // A list's length is counted as that of any other.
        Json::Array(items) => {
            Value::List(items.into_iter().map(|item| Value::Json(item.into())).collect())
        }
        json => Value::Json(json.into()),
    }
}

/// Reads JSON as what is to change in a document (RFC 7396): members that are left out stay, and null
/// removes one. What the document misses then, it misses in the row.
pub(super) fn document_patch(
    model: &Model,
    id: DocumentId,
    json: &Json,
    at: &str,
    bad: &mut Vec<BadMember>,
) -> Value {
    Value::Json(Reader { model, bad }.patch(id, json, at).into())
}

struct Reader<'r> {
    model: &'r Model,
    bad: &'r mut Vec<BadMember>,
}

impl Reader<'_> {
    fn refuse(&mut self, at: &str, code: &'static str, detail: impl Into<String>) -> Json {
        self.bad.push(BadMember { pointer: at.to_owned(), code, detail: detail.into() });
        Json::Null
    }

    fn objects(&mut self, id: DocumentId, json: &Json, at: &str) -> Json {
        let Json::Array(items) = json else { return self.refuse(at, "type", "must be a list") };
        let mut objects = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if are_enough(self.bad) {
                return Json::Null;
            }
            objects.push(self.object(id, item, &format!("{at}/{index}")));
        }
        Json::Array(objects)
    }

    /// Returns the members of an object, of which those are refused that its type does not have.
    fn members<'j>(
        &mut self,
        document: &Document,
        json: &'j Json,
        at: &str,
    ) -> Option<&'j Map<String, Json>> {
        let Json::Object(members) = json else {
            self.refuse(at, "type", format!("must be an object, {}", document.name));
            return None;
        };
        for name in members.keys() {
            if are_enough(self.bad) {
                return None;
            }
            if document.member(name).is_none() {
                let known = document.members.iter().map(|member| member.name.as_str());
                let near = crate::query::suggestion(name, known);
                let detail = format!("{} has no member `{name}`{near}", document.name);
                self.refuse(&format!("{at}{}", pointer(name)), "unknown_field", detail);
            }
        }
        Some(members)
    }

    fn patch(&mut self, id: DocumentId, json: &Json, at: &str) -> Json {
        let document = self.model.document(id);
        let Some(members) = self.members(document, json, at) else { return Json::Null };
        let mut object = Map::new();
        for member in &document.members {
            let Some(json) = members.get(&member.name) else { continue };
            let at = format!("{at}{}", pointer(&member.name));
            let value = match member.scalar {
                Scalar::Document(id) if !json.is_null() => self.patch(id, json, &at),
                _ => self.member(member, json, &at),
            };
            object.insert(member.name.clone(), value);
        }
        Json::Object(object)
    }

    fn object(&mut self, id: DocumentId, json: &Json, at: &str) -> Json {
        let document = self.model.document(id);
        let Some(members) = self.members(document, json, at) else { return Json::Null };
        let mut object = Map::new();
        for member in &document.members {
            let at = format!("{at}{}", pointer(&member.name));
            match (members.get(&member.name), &member.default) {
                (Some(json), _) => {
                    let value = self.member(member, json, &at);
                    object.insert(member.name.clone(), value);
                }
                (None, Some(default)) => {
                    object.insert(member.name.clone(), client_form(default));
                }
                (None, None) if member.required => {
                    self.refuse(&at, "required", format!("{} is required", member.name));
                }
                (None, None) => {}
            }
        }
        Json::Object(object)
    }

    fn member(&mut self, member: &Member, json: &Json, at: &str) -> Json {
        let name = &member.name;
        if json.is_null() {
            if member.required {
                return self.refuse(at, "null", format!("{name} cannot be null"));
            }
            return Json::Null;
        }
        let value = match member.scalar {
            Scalar::Document(id) => return self.object(id, json, at),
            Scalar::Documents(id) => match self.objects(id, json, at) {
                Json::Array(items) => {
                    Value::List(items.into_iter().map(|item| Value::Json(item.into())).collect())
                }
                _ => return Json::Null,
            },
            scalar if member.list => match self.list(scalar, json, at) {
                Some(value) => value,
                None => return Json::Null,
            },
            scalar => match scalar_from_json(self.model, scalar, json) {
                Ok(value) => value,
                Err(expected) => {
                    let expected = expected_of(self.model, scalar, expected);
                    return self.refuse(at, "type", format!("{name} must be {expected}"));
                }
            },
        };
        if let Some((code, detail)) = Bounds::of_member(member).broken(name, &value) {
            return self.refuse(at, code, detail);
        }
        client_form(&value)
    }

    fn list(&mut self, scalar: Scalar, json: &Json, at: &str) -> Option<Value> {
        let Json::Array(items) = json else {
            self.refuse(at, "type", "must be a list");
            return None;
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match scalar_from_json(self.model, scalar, item) {
                Ok(value) => values.push(value),
                Err(expected) => {
                    let expected = expected_of(self.model, scalar, expected);
                    let detail = format!("each element must be {expected}");
                    self.refuse(&format!("{at}/{index}"), "type", detail);
                }
            }
        }
        (values.len() == items.len()).then_some(Value::List(values))
    }
}

/// Names the values of an enum, where it is one.
pub(super) fn expected_of(model: &Model, scalar: Scalar, expected: &str) -> String {
    match scalar {
        Scalar::Enum(id) => format!("one of {}", model.enum_type(id).values.join(", ")),
        _ => expected.to_owned(),
    }
}
