//! JSON of a nested type: every member checked, and put down in one form.

use expr::ops::client_form;
use expr::{DocumentId, Value};
use model::{Member, Model, Scalar};
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

    fn object(&mut self, id: DocumentId, json: &Json, at: &str) -> Json {
        let document = self.model.document(id);
        let Json::Object(members) = json else {
            return self.refuse(at, "type", format!("must be an object, {}", document.name));
        };
        for name in members.keys() {
            if are_enough(self.bad) {
                return Json::Null;
            }
            if document.member(name).is_none() {
                let known = document.members.iter().map(|member| member.name.as_str());
                let near = crate::query::suggestion(name, known);
                let detail = format!("{} has no member `{name}`{near}", document.name);
                self.refuse(&format!("{at}{}", pointer(name)), "unknown_field", detail);
            }
        }
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
