//! Directives whose feature is not built yet.
//!
//! Where going on without the feature would weaken a promise about data, that is a mistake. Where it
//! only withholds something, a warning says so.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ExtendedType;

use crate::load::parse::{Parsed, ROOTS};
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

/// Directives that only fields of Query, Mutation and Job have.
const ON_ROOTS: [&str; 6] = ["function", "route", "on", "every", "retry", "webhook"];

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
                    let root = ROOTS.contains(&node.name.as_str());
                    for directive in field.directives.iter() {
                        // Elsewhere these are misplaced, and reported as such.
                        if root || !ON_ROOTS.contains(&directive.name.as_str()) {
                            check_directive(parsed, directive, problems);
                        }
                    }
                    let directives =
                        field.arguments.iter().flat_map(|argument| argument.directives.iter());
                    for directive in directives {
                        check_directive(parsed, directive, problems);
                    }
                    let Some(place) = parsed.try_place(field.name.location()) else { continue };
                    match node.name.as_str() {
                        "Query" | "Mutation" => {
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
                            );
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

fn withheld(place: Place, message: String, problems: &mut Problems<'_>) {
    problems.warning("not-supported-yet", place, message);
}
