//! Fields: their names and what they hold.

use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{Component, ExtendedType};
use expr::{EntityId, FieldId};

use crate::field::Scalar;
use crate::load::archives;
use crate::load::draft::{Draft, FieldDraft, Named, Shape};
use crate::load::names::{is_field_name, lower_camel_case};
use crate::report::{Place, Problems};

/// The most fields of one entity; SQLite's own limit of columns is 2000.
const FIELDS_MAX: usize = 500;

/// Gives each entity its fields.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let node = draft.entity(id).node;
        let mut fields = Vec::with_capacity(node.fields.len() + 1);
        if !node.directives.has("key") && !node.fields.contains_key("id") {
            let place = draft.entity(id).place;
            fields.push(FieldDraft::new("id", place, Shape::Scalar(Scalar::Id), true));
        }
        if node.fields.len() > FIELDS_MAX {
            let place = draft.entity(id).place;
            problems.error(
                "too-many-fields",
                place,
                format!("an entity has at most {FIELDS_MAX} fields"),
            );
        }
        for component in node.fields.values().take(FIELDS_MAX) {
            fields.push(field(draft, id, component, problems));
        }
        if node.directives.has("archive") && !node.fields.contains_key(archives::FIELD) {
            let place = draft.entity(id).place;
            let at = Shape::Scalar(Scalar::DateTime);
            fields.push(FieldDraft::new(archives::FIELD, place, at, false));
        }
        let owner = &mut draft.entities[id.0 as usize];
        owner.by_name = fields
            .iter()
            .enumerate()
            .map(|(index, field)| (field.name, FieldId(index as u32)))
            .collect();
        owner.fields = fields;
    }
    for id in draft.ids() {
        check_relation_names(draft, id, problems);
    }
}

fn field<'a>(
    draft: &Draft<'a>,
    owner: EntityId,
    component: &'a Component<FieldDefinition>,
    problems: &mut Problems<'_>,
) -> FieldDraft<'a> {
    let place = draft.parsed.place(component.name.location());
    let name = component.name.as_str();
    if !is_field_name(name) && !name.starts_with("__") {
        problems
            .error("field-name", place, format!("`{name}` cannot be the name of a field"))
            .help(format!("fields are written in camel case, like `{}`", camel(name)));
    }
    if let Some(argument) = component.arguments.first() {
        problems.error(
            "field-arguments",
            draft.parsed.place(argument.location()),
            "a field of an entity has no arguments",
        );
    }
    let module = draft.module_of_file.get(place.source).copied().flatten();
    if module != Some(draft.entity(owner).entity.module) {
        problems
            .error(
                "other-module",
                place,
                "the type belongs to another module, which alone gives it fields",
            )
            .see(draft.entity(owner).place, "it is declared here");
    }
    let mut shape = shape(draft, &component.ty, place, problems);
    if component.directives.has("computed") {
        shape = match shape {
            Shape::Scalar(scalar) if !scalar.is_nested() => Shape::Computed(scalar),
            Shape::Broken => Shape::Broken,
            _ => {
                problems.error("computed", place, "a computed field is a scalar or an enum");
                Shape::Broken
            }
        };
    }
    let mut field = FieldDraft::new(name, place, shape, component.ty.is_non_null());
    field.description = component.description.as_ref().map(|text| text.to_string());
    field.directives = Some(&component.directives);
    field
}

