//! Access rules (`@allow`).

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};
use expr::EntityId;

use crate::entity::{Condition, Entity, Rule, RuleSet};
use crate::field::{FieldRules, Via};
use crate::load::arguments::value;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::expressions::{self, Names, Part};
use crate::report::Problems;

/// Reads the rules of all entities and fields.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let rules = entity_rules(draft, id, problems);
        let fields: Vec<FieldRules> = draft
            .entity(id)
            .fields
            .iter()
            .map(|field| field_rules(draft, id, field, problems))
            .collect();
        let owner = &mut draft.entities[id.0 as usize];
        owner.entity.rules = rules;
        for (field, rules) in owner.fields.iter_mut().zip(fields) {
            field.rules = rules;
        }
    }
}

fn entity_rules(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> RuleSet {
    let owner = draft.entity(id);
    let Some(directive) = owner.node.directives.get("allow") else {
        if owner.damaged {
            return RuleSet::default();
        }
        let name = &owner.entity.name;
        problems
            .warning("no-rule", owner.place, format!("nobody can read or write `{name}`"))
            .help("what no rule allows is denied: add `@allow(read: \"…\", write: \"…\")`");
        return RuleSet::default();
    };
    if !["read", "create", "update", "delete", "write"]
        .iter()
        .any(|name| value(directive, name).is_some())
        && !owner.damaged
    {
        let place = draft.parsed.place(directive.location());
        problems.error("allow", place, "`@allow` without a rule allows nothing");
    }
    misplaced(draft, directive, "call", "operations of Query and Mutation", problems);
    let old = Names { row: Some(id), user: true, now: true, ..Names::default() };
    let new = Names { input: Some(id), ..old };
    let mut part = |arguments: &[&str], names| {
        expressions::part(draft, problems, argument(directive, arguments)?, names)
    };
    let read = part(&["read"], old);
    let create = part(&["create", "write"], new);
    let update = part(&["update", "write"], new);
    let delete = part(&["delete", "write"], old);
    let audit = owner.node.directives.get("audit").and_then(|audit| value(audit, "read"));
    let audit = audit.map(|written| expressions::part(draft, problems, written, old));
    let (history, history_gone) = histories(&owner.entity, [&read, &update, &delete], audit);
    let rules = confined(&owner.entity, [read, create, update, delete]);
    RuleSet { history, history_gone, ..rules }
}

/// Who may read a row's history: whoever reads the row, and satisfies `audit` or else may change it,
/// for it may tell of days when the row was not for everyone. Of a row that is gone, whoever could
/// read and delete it.
fn histories(
    entity: &Entity,
    [read, update, delete]: [&Option<Part>; 3],
    audit: Option<Option<Part>>,
) -> (Option<Rule>, Option<Rule>) {
    let (Some(_), Some(read)) = (&entity.audit, read) else { return (None, None) };
    let written = match audit {
        // There is a mistake in it.
        Some(None) => return (None, None),
        Some(written) => written,
        None => None,
    };
    let tenant = entity.tenant.as_ref().map(|tenant| part_of(&tenant.condition));
    let live = entity.archive.as_ref().map(|archive| part_of(&archive.live));
    let here = written.as_ref().or(update.as_ref()).map(|may| {
        let parts = tenant.iter().chain(&live).chain([read, may]).cloned();
        Part::all(parts).map(Part::into_rule)
    });
    let gone = delete.as_ref().map(|delete| {
        let parts = tenant.iter().chain([read, delete]).chain(&written).cloned();
        Part::all(parts).map(Part::into_rule)
    });
    (here.flatten(), gone.flatten())
}

fn part_of(condition: &Condition) -> Part {
    Part { text: condition.text.clone(), node: condition.node.clone() }
}

/// Makes rules of what is written, for reading, creating, updating and deleting. What no rule can
/// widen becomes a part of each.
fn confined(entity: &Entity, [read, create, update, delete]: [Option<Part>; 4]) -> RuleSet {
    let tenant = entity.tenant.as_ref().map(|tenant| part_of(&tenant.condition));
    let archive = entity.archive.as_ref();
    let live = archive.map(|archive| part_of(&archive.live));
    let within = |outer: Option<Part>, rule: Option<Part>| {
        let parts = tenant.clone().into_iter().chain(outer).chain([rule?]);
        Part::all(parts).map(Part::into_rule)
    };
    let archived = archive.zip(delete.clone()).and_then(|(archive, delete)| {
        let gone = Part::all([part_of(&archive.gone), delete.clone()]);
        let all = part_of(&archive.live).or(delete);
        Some((within(gone, read.clone())?, within(Some(all), read.clone())?))
    });
    let (archived, read_all) = archived.unzip();
    RuleSet {
        archived,
        read_all,
        read: within(live.clone(), read),
        create: within(None, create),
        update: within(live.clone(), update),
        delete: within(live, delete),
        ..RuleSet::default()
    }
}

fn field_rules(
    draft: &Draft<'_>,
    id: EntityId,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> FieldRules {
    let Some(directive) = field.directive("allow") else { return FieldRules::default() };
    misplaced(draft, directive, "call", "operations of Query and Mutation", problems);
    misplaced(draft, directive, "delete", "types: rows are deleted, not fields", problems);
    let set_by_clients = match field.shape {
        Shape::ToMany(_) => matches!(field.via, Some(Via::Join { .. })),
        Shape::Computed(_) => false,
        _ => true,
    };
    if !set_by_clients {
        for argument in ["create", "update", "write"] {
            misplaced(draft, directive, argument, "fields that are stored", problems);
        }
    }
    let old = Names { row: Some(id), user: true, now: true, ..Names::default() };
    let new = Names { input: Some(id), ..old };
    FieldRules {
        read: rule(draft, directive, &["read"], old, problems),
        create: rule(draft, directive, &["create", "write"], new, problems),
        update: rule(draft, directive, &["update", "write"], new, problems),
    }
}

fn rule(
    draft: &Draft<'_>,
    directive: &Node<Directive>,
    arguments: &[&str],
    names: Names,
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    expressions::condition(draft, problems, argument(directive, arguments)?, names)
}

/// Finds the first of the arguments that is given: the more specific one comes first.
fn argument<'d>(directive: &'d Node<Directive>, names: &[&str]) -> Option<&'d Node<Value>> {
    names.iter().find_map(|name| value(directive, name))
}

fn misplaced(
    draft: &Draft<'_>,
    directive: &Node<Directive>,
    argument: &str,
    wanted: &str,
    problems: &mut Problems<'_>,
) {
    let Some(argument) = directive.arguments.iter().find(|given| given.name == argument) else {
        return;
    };
    problems
        .error(
            "misplaced-argument",
            draft.parsed.place(argument.location()),
            format!("`{}` has no meaning here", argument.name),
        )
        .help(format!("it belongs on {wanted}"));
}
