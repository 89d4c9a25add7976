//! Access rules (`@allow`).

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use expr::EntityId;

use crate::entity::{Rule, RuleSet};
use crate::field::FieldRules;
use crate::load::arguments::value;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::expressions::{self, Names};
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
    RuleSet {
        read: rule(draft, directive, &["read"], old, problems),
        create: rule(draft, directive, &["create", "write"], new, problems),
        update: rule(draft, directive, &["update", "write"], new, problems),
        delete: rule(draft, directive, &["delete", "write"], old, problems),
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
    if matches!(field.shape, Shape::ToMany(_) | Shape::Computed(_)) {
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

/// Compiles the first of the arguments that is given: the more specific one comes first.
fn rule(
    draft: &Draft<'_>,
    directive: &Node<Directive>,
    arguments: &[&str],
    names: Names,
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let literal = arguments.iter().find_map(|argument| value(directive, argument))?;
    expressions::condition(draft, problems, literal, names)
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
