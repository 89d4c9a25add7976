//! Directives of fields: whether they fit what the field holds, and what they say.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value as Literal};
use expr::ops;

use crate::field::{Length, Pattern, Range, Role, Scalar};
use crate::load::arguments::{text, value};
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::literals;
use crate::report::Problems;

/// Directives that decide who sets a field; a field has one of them.
const SOURCES: [&str; 6] = ["owner", "created", "updated", "default", "computed", "identity"];

/// Reads what a field's own type decides, before any expression is compiled.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        for field_id in draft.entity(id).field_ids() {
            let field = draft.entity(id).field(field_id);
            check_fit(draft, field, problems);
            let role = role(field);
            let Bounds { length, range, pattern } = bounds(draft, field, problems);
            let has = |name| field.directive(name).is_some();
            let (readonly, private, unique) = (has("readonly"), has("private"), has("unique"));
            let field = &mut draft.entities[id.0 as usize].fields[field_id.0 as usize];
            (field.role, field.readonly, field.private, field.unique) =
                (role, readonly, private, unique);
            (field.length, field.range, field.pattern) = (length, range, pattern);
        }
    }
}

/// What values a field may have.
pub(super) struct Bounds {
    pub(super) length: Option<Length>,
    pub(super) range: Option<Range>,
    pub(super) pattern: Option<Pattern>,
}

/// Reads `@length`, `@range` and `@pattern`.
pub(super) fn bounds(
    draft: &Draft<'_>,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Bounds {
    Bounds {
        length: length(draft, field, problems),
        range: range(draft, field, problems),
        pattern: pattern(draft, field, problems),
    }
}

/// Reports directives that do not fit what a field holds.
pub(super) fn check_fit(draft: &Draft<'_>, field: &FieldDraft<'_>, problems: &mut Problems<'_>) {
    let Some(directives) = field.directives else { return };
    for directive in directives.iter() {
        let place = draft.parsed.place(directive.location());
        let name = directive.name.as_str();
        if let Some(wanted) = misfit(name, field.shape) {
            problems
                .error(
                    "misplaced-directive",
                    place,
                    format!(
                        "`@{name}` does not fit `{}`, which {}",
                        field.name,
                        describe(draft, field.shape)
                    ),
                )
                .help(format!("it belongs on {wanted}"));
        }
    }
    if let (Shape::ToOne(target), Some(directive)) = (field.shape, field.directive("owner"))
        && draft.sole_key_scalar(target).is_none()
    {
        problems
            .error(
                "owner",
                draft.parsed.place(directive.location()),
                "an owner is identified by one value, but the key of its type has several",
            )
            .see(draft.entity(target).place, "the type");
    }
    let sources: Vec<&Node<Directive>> =
        directives.iter().filter(|directive| SOURCES.contains(&directive.name.as_str())).collect();
    if let [first, second, ..] = sources.as_slice()
        && first.name != second.name
    {
        problems
            .error(
                "conflicting-directives",
                draft.parsed.place(second.location()),
                format!(
                    "`@{}` and `@{}` both decide what `{}` is",
                    first.name, second.name, field.name
                ),
            )
            .see(draft.parsed.place(first.location()), "the other one")
            .help("keep one of them");
    }
}

