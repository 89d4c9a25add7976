//! Conditions that the database enforces on each row (`@check`).

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use expr::{EntityId, FieldId};

use crate::entity::Check;
use crate::load::arguments::{text, value};
use crate::load::draft::Draft;
use crate::load::expressions::{self, Names};
use crate::load::names::{constraint_name, snake_case};
use crate::report::Problems;

/// Reads the checks of all entities.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let checks = checks(draft, id, problems);
        draft.entities[id.0 as usize].entity.checks = checks;
    }
}

fn checks(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> Vec<Check> {
    let owner = draft.entity(id);
    let table = &owner.entity.table;
    let mut checks = Vec::new();
    for (number, directive) in owner.node.directives.get_all("check").enumerate() {
        let name = constraint_name("ck", table, &(number + 1).to_string());
        checks.extend(check(draft, id, directive, name, None, problems));
    }
    for (index, field) in owner.fields.iter().enumerate() {
        let directives =
            field.directives.into_iter().flat_map(|directives| directives.get_all("check"));
        for (number, directive) in directives.enumerate() {
            let column = snake_case(field.name);
            let part = if number == 0 { column } else { format!("{column}_{}", number + 1) };
            let name = constraint_name("ck", table, &part);
            checks.extend(check(draft, id, directive, name, Some(FieldId(index as u32)), problems));
        }
    }
    checks
}

fn check(
    draft: &Draft<'_>,
    id: EntityId,
    directive: &Node<Directive>,
    name: String,
    field: Option<FieldId>,
    problems: &mut Problems<'_>,
) -> Option<Check> {
    let names = Names {
        row: Some(id),
        stored_only: Some(
            "a check sees the stored fields of its own row; use `@allow` for the rest",
        ),
        ..Names::default()
    };
    let rule = expressions::condition(draft, problems, value(directive, "expr")?, names)?;
    let message = text(directive, "message").map(|message| message.value.to_owned());
    Some(Check { name, rule, message, field })
}
