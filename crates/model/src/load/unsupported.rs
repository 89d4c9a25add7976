//! Features that are not built yet.
//!
//! Where going on without one would weaken a promise about data, its directive is a mistake. Where it
//! only withholds something, a warning says so.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::{ExtendedType, ObjectType};

use crate::load::parse::{Parsed, ROOTS};
use crate::report::{Place, Problems};

/// Without these, data would be less safe than the model says.
const NEEDED: [&str; 7] = ["encrypted", "personal", "before", "after", "limit", "from", "into"];
/// Without these, something is missing, and nothing is wrong.
const WITHHELD: [&str; 9] =
    ["cache", "live", "function", "route", "capabilities", "on", "every", "retry", "webhook"];
/// Directives that only fields of Query, Mutation and Job have.
const ON_ROOTS: [&str; 6] = ["function", "route", "on", "every", "retry", "webhook"];

/// Reports each use of a feature that is not built yet.
pub(crate) fn check(parsed: &Parsed, problems: &mut Problems<'_>) {
    check_all(parsed, parsed.schema.schema_definition.directives.iter().map(|d| &d.node), problems);
    for ty in parsed.schema.types.values() {
        check_all(parsed, ty.directives().iter().map(|directive| &directive.node), problems);
        match ty {
            ExtendedType::Object(node) => check_object(parsed, node, problems),
            ExtendedType::InputObject(node) => {
                for field in node.fields.values() {
                    check_all(parsed, field.directives.iter(), problems);
                }
            }
            _ => {}
        }
    }
}

fn check_object(parsed: &Parsed, node: &Node<ObjectType>, problems: &mut Problems<'_>) {
    if node.directives.has("event")
        && let Some(place) = parsed.try_place(node.name.location())
    {
        let message = format!("events are not supported yet: nothing publishes `{}`", node.name);
        withheld(place, message, problems);
    }
    let root = ROOTS.contains(&node.name.as_str());
    for field in node.fields.values() {
        // Elsewhere than on roots these are misplaced, and reported as such.
        let directives = field.directives.iter();
        check_all(
            parsed,
            directives.filter(|d| root || !ON_ROOTS.contains(&d.name.as_str())),
            problems,
        );
        for argument in &field.arguments {
            check_all(parsed, argument.directives.iter(), problems);
        }
        let said =
            |names: &[&str]| field.directives.iter().any(|d| names.contains(&d.name.as_str()));
        match node.name.as_str() {
            "Query" | "Mutation" if !said(&["function", "route"]) => {
                let message = "operations of your own are not supported yet: it cannot be called";
                withheld_field(parsed, field, message, problems);
            }
            "Job" if !said(&WITHHELD) => {
                withheld_field(
                    parsed,
                    field,
                    "jobs are not supported yet: it never runs",
                    problems,
                );
            }
            _ => {}
        }
    }
}

fn check_all<'d>(
    parsed: &Parsed,
    directives: impl Iterator<Item = &'d Node<Directive>>,
    problems: &mut Problems<'_>,
) {
    for directive in directives {
        let Some(place) = parsed.try_place(directive.location()) else { continue };
        let name = directive.name.as_str();
        if NEEDED.contains(&name) {
            problems
                .error("not-supported-yet", place, format!("`@{name}` is not supported yet"))
                .help("without it the data would be less protected than the model says, so remove it knowingly");
        } else if WITHHELD.contains(&name) {
            withheld(place, format!("`@{name}` is not supported yet: it has no effect"), problems);
        }
    }
}

fn withheld_field(
    parsed: &Parsed,
    field: &FieldDefinition,
    message: &str,
    problems: &mut Problems<'_>,
) {
    if let Some(place) = parsed.try_place(field.name.location()) {
        withheld(place, message.to_owned(), problems);
    }
}

fn withheld(place: Place, message: String, problems: &mut Problems<'_>) {
    problems.warning("not-supported-yet", place, message);
}
