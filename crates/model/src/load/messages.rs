//! Puts apollo-compiler's errors into the words of the modelling language, with suggestions.

use crate::load::parse::Parsed;
use crate::report::{Place, Problems};
use crate::sources::Sources;
use crate::suggest::{did_you_mean, did_you_mean_or_list};

/// Names of directives that belong to GraphQL, not to the modelling language.
const FOREIGN_DIRECTIVES: [&str; 4] = ["skip", "include", "deprecated", "specifiedBy"];

/// Says whether an error without a name is about syntax rather than about definitions.
pub(crate) fn is_syntax(text: &str) -> bool {
    text.starts_with("syntax error")
        || text.contains("limit reached")
        || text.contains("limit exceeded")
}

/// Reports one error of apollo-compiler.
pub(crate) fn report(
    parsed: &Parsed,
    sources: &Sources,
    place: Place,
    name: Option<&str>,
    text: &str,
    problems: &mut Problems<'_>,
) {
    if parsed.syntax.covers(place) {
        return;
    }
    let mut quoted = text.split('`').skip(1).step_by(2);
    let first = quoted.next().unwrap_or_default();
    let second = quoted.next().unwrap_or_default();
    match name {
        Some("UndefinedDefinition") => {
            if !parsed.syntax.damaged(first) {
                let candidates = types(parsed);
                problems
                    .error("unknown-type", place, format!("there is no type `{first}`"))
                    .help_if(did_you_mean(first, candidates));
            }
        }
        Some("UndefinedDirective") => {
            let directive = first.trim_start_matches('@');
            // The place is the whole directive; its name is what is wrong.
            let place = Place { end: place.start + 1 + directive.len(), ..place };
            problems
                .error("unknown-directive", place, format!("there is no directive `@{directive}`"))
                .help_if(
                    did_you_mean(directive, directives(parsed))
                        .map(|help| help.replacen('`', "`@", 1)),
                );
        }
        Some("UndefinedArgument") => {
            let candidates = arguments(parsed, second.trim_start_matches('@'));
            let place = Place { end: place.start + first.len(), ..place };
            problems
                .error("unknown-argument", place, format!("`{second}` has no argument `{first}`"))
                .help_if(did_you_mean_or_list(first, candidates, "its arguments are"));
        }
        Some("UndefinedEnumValue") => {
            let values = parsed.schema.get_enum(second).map(|ty| ty.values.keys()).into_iter();
            let values: Vec<&str> = values.flatten().map(|name| name.as_str()).collect();
            problems
                .error("unknown-enum-value", place, format!("`{second}` has no value `{first}`"))
                .help_if(did_you_mean_or_list(first, values, "its values are"));
        }
        Some("RequiredArgument") => {
            // `@key(on:)`
            let (directive, rest) = first.split_once('(').unwrap_or((first, ""));
            let argument = rest.trim_end_matches([')', ':']);
            problems.error(
                "missing-argument",
                Place { end: place.end.min(place.start + directive.len()), ..place },
                format!("`{directive}` needs the argument `{argument}`"),
            );
        }
        Some("UnsupportedLocation") => {
            let directive = text.split(' ').next().unwrap_or_default();
            let place = Place { end: place.start + 1 + directive.len(), ..place };
            problems
                .error("misplaced-directive", place, format!("`@{directive}` cannot stand here"))
                .help_if(locations(parsed, directive));
        }
        Some("UniqueDirective") => {
            let directive = text.split(' ').nth(2).unwrap_or_default();
            let message = format!("`@{directive}` can be given only once");
            problems.error("duplicate-directive", place, message);
        }
        Some("UniqueArgument") => {
            let message = format!("the argument `{first}` is given twice");
            problems.error("duplicate-argument", place, message);
        }
        Some("UnsupportedValueType" | "IntCoercionError" | "FloatCoercionError") => {
            problems.error("wrong-argument-type", place, sentence(text));
        }
        Some("OutputType") => {
            problems
                .error("wrong-type", place, format!("`{first}` cannot be of an input type"))
                .help("types of fields are scalars, enums and object types");
        }
        // A job takes the event that it runs on, which no operation could.
        Some("InputType") if takes_event(parsed, place) => {}
        Some("InputType") => {
            problems
                .error("wrong-type", place, format!("`{first}` must be of an input type"))
                .help("types of arguments are scalars, enums and `input` types");
        }
        Some("ReservedName") => {
            problems.error(
                "reserved-name",
                place,
                "names that begin with `__` belong to GraphQL itself",
            );
        }
        Some("EmptyFieldSet" | "EmptyValueSet" | "EmptyInputValueSet") => {
            if !parsed.syntax.damaged(first) {
                problems.error("empty-type", place, sentence(text));
            }
        }
        Some(_) => {
            problems.error("invalid-schema", place, sentence(text));
        }
        None => build_error(parsed, sources, place, text, first, second, problems),
    }
}

