//! Nested types: object types without `@entity` that a field holds as JSON.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::{FieldDefinition, Value as Literal};
use apollo_compiler::schema::{Component, ExtendedType, ObjectType};
use expr::{DocumentId, Value, ops};
use serde_json::{Map, Value as Json};

use crate::document::{Document, Member};
use crate::field::Scalar;
use crate::load::arguments::value;
use crate::load::attributes::{self, Bounds};
use crate::load::draft::{Draft, FieldDraft, Named, Shape};
use crate::load::names::is_field_name;
use crate::load::parse::ROOTS;
use crate::load::{fields, literals};
use crate::report::Problems;

/// Members of one nested type; each is looked at whenever a document is written.
const MEMBERS_MAX: usize = 200;

/// Finds the nested types that entities use, and gives them their members.
pub(crate) fn read<'a>(draft: &mut Draft<'a>, problems: &mut Problems<'_>) {
    let nodes = used(draft);
    for (index, node) in nodes.iter().enumerate() {
        let id = DocumentId(index as u32);
        draft.names.insert(node.name.as_str(), Named::Document(id));
        draft.documents.push(Document {
            name: node.name.to_string(),
            description: node.description.as_ref().map(|text| text.to_string()),
            members: Vec::new(),
        });
    }
    for (index, node) in nodes.iter().enumerate() {
        if node.fields.len() > MEMBERS_MAX {
            let place = draft.parsed.place(node.name.location());
            let message = format!("a nested type has at most {MEMBERS_MAX} members");
            problems.error("too-many-fields", place, message);
        }
        let members = node.fields.values().take(MEMBERS_MAX);
        let members = members.filter_map(|component| member(draft, component, problems)).collect();
        draft.documents[index].members = members;
    }
    check_ends(draft, &nodes, problems);
}

/// Returns the object types that fields of entities, or of such types, have.
fn used<'a>(draft: &Draft<'a>) -> Vec<&'a Node<ObjectType>> {
    let mut found: Vec<&'a Node<ObjectType>> = Vec::new();
    let mut open: Vec<&'a Node<ObjectType>> =
        draft.entities.iter().map(|entity| entity.node).collect();
    while let Some(node) = open.pop() {
        for field in node.fields.values() {
            let name = field.ty.inner_named_type();
            let Some(ExtendedType::Object(named)) = draft.parsed.schema.types.get(name) else {
                continue;
            };
            let known = draft.names.contains_key(name.as_str())
                || ROOTS.contains(&name.as_str())
                || named.directives.has("event")
                || found.iter().any(|other| other.name == named.name);
            if !known && draft.parsed.try_place(named.name.location()).is_some() {
                found.push(named);
                open.push(named);
            }
        }
    }
    found.sort_by_key(|node| {
        let place = draft.parsed.place(node.name.location());
        (place.source, place.start)
    });
    found
}

fn member(
    draft: &Draft<'_>,
    component: &Component<FieldDefinition>,
    problems: &mut Problems<'_>,
) -> Option<Member> {
    let place = draft.parsed.place(component.name.location());
    let name = component.name.as_str();
    if !is_field_name(name) && !name.starts_with("__") {
        let message = format!("`{name}` cannot be the name of a member");
        problems.error("field-name", place, message).help("members are written in camel case");
    }
    if let Some(argument) = component.arguments.first() {
        let place = draft.parsed.place(argument.location());
        problems.error("field-arguments", place, "a member of a nested type has no arguments");
    }
    let shape = fields::shape(draft, &component.ty, place, problems);
    let (scalar, list) = match shape {
        Shape::Scalar(Scalar::BigInt) | Shape::List(Scalar::BigInt) => {
            problems
                .error("wrong-type", place, "a member of a nested type cannot be a `BigInt`")
                .help("JSON's numbers do not hold 64 bits: use `Decimal`, `Int` or `String`");
            return None;
        }
        Shape::Scalar(scalar) => (scalar, false),
        Shape::List(scalar) => (scalar, true),
        Shape::ToOne(target) | Shape::ToMany(target) => {
            let target = &draft.entity(target).entity.name;
            problems
                .error("wrong-type", place, format!("a nested type has no relation to `{target}`"))
                .help("move the relation to the entity, or keep the key in a member of type `ID`");
            return None;
        }
        Shape::Computed(_) | Shape::Broken => return None,
    };
    let mut field = FieldDraft::new(name, place, shape, component.ty.is_non_null());
    field.directives = Some(&component.directives);
    attributes::check_fit(draft, &field, problems);
    let Bounds { length, range, pattern } = attributes::bounds(draft, &field, problems);
    (field.length, field.range, field.pattern) = (length, range, pattern);
    let default = default(draft, &field, problems);
    Some(Member {
        name: name.to_owned(),
        description: component.description.as_ref().map(|text| text.to_string()),
        scalar,
        list,
        required: field.required,
        default,
        length,
        range: field.range,
        pattern: field.pattern,
    })
}

