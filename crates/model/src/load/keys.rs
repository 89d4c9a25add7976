//! Keys: the fields that identify a row.

use expr::{EntityId, FieldId};

use crate::field::Scalar;
use crate::load::arguments::texts;
use crate::load::draft::{Draft, Shape};
use crate::report::{Place, Problems};
use crate::suggest::did_you_mean_or_list;

/// Finds the key of each entity.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let key = key_of(draft, id, problems);
        draft.entities[id.0 as usize].entity.key = key;
    }
    for id in draft.ids() {
        check_identity(draft, id, problems);
    }
}

fn key_of(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> Vec<FieldId> {
    let owner = draft.entity(id);
    let Some(directive) = owner.node.directives.get("key") else {
        let key: Vec<FieldId> = owner.by_name.get("id").copied().into_iter().collect();
        for field in &key {
            check_key_field(draft, id, *field, owner.field(*field).place, problems);
        }
        return key;
    };
    let mut key = Vec::new();
    let names = texts(directive, "on");
    if names.is_empty() {
        let place = draft.parsed.place(directive.location());
        problems.error("key", place, "a key has at least one field");
    }
    for name in names {
        let place = name.place(draft.parsed);
        let Some(&field) = owner.by_name.get(name.value) else {
            if !owner.damaged {
                let known = did_you_mean_or_list(name.value, owner.field_names(), "its fields are");
                problems
                    .error(
                        "unknown-field",
                        place,
                        format!("`{}` has no field `{}`", owner.entity.name, name.value),
                    )
                    .help_if(relation_instead(draft, id, name.value).or(known));
            }
            continue;
        };
        if key.contains(&field) {
            problems.error("key", place, format!("`{}` is in the key twice", name.value));
            continue;
        }
        if check_key_field(draft, id, field, place, problems) {
            key.push(field);
        }
    }
    key
}

/// Suggests `author` for `authorId`.
pub(crate) fn relation_instead(draft: &Draft<'_>, id: EntityId, name: &str) -> Option<String> {
    let owner = draft.entity(id);
    let relation = name.strip_suffix("Id")?;
    let field = owner.field(*owner.by_name.get(relation)?);
    matches!(field.shape, Shape::ToOne(_)).then(|| format!("write the relation: `{relation}`"))
}

fn check_key_field(
    draft: &Draft<'_>,
    id: EntityId,
    field: FieldId,
    place: Place,
    problems: &mut Problems<'_>,
) -> bool {
    let field = draft.entity(id).field(field);
    let wrong = match field.shape {
        Shape::Broken => return false,
        Shape::Scalar(scalar) if scalar.is_json() => "holds JSON",
        Shape::Scalar(_) | Shape::ToOne(_) => "",
        Shape::List(_) => "is a list",
        Shape::ToMany(_) => "is a to-many relation",
        Shape::Computed(_) => "is computed",
    };
    if !wrong.is_empty() {
        problems
            .error(
                "key",
                place,
                format!("`{}` {wrong}, so it cannot be part of the key", field.name),
            )
            .help("a key is made of scalars, enums and to-one relations");
        return false;
    }
    if let Shape::ToOne(target) = field.shape
        && draft.leaves_module(id, target)
    {
        problems.error("key", place, "a relation into another module cannot be part of the key");
        return false;
    }
    if !field.required {
        problems
            .error(
                "key",
                place,
                format!("`{}` is part of the key, so it cannot be null", field.name),
            )
            .see(field.place, "the field")
            .help("add a `!` to its type");
    }
    true
}

fn check_identity(draft: &mut Draft<'_>, id: EntityId, problems: &mut Problems<'_>) {
    let owner = draft.entity(id);
    let mut identity = false;
    for (index, field) in owner.fields.iter().enumerate() {
        let Some(directive) = field.directive("identity") else { continue };
        let alone = owner.entity.key == [FieldId(index as u32)];
        let number = matches!(field.shape, Shape::Scalar(Scalar::Int | Scalar::BigInt));
        if number && alone {
            identity = true;
        } else if field.shape != Shape::Broken {
            problems
                .error(
                    "identity",
                    draft.parsed.place(directive.location()),
                    "the database numbers only a key that is one `Int` or `BigInt`",
                )
                .help(if number {
                    format!("add `@key(on: [\"{}\"])` to the type", field.name)
                } else {
                    "give the field the type `BigInt!`".to_owned()
                });
        }
    }
    draft.entities[id.0 as usize].entity.identity = identity;
}
