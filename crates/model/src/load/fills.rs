//! What rows that are there get in a new or changed field (`@fill`).
//!
//! Its expression is about rows as an earlier model left them, so only its form is checked here; the
//! migration that meets those rows checks the rest.

use expr::EntityId;

use crate::load::arguments::value;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::expressions;
use crate::report::Problems;

/// Reads the fills of all fields.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        for field in draft.entity(id).field_ids() {
            let fill = fill(draft, id, draft.entity(id).field(field), problems);
            let owner = &mut draft.entities[id.0 as usize];
            if let [column] = owner.fields[field.0 as usize].columns[..] {
                owner.entity.columns[column.0 as usize].fill = fill;
            }
        }
    }
}

fn fill(
    draft: &Draft<'_>,
    id: EntityId,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let directive = field.directive("fill")?;
    if let Shape::ToOne(target) = field.shape
        && field.columns.len() > 1
    {
        problems
            .error(
                "fill",
                draft.parsed.place(directive.location()),
                format!(
                    "one value is not enough: `{}` is stored in {} columns",
                    field.name,
                    field.columns.len()
                ),
            )
            .see(draft.entity(target).place, "the key of this type has several parts");
    }
    if draft.entity(id).entity.identity && draft.entity(id).entity.key_columns == field.columns {
        problems.error(
            "fill",
            draft.parsed.place(directive.location()),
            "the database numbers the rows itself",
        );
    }
    expressions::text(draft, problems, value(directive, "expr")?)
}