/// Says where a directive belongs if it does not belong on a field of this shape.
fn misfit(directive: &str, shape: Shape) -> Option<&'static str> {
    use Scalar as S;
    let stored = matches!(shape, Shape::Scalar(_) | Shape::List(_) | Shape::ToOne(_));
    let scalar = match shape {
        Shape::Scalar(scalar) => Some(scalar),
        Shape::Broken => return None,
        _ => None,
    };
    let text = matches!(scalar, Some(S::String | S::Email | S::Url));
    let (fits, wanted) = match directive {
        "unique" => (
            matches!(shape, Shape::ToOne(_)) || scalar.is_some_and(|scalar| !scalar.is_json()),
            "scalars (except JSON), enums and to-one relations",
        ),
        "default" => {
            (matches!(shape, Shape::Scalar(_) | Shape::List(_)), "scalars, enums and lists")
        }
        "check" | "column" => (stored, "fields that are stored"),
        "readonly" | "was" => {
            (stored || matches!(shape, Shape::ToMany(_)), "fields that are stored")
        }
        "fill" => (
            scalar.is_some() || matches!(shape, Shape::ToOne(_)),
            "scalars, enums and to-one relations",
        ),
        "private" => (stored || matches!(shape, Shape::Computed(_)), "fields that have a value"),
        "length" => {
            let list = matches!(shape, Shape::List(_)) || matches!(scalar, Some(S::Documents(_)));
            (text || list, "text and lists")
        }
        "pattern" => (text, "text"),
        "range" => (matches!(scalar, Some(S::Int | S::BigInt | S::Float | S::Decimal)), "numbers"),
        "owner" => (
            matches!(shape, Shape::ToOne(_)) || matches!(scalar, Some(S::Id | S::String)),
            "to-one relations, and fields of type ID or String",
        ),
        "created" | "updated" => {
            (matches!(scalar, Some(S::DateTime | S::Date)), "fields of type DateTime or Date")
        }
        "inverse" | "join" => {
            (matches!(shape, Shape::ToMany(_)), "to-many relations, `[Entity!]!`")
        }
        "onDelete" => (matches!(shape, Shape::ToOne(_)), "to-one relations"),
        "exposed" => (false, "types, and on operations of Query and Mutation"),
        "function" | "route" => (false, "operations of Query and Mutation"),
        "on" | "every" | "retry" | "webhook" => (false, "fields of `type Job`"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

pub(super) fn describe(draft: &Draft<'_>, shape: Shape) -> String {
    match shape {
        Shape::Scalar(scalar @ Scalar::Documents(_)) => {
            format!("is a list of `{}`", scalar_name(draft, scalar))
        }
        Shape::Scalar(scalar) => format!("is of type `{}`", scalar_name(draft, scalar)),
        Shape::List(scalar) => format!("is a list of `{}`", scalar_name(draft, scalar)),
        Shape::ToOne(target) => format!("is a relation to `{}`", draft.entity(target).entity.name),
        Shape::ToMany(target) => {
            format!("is a to-many relation to `{}`", draft.entity(target).entity.name)
        }
        Shape::Computed(_) => "is computed".to_owned(),
        Shape::Broken => "has a mistake in its type".to_owned(),
    }
}

fn scalar_name<'d>(draft: &'d Draft<'_>, scalar: Scalar) -> &'d str {
    match scalar {
        Scalar::Enum(id) => &draft.enums[id.0 as usize].name,
        Scalar::Document(id) | Scalar::Documents(id) => &draft.documents[id.0 as usize].name,
        other => other.name(),
    }
}

fn role(field: &FieldDraft<'_>) -> Role {
    let has = |name| field.directive(name).is_some() && misfit(name, field.shape).is_none();
    if has("owner") {
        Role::Owner
    } else if has("created") {
        Role::Created
    } else if has("updated") {
        Role::Updated
    } else {
        Role::Plain
    }
}

fn length(
    draft: &Draft<'_>,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Option<Length> {
    let directive = field.directive("length")?;
    let mut bound = |name| {
        let literal = value(directive, name)?;
        let number = literal.to_i32()?;
        if number < 0 {
            let place = draft.parsed.place(literal.location());
            problems.error("length", place, "a length cannot be negative");
        }
        u64::try_from(number).ok()
    };
    let length = Length { min: bound("min"), max: bound("max") };
    let place = draft.parsed.place(directive.location());
    if value(directive, "min").is_none() && value(directive, "max").is_none() {
        problems.error("length", place, "`@length` needs `min`, `max` or both");
    }
    if let (Some(min), Some(max)) = (length.min, length.max)
        && min > max
    {
        problems.error(
            "length",
            place,
            format!("nothing is at least {min} and at most {max} long"),
        );
    }
    Some(length)
}

fn range(draft: &Draft<'_>, field: &FieldDraft<'_>, problems: &mut Problems<'_>) -> Option<Range> {
    let directive = field.directive("range")?;
    let Shape::Scalar(scalar) = field.shape else { return None };
    if misfit("range", field.shape).is_some() {
        return None;
    }
    let mut bound = |name| {
        let literal = value(directive, name)?;
        if !matches!(**literal, Literal::Int(_) | Literal::Float(_)) {
            return None;
        }
        match literals::scalar(draft, scalar, literal) {
            Ok(value) => Some(value),
            Err(why) => {
                problems
                    .error(
                        "range",
                        draft.parsed.place(literal.location()),
                        format!("this bound {why}"),
                    )
                    .help(format!("`{}` is of type `{}`", field.name, scalar.name()));
                None
            }
        }
    };
    let range = Range { min: bound("min"), max: bound("max") };
    let place = draft.parsed.place(directive.location());
    if value(directive, "min").is_none() && value(directive, "max").is_none() {
        problems.error("range", place, "`@range` needs `min`, `max` or both");
    }
    if let (Some(min), Some(max)) = (&range.min, &range.max)
        && literals::compare(min, max) == Some(std::cmp::Ordering::Greater)
    {
        problems.error("range", place, "`min` is greater than `max`, so no value is allowed");
    }
    Some(range)
}

fn pattern(
    draft: &Draft<'_>,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Option<Pattern> {
    let regex = text(field.directive("pattern")?, "regex")?;
    match ops::compile_pattern(regex.value) {
        Ok(compiled) => Some(Pattern { text: regex.value.to_owned(), regex: compiled }),
        Err(why) => {
            // The last line of the error says what is wrong; those before draw the pattern.
            let why = why.to_string();
            let why =
                why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            problems
                .error("pattern", regex.place(draft.parsed), format!("this is not a regular expression: {why}"))
                .help("look-around and back-references are not supported; backslashes are doubled in SDL");
            None
        }
    }
}
