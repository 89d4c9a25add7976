//! Relations: their other sides, and what happens when a target is deleted.

use expr::{EntityId, FieldId};

use crate::field::OnDelete;
use crate::load::arguments::{text, value};
use crate::load::draft::{Draft, Shape};
use crate::report::Problems;
use crate::suggest::did_you_mean_or_list;

/// Finds the other side of each to-many relation, and reads `@onDelete`.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        for field_id in draft.entity(id).field_ids() {
            let inverse = match draft.entity(id).field(field_id).shape {
                Shape::ToMany(target) => inverse(draft, id, field_id, target, problems),
                _ => None,
            };
            let on_delete = on_delete(draft, id, field_id, problems);
            let field = &mut draft.entities[id.0 as usize].fields[field_id.0 as usize];
            field.inverse = inverse;
            field.on_delete = on_delete.unwrap_or(OnDelete::Restrict);
        }
    }
}

fn inverse(
    draft: &Draft<'_>,
    id: EntityId,
    field_id: FieldId,
    target: EntityId,
    problems: &mut Problems<'_>,
) -> Option<FieldId> {
    let owner = draft.entity(id);
    let field = owner.field(field_id);
    let other = draft.entity(target);
    if draft.leaves_module(id, target) {
        problems
            .error(
                "not-supported-yet",
                field.place,
                "to-many relations into another module are not supported yet",
            )
            .help(format!(
                "list `{}` and filter by the relation that points here",
                other.entity.plural
            ));
        return None;
    }
    let candidates: Vec<&str> = other
        .fields
        .iter()
        .filter(|candidate| candidate.shape == Shape::ToOne(id))
        .map(|candidate| candidate.name)
        .collect();
    let Some(directive) = field.directive("inverse") else {
        let name = &other.entity.name;
        let many_to_many = other.fields.iter().any(|field| field.shape == Shape::ToMany(id));
        let report = |problems: &mut Problems<'_>, code, message: String, help: String| {
            problems.error(code, field.place, message).help(help);
        };
        match candidates.as_slice() {
            [] if many_to_many => report(
                problems,
                "not-supported-yet",
                "many-to-many relations are not supported yet".to_owned(),
                format!(
                    "make an entity of the link, with one relation to `{}` and one to `{name}`",
                    owner.entity.name
                ),
            ),
            [] => report(
                problems,
                "inverse",
                format!("no field of `{name}` points back to `{}`", owner.entity.name),
                format!(
                    "add a relation such as `{}: {}!` to `{name}`, and name it here with `@inverse(of:)`",
                    super::names::lower_camel_case(&owner.entity.name),
                    owner.entity.name,
                ),
            ),
            [first, ..] => report(
                problems,
                "inverse",
                format!("which field of `{name}` points back here?"),
                format!("add `@inverse(of: \"{first}\")`"),
            ),
        }
        return None;
    };
    let of = text(directive, "of")?;
    let place = of.place(draft.parsed);
    let Some(&found) = other.by_name.get(of.value) else {
        if !other.damaged {
            let names =
                if candidates.is_empty() { other.field_names().collect() } else { candidates };
            problems
                .error(
                    "inverse",
                    place,
                    format!("`{}` has no field `{}`", other.entity.name, of.value),
                )
                .help_if(did_you_mean_or_list(of.value, names, "fields that point here are"));
        }
        return None;
    };
    match other.field(found).shape {
        Shape::ToOne(back) if back == id => Some(found),
        Shape::Broken => None,
        Shape::ToOne(elsewhere) => {
            problems
                .error(
                    "inverse",
                    place,
                    format!(
                        "`{}.{}` points to `{}`, not to `{}`",
                        other.entity.name,
                        of.value,
                        draft.entity(elsewhere).entity.name,
                        owner.entity.name
                    ),
                )
                .see(other.field(found).place, "it is declared here")
                .help_if(did_you_mean_or_list("", candidates, "fields that point here are"));
            None
        }
        _ => {
            problems
                .error(
                    "inverse",
                    place,
                    format!("`{}.{}` is not a to-one relation", other.entity.name, of.value),
                )
                .see(other.field(found).place, "it is declared here")
                .help_if(did_you_mean_or_list("", candidates, "fields that point here are"));
            None
        }
    }
}

fn on_delete(
    draft: &Draft<'_>,
    id: EntityId,
    field_id: FieldId,
    problems: &mut Problems<'_>,
) -> Option<OnDelete> {
    let field = draft.entity(id).field(field_id);
    let directive = field.directive("onDelete")?;
    let Shape::ToOne(_) = field.shape else { return None };
    let value = value(directive, "do")?;
    let place = draft.parsed.place(value.location());
    let on_delete = match value.as_enum()?.as_str() {
        "RESTRICT" => OnDelete::Restrict,
        "CASCADE" => OnDelete::Cascade,
        "SET_NULL" => OnDelete::SetNull,
        _ => return None,
    };
    if on_delete == OnDelete::SetNull && field.required {
        problems
            .error(
                "on-delete",
                place,
                format!("`{}` is required, so it cannot become null", field.name),
            )
            .help("remove the `!` from its type, or choose RESTRICT or CASCADE");
    }
    Some(on_delete)
}
