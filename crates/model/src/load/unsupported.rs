//! Directives whose feature is not built yet.
//!
//! Where going on without the feature would weaken a promise about data, that is a mistake. Where it
//! only withholds something, a warning says so.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ExtendedType;

use crate::load::arguments::value;
use crate::load::parse::{Parsed, place_of};
use crate::report::{Place, Problems};

/// Without these, data would be less safe than the model says.
const NEEDED: [&str; 10] = [
    "tenant",
    "encrypted",
    "personal",
    "archive",
    "audit",
    "before",
    "after",
    "limit",
    "from",
    "into",
];
/// Without these, something is missing, and nothing is wrong.
const WITHHELD: [&str; 10] = [
    "cache",
    "live",
    "search",
    "function",
    "route",
    "capabilities",
    "on",
    "every",
    "retry",
    "webhook",
];

/// Reports each use of a feature that is not built yet.
pub(crate) fn check(parsed: &Parsed, problems: &mut Problems<'_>) {
    for directive in parsed.schema.schema_definition.directives.iter() {
        check_directive(parsed, directive, problems);
    }
    for ty in parsed.schema.types.values() {
        for directive in ty.directives().iter() {
            check_directive(parsed, directive, problems);
        }
        match ty {
            ExtendedType::Object(node) => {
                if node.directives.has("event")
                    && let Some(place) = parsed.try_place(node.name.location())
                {
                    withheld(
                        place,
                        format!("events are not supported yet: nothing publishes `{}`", node.name),
                        problems,
                    );
                }
                for field in node.fields.values() {
                    for directive in field.directives.iter() {
                        check_directive(parsed, directive, problems);
                    }
                    let directives =
                        field.arguments.iter().flat_map(|argument| argument.directives.iter());
                    for directive in directives {
                        check_directive(parsed, directive, problems);
                    }
                    let Some(place) = parsed.try_place(field.name.location()) else { continue };
                    match node.name.as_str() {
                        "Query" | "Mutation" => {
                            check_operation(parsed, &field.directives, problems);
                            if !field
                                .directives
                                .iter()
                                .any(|d| matches!(d.name.as_str(), "function" | "route"))
                            {
                                withheld(place, "operations of your own are not supported yet: it cannot be called".into(), problems);
                            }
                        }
                        "Job"
                            if !field
                                .directives
                                .iter()
                                .any(|d| WITHHELD.contains(&d.name.as_str())) =>
                        {
                            withheld(
                                place,
                                "jobs are not supported yet: it never runs".into(),
                                problems,
                            )
                        }
                        _ => {}
                    }
                }
            }
            ExtendedType::InputObject(node) => {
                let directives = node.fields.values().flat_map(|field| field.directives.iter());
                for directive in directives {
                    check_directive(parsed, directive, problems);
                }
            }
            _ => {}
        }
    }
}

fn check_directive(parsed: &Parsed, directive: &Node<Directive>, problems: &mut Problems<'_>) {
    let Some(place) = parsed.try_place(directive.location()) else { return };
    let name = directive.name.as_str();
    if NEEDED.contains(&name) {
        problems
            .error("not-supported-yet", place, format!("`@{name}` is not supported yet"))
            .help("without it the data would be less protected than the model says, so remove it knowingly");
    } else if WITHHELD.contains(&name) {
        withheld(place, format!("`@{name}` is not supported yet: it has no effect"), problems);
    }
}

/// An operation has a rule for being called, and none about rows.
fn check_operation(
    parsed: &Parsed,
    directives: &apollo_compiler::ast::DirectiveList,
    problems: &mut Problems<'_>,
) {
    let Some(directive) = directives.get("allow") else { return };
    for argument in &directive.arguments {
        if argument.name != "call" {
            problems
                .error(
                    "misplaced-argument",
                    place_of(parsed, argument),
                    format!("`{}` has no meaning here", argument.name),
                )
                .help("who may call an operation is said with `call`");
        }
    }
    if let Some(literal) = value(directive, "call")
        && literal.as_str().is_none()
    {
        problems.error(
            "wrong-argument-type",
            place_of(parsed, literal),
            "an expression is written as a string",
        );
    }
}

fn withheld(place: Place, message: String, problems: &mut Problems<'_>) {
    problems.warning("not-supported-yet", place, message);
}
