//! Fields of types that are not stored: operations, jobs, and the parts of events and answers.

use apollo_compiler::ast::{DirectiveList, FieldDefinition};
use apollo_compiler::schema::{Component, ExtendedType};

use crate::load::arguments::value;
use crate::load::draft::{Draft, Named};
use crate::load::parse::{Parsed, place_of};
use crate::report::Problems;

/// What an operation of Query or Mutation may carry.
const ON_OPERATIONS: [&str; 9] =
    ["function", "route", "allow", "cache", "exposed", "limit", "before", "after", "deprecated"];
/// What a field of `type Job` may carry.
const ON_JOBS: [&str; 8] =
    ["function", "on", "every", "retry", "webhook", "limit", "allow", "deprecated"];
/// What a field of an event or answer may carry.
const ON_PARTS: [&str; 2] = ["deprecated", "from"];
/// What a member of a nested type may carry.
const ON_MEMBERS: [&str; 5] = ["deprecated", "default", "length", "pattern", "range"];

/// Reports directives that have no meaning where they stand.
pub(crate) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let parsed = draft.parsed;
    for ty in parsed.schema.types.values() {
        let ExtendedType::Object(node) = ty else { continue };
        // The fields of entities are checked by what they hold.
        if node.directives.has("entity") {
            continue;
        }
        let (allowed, what) = match node.name.as_str() {
            "Query" | "Mutation" => (&ON_OPERATIONS[..], "operations"),
            "Job" => (&ON_JOBS[..], "jobs"),
            name if matches!(draft.names.get(name), Some(Named::Document(_))) => {
                (&ON_MEMBERS[..], "members of a nested type")
            }
            _ => (&ON_PARTS[..], "fields of a type that is not stored"),
        };
        for field in node.fields.values() {
            check_field(parsed, field, allowed, what, problems);
            if what == "operations" {
                check_rule(parsed, &field.directives, problems);
            }
        }
    }
}

fn check_field(
    parsed: &Parsed,
    field: &Component<FieldDefinition>,
    allowed: &[&str],
    what: &str,
    problems: &mut Problems<'_>,
) {
    for directive in field.directives.iter() {
        let known = parsed.schema.directive_definitions.get(&directive.name);
        // Unknown directives, and those that stand on no field at all, were reported by validation.
        let fits = known.is_none_or(|definition| {
            let on_fields = apollo_compiler::ast::DirectiveLocation::FieldDefinition;
            !definition.locations.contains(&on_fields)
        });
        if fits || allowed.contains(&directive.name.as_str()) {
            continue;
        }
        let Some(place) = parsed.try_place(directive.location()) else { continue };
        problems
            .error(
                "misplaced-directive",
                place,
                format!("`@{}` has no meaning on {what}", directive.name),
            )
            .help_if(
                what.starts_with("fields")
                    .then(|| "add `@entity` to the type if its rows are to be stored".to_owned()),
            );
    }
}

/// An operation has a rule for being called, and none about rows.
fn check_rule(parsed: &Parsed, directives: &DirectiveList, problems: &mut Problems<'_>) {
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
        let message = "an expression is written as a string";
        problems.error("wrong-argument-type", place_of(parsed, literal), message);
    }
}