/// Says whether the argument at a place is a job's, and of an event's type.
fn takes_event(parsed: &Parsed, place: Place) -> bool {
    let jobs = parsed.schema.get_object("Job");
    let mut arguments =
        jobs.into_iter().flat_map(|job| job.fields.values()).flat_map(|f| &f.arguments);
    arguments.any(|argument| {
        let event = parsed.schema.get_object(argument.ty.inner_named_type());
        parsed.place(argument.location()) == place
            && event.is_some_and(|event| event.directives.has("event"))
    })
}

/// Reports what kept a definition from becoming part of the schema.
fn build_error(
    parsed: &Parsed,
    sources: &Sources,
    place: Place,
    text: &str,
    first: &str,
    second: &str,
    problems: &mut Problems<'_>,
) {
    if text.starts_with("built-in scalar")
        || (text.contains("defined multiple times") && is_language(parsed, first))
    {
        let word = source_word(sources, place, first);
        problems
            .error("reserved-name", place, format!("`{word}` belongs to the modelling language"))
            .help("choose another name");
    } else if text.contains("defined multiple times") {
        let earlier =
            parsed.schema.types.get(first).and_then(|ty| parsed.try_place(ty.name().location()));
        let report =
            problems.error("duplicate-type", place, format!("there are two types named `{first}`"));
        if let Some(earlier) = earlier.filter(|earlier| *earlier != place) {
            report
                .see(earlier, "the other one")
                .help("type names are unique over all modules of an application");
        }
    } else if text.starts_with("duplicate definitions") {
        let what = if text.contains(" value of enum") { "values" } else { "fields" };
        problems.error(
            "duplicate-field",
            place,
            format!("`{second}` has two {what} named `{first}`"),
        );
    } else if text.starts_with("type extension for undefined type") {
        if !parsed.syntax.damaged(first) {
            problems
                .error("unknown-type", place, format!("there is no type `{first}` to extend"))
                .help_if(did_you_mean(first, types(parsed)));
        }
    } else if text.starts_with("must not have multiple `schema`") {
        problems
            .error("reserved-name", place, "the schema is there already")
            .help("write `extend schema @module(…)`");
    } else if text.starts_with("a schema document must not contain") {
        problems.error("not-a-model", place, "queries and fragments are no part of a model");
    } else {
        problems.error("invalid-schema", place, sentence(text));
    }
}

fn sentence(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}

fn is_language(parsed: &Parsed, name: &str) -> bool {
    parsed.schema.types.get(name).is_some_and(|ty| parsed.try_place(ty.name().location()).is_none())
        || parsed
            .schema
            .directive_definitions
            .get(name.trim_start_matches('@'))
            .is_some_and(|directive| parsed.try_place(directive.location()).is_none())
}

/// `scalar String` has no name in its message.
fn source_word<'t>(sources: &'t Sources, place: Place, name: &'t str) -> &'t str {
    if !name.is_empty() {
        return name;
    }
    let text = sources.files()[place.source].text().get(place.start..place.end).unwrap_or_default();
    text.split_whitespace().nth(1).unwrap_or(text)
}

/// Names of the types a field can have.
pub(crate) fn types(parsed: &Parsed) -> impl Iterator<Item = &str> {
    const INTERNAL: [&str; 6] =
        ["Expr", "Duration", "CronExpr", "CacheScope", "OnDelete", "LimitKey"];
    parsed
        .schema
        .types
        .keys()
        .map(|name| name.as_str())
        .filter(|name| !name.starts_with("__") && !INTERNAL.contains(name))
        .chain(["Int", "Float", "String", "Boolean", "ID"])
}

fn directives(parsed: &Parsed) -> impl Iterator<Item = &str> {
    let names = parsed.schema.directive_definitions.keys().map(|name| name.as_str());
    names.filter(|name| !FOREIGN_DIRECTIVES.contains(name))
}

fn arguments<'p>(parsed: &'p Parsed, directive: &str) -> Vec<&'p str> {
    let definition = parsed.schema.directive_definitions.get(directive);
    definition.map_or_else(Vec::new, |definition| {
        definition.arguments.iter().map(|argument| argument.name.as_str()).collect()
    })
}

fn locations(parsed: &Parsed, directive: &str) -> Option<String> {
    let definition = parsed.schema.directive_definitions.get(directive)?;
    let places: Vec<&str> = definition
        .locations
        .iter()
        .map(|location| match location.name() {
            "OBJECT" => "types",
            "FIELD_DEFINITION" => "fields",
            "ENUM" => "enums",
            "SCHEMA" => "`extend schema`",
            "ARGUMENT_DEFINITION" => "arguments",
            "INPUT_FIELD_DEFINITION" => "fields of input types",
            other => other,
        })
        .collect();
    Some(format!("it belongs on {}", places.join(", ")))
}