fn default(
    draft: &Draft<'_>,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Option<Value> {
    let directive = field.directive("default")?;
    let place = draft.parsed.place(directive.location());
    let Some(constant) = value(directive, "value") else {
        problems.error("default", place, "the default of a member is a constant, `value`");
        return None;
    };
    let read = match field.shape {
        Shape::Scalar(scalar) if scalar.is_nested() => {
            Err("cannot be given here; give the members of the nested type defaults".to_owned())
        }
        Shape::Scalar(scalar) => literals::scalar(draft, scalar, constant),
        Shape::List(scalar) => literals::list(draft, scalar, constant),
        _ => return None,
    };
    let outside = |value: &Value| {
        literals::outside(value, field.length, field.range.as_ref(), field.pattern.as_ref())
    };
    match read.and_then(|value| outside(&value).map_or(Ok(value), Err)) {
        Ok(value) => Some(value),
        Err(why) => {
            problems.error("default", place, format!("the default {why}"));
            None
        }
    }
}

/// A document that must hold a document of its own type has no end.
fn check_ends(draft: &Draft<'_>, nodes: &[&Node<ObjectType>], problems: &mut Problems<'_>) {
    let below = |id: usize| {
        draft.documents[id].members.iter().filter_map(|member| match member.scalar {
            Scalar::Document(id) if member.required => Some(id.0 as usize),
            _ => None,
        })
    };
    for (index, node) in nodes.iter().enumerate() {
        let mut seen: Vec<usize> = Vec::new();
        let mut open: Vec<usize> = below(index).collect();
        while let Some(id) = open.pop() {
            if !seen.contains(&id) {
                seen.push(id);
                open.extend(below(id));
            }
        }
        if seen.contains(&index) {
            problems
                .error(
                    "endless-type",
                    draft.parsed.place(node.name.location()),
                    format!("each `{}` would have to hold another one", node.name),
                )
                .help("remove a `!` on the way, or make it a list");
        }
    }
}

/// Reads the default of a field of a nested type: an empty list, or an object of the members'
/// own defaults.
pub(crate) fn empty(
    draft: &Draft<'_>,
    scalar: Scalar,
    literal: &Node<Literal>,
) -> Result<Value, String> {
    let json = match (scalar, &**literal) {
        (Scalar::Documents(_), Literal::List(items)) if items.is_empty() => Json::Array(Vec::new()),
        (Scalar::Documents(_), _) => return Err("can only be the empty list, `[]`".to_owned()),
        (Scalar::Document(id), Literal::Object(members)) if members.is_empty() => {
            of_defaults(draft, id)?
        }
        _ => return Err("can only be `{}`, the defaults of the members".to_owned()),
    };
    Ok(Value::Json(Arc::new(json)))
}

fn of_defaults(draft: &Draft<'_>, id: DocumentId) -> Result<Json, String> {
    let document = &draft.documents[id.0 as usize];
    let mut object = Map::new();
    for member in &document.members {
        match &member.default {
            Some(value) => {
                object.insert(member.name.clone(), ops::client_form(value));
            }
            None if member.required => {
                return Err(format!("lacks `{}`, which is required and has none", member.name));
            }
            None => {}
        }
    }
    Ok(Json::Object(object))
}
