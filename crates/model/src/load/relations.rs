//! Relations: their other sides, and what happens when a target is deleted.

use expr::{EntityId, FieldId};

use crate::field::{OnDelete, Via};
use crate::join::Side;
use crate::load::arguments::{text, value};
use crate::load::draft::{Draft, Shape};
use crate::load::joins;
use crate::report::Problems;
use crate::suggest::did_you_mean_or_list;

/// Finds the other side of each to-many relation, and reads `@onDelete`.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    joins::read(draft, problems);
    for id in draft.ids() {
        for field_id in draft.entity(id).field_ids() {
            let field = draft.entity(id).field(field_id);
            let via = match field.shape {
                Shape::ToMany(target) if field.directive("join").is_none() => {
                    inverse(draft, id, field_id, target, problems)
                }
                _ => field.via,
            };
            let on_delete = on_delete(draft, id, field_id, problems);
            let field = &mut draft.entities[id.0 as usize].fields[field_id.0 as usize];
            field.via = via;
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
) -> Option<Via> {
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
        let report = |problems: &mut Problems<'_>, code, message: String, help: String| {
            problems.error(code, field.place, message).help(help);
        };
        match candidates.as_slice() {
            [] => report(
                problems,
                "inverse",
                format!("no field of `{name}` points back to `{}`", owner.entity.name),
                format!(
                    "add a relation such as `{}: {}!` to `{name}`, and name it here with `@inverse(of:)`; or `@join` here if a `{name}` belongs to several",
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
        Shape::ToOne(back) if back == id => Some(Via::Inverse(found)),
        Shape::ToMany(back) if back == id && other.field(found).directive("join").is_some() => {
            match other.field(found).via {
                Some(Via::Join { join, near: Side::Left }) => {
                    Some(Via::Join { join, near: Side::Right })
                }
                _ => None,
            }
        }
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
                    format!(
                        "`{}.{}` is neither a to-one relation nor has it `@join`",
                        other.entity.name, of.value
                    ),
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