/// Reads what a field of a type holds.
pub(super) fn shape(
    draft: &Draft<'_>,
    ty: &Type,
    place: Place,
    problems: &mut Problems<'_>,
) -> Shape {
    let named = ty.inner_named_type();
    let type_place = draft.parsed.try_place(named.location()).unwrap_or(place);
    let list = match ty {
        Type::Named(_) | Type::NonNullNamed(_) => false,
        Type::NonNullList(item) if matches!(**item, Type::NonNullNamed(_)) => true,
        Type::List(item) | Type::NonNullList(item) => {
            if matches!(**item, Type::List(_) | Type::NonNullList(_)) {
                problems
                    .error("not-supported-yet", type_place, "lists of lists are not supported yet")
                    .help("use a field of type `JSON`");
            } else {
                problems
                    .error("list-type", type_place, "neither a list nor its elements can be null")
                    .help(format!("write `[{named}!]!`: an empty list says that there is nothing"));
            }
            return Shape::Broken;
        }
    };
    if let Some(scalar) = Scalar::named(named) {
        if list && scalar == Scalar::Json {
            problems
                .error("list-type", type_place, "a list cannot have elements of type `JSON`")
                .help("use one field of type `JSON`: it can hold a list");
            return Shape::Broken;
        }
        return if list { Shape::List(scalar) } else { Shape::Scalar(scalar) };
    }
    match draft.names.get(named.as_str()) {
        Some(Named::Enum(id)) if list => Shape::List(Scalar::Enum(*id)),
        Some(Named::Enum(id)) => Shape::Scalar(Scalar::Enum(*id)),
        Some(Named::Document(id)) if list => Shape::Scalar(Scalar::Documents(*id)),
        Some(Named::Document(id)) => Shape::Scalar(Scalar::Document(*id)),
        Some(Named::Entity(id)) if list => Shape::ToMany(*id),
        Some(Named::Entity(id)) => Shape::ToOne(*id),
        None => {
            report_unusable(draft, named, named.location(), type_place, problems);
            Shape::Broken
        }
    }
}

/// Says why a type that exists cannot be the type of a stored field. Unknown types were reported.
fn report_unusable(
    draft: &Draft<'_>,
    name: &str,
    span: Option<SourceSpan>,
    place: Place,
    problems: &mut Problems<'_>,
) {
    debug_assert!(draft.parsed.try_place(span).is_some() || span.is_none());
    if matches!(name, "File" | "Vector") {
        problems.error(
            "not-supported-yet",
            place,
            format!("fields of type `{name}` are not supported yet"),
        );
        return;
    }
    match draft.parsed.schema.types.get(name) {
        Some(ExtendedType::Object(_)) => {
            problems
                .error(
                    "wrong-type",
                    place,
                    format!("`{name}` cannot be the type of a field that is stored"),
                )
                .help("add `@entity` to it, or write a type of its own for the field");
        }
        Some(ExtendedType::Scalar(scalar))
            if draft.parsed.file(scalar.name.location()).is_none() =>
        {
            problems.error(
                "wrong-type",
                place,
                format!("`{name}` is a type of directives' arguments"),
            );
        }
        Some(ExtendedType::Enum(_)) => {
            problems.error(
                "wrong-type",
                place,
                format!("`{name}` is a type of directives' arguments"),
            );
        }
        // Everything else was reported where it is declared, or by validation.
        _ => {}
    }
}

/// `authorId` is the stored key of `author`, so no other field can have that name. With a list
/// `reviews`, `reviewsNext` is its next page's cursor, and `reviewsCount` its number of rows.
fn check_relation_names(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) {
    let owner = draft.entity(id);
    for field in &owner.fields {
        if matches!(field.shape, Shape::ToMany(_)) {
            for (suffix, what) in [("Next", "cursor of its next page"), ("Count", "number of rows")]
            {
                let name = format!("{}{suffix}", field.name);
                if let Some(other) = owner.by_name.get(name.as_str()) {
                    let place = owner.field(*other).place;
                    problems
                        .error("reserved-name", place, format!("`{name}` is the list's {what}"))
                        .see(field.place, "the list")
                        .help("choose another name");
                }
            }
        }
        if !matches!(field.shape, Shape::ToOne(_)) {
            continue;
        }
        let id_name = format!("{}Id", field.name);
        if let Some(other) = owner.by_name.get(id_name.as_str()) {
            problems
                .error(
                    "reserved-name",
                    owner.field(*other).place,
                    format!("`{id_name}` is the name of the relation's key"),
                )
                .see(field.place, "the relation")
                .help("leave the field out: the key is there always");
        }
    }
}

fn camel(name: &str) -> String {
    let trimmed = name.trim_matches('_');
    lower_camel_case(if trimmed.is_empty() { "name" } else { trimmed })
}
