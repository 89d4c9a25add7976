//! Full-text indexes (`@search`).

use expr::{EntityId, Kind, LiteralValue, Value};

use crate::entity::{Rule, Search, SearchField};
use crate::field::Scalar;
use crate::load::arguments::{Text, texts};
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::keys::relation_instead;
use crate::report::Problems;
use crate::suggest::did_you_mean_or_list;

/// The most texts of an index.
const FIELDS_MAX: usize = 16;

/// The highest weight; beyond it a match elsewhere counts as none.
const WEIGHT_MAX: f64 = 1000.0;

/// Where a list shows what matched; no field of a searched entity can stand there.
const HIGHLIGHTS: &str = "highlights";

/// Column names that a full-text index of SQLite keeps for itself.
const RESERVED: [&str; 2] = ["rank", "rowid"];

/// Gives each entity its full-text index.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let search = search(draft, id, problems);
        draft.entities[id.0 as usize].entity.search = search;
    }
}

fn search(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> Option<Search> {
    let owner = draft.entity(id);
    let directive = owner.node.directives.get("search")?;
    let place = draft.parsed.place(directive.location());
    let names = texts(directive, "on");
    if names.is_empty() || names.len() > FIELDS_MAX {
        let message = format!("`@search` names 1 to {FIELDS_MAX} fields");
        problems.error("search", place, message);
        return None;
    }
    if let Some(&field) = owner.by_name.get(HIGHLIGHTS) {
        problems
            .error(
                "search",
                owner.field(field).place,
                format!("an entity with `@search` cannot have a field `{HIGHLIGHTS}`"),
            )
            .help("a list shows there what matched, so give the field another name");
    }
    let mut fields: Vec<SearchField> = Vec::with_capacity(names.len());
    for name in names {
        let field = searched_field(draft, id, name, &fields, problems);
        fields.extend(field);
    }
    Some(Search { fields })
}

fn searched_field(
    draft: &Draft<'_>,
    id: EntityId,
    name: Text<'_>,
    before: &[SearchField],
    problems: &mut Problems<'_>,
) -> Option<SearchField> {
    let owner = draft.entity(id);
    let place = name.place(draft.parsed);
    let (bare, weight) = match name.value.split_once('^') {
        Some((bare, weight)) => (bare, weight.parse().ok()),
        None => (name.value, Some(1.0)),
    };
    let Some(&field_id) = owner.by_name.get(bare) else {
        if !owner.damaged {
            let known = did_you_mean_or_list(bare, owner.field_names(), "its fields are");
            let message = format!("`{}` has no field `{bare}`", owner.entity.name);
            problems
                .error("unknown-field", place, message)
                .help_if(relation_instead(draft, id, bare).or(known));
        }
        return None;
    };
    let field = owner.field(field_id);
    if field.shape == Shape::Broken {
        return None;
    }
    if let Some((wrong, help)) = unsearchable(field) {
        problems.error("search", place, format!("`{bare}` {wrong}")).help(help);
        return None;
    }
    let column = field.columns.first().copied()?;
    let column_name = &owner.entity.columns[column.0 as usize].name;
    if RESERVED.iter().any(|reserved| column_name.eq_ignore_ascii_case(reserved)) {
        problems
            .error("search", place, format!("a column `{column_name}` cannot be searched"))
            .help("give it another one with `@column(name: …)`");
        return None;
    }
    if before.iter().any(|other| other.field == field_id) {
        problems.error("search", place, format!("`{bare}` is in the index twice"));
        return None;
    }
    match weight.filter(|weight| *weight > 0.0 && *weight <= WEIGHT_MAX) {
        Some(weight) => Some(SearchField { field: field_id, column, weight }),
        None => {
            problems
                .error("search", place, format!("`{}` has no weight that counts", name.value))
                .help(format!(
                    "a weight is a number above 0 and up to {WEIGHT_MAX}, as in `{bare}^2`"
                ));
            None
        }
    }
}

/// Says why a field cannot be searched, and what to do.
fn unsearchable(field: &FieldDraft<'_>) -> Option<(&'static str, &'static str)> {
    let text = matches!(field.shape, Shape::Scalar(Scalar::String | Scalar::Email | Scalar::Url));
    if !text {
        return Some((
            "is no text, so it cannot be searched",
            "`@search` takes fields of type String, Email and URL",
        ));
    }
    if field.private {
        return Some((
            "is private, and a search would tell what is in it",
            "leave it out of `@search`",
        ));
    }
    let hidden = field.rules.read.as_ref().is_some_and(|rule| !is_always_true(rule));
    hidden.then_some((
        "has a read rule, and a search would tell callers of the rows whose text it hides from them",
        "leave it out of `@search`, or move it to an entity with a read rule of its own",
    ))
}

fn is_always_true(rule: &Rule) -> bool {
    matches!(rule.expr.tree.kind, Kind::Literal(LiteralValue(Value::Bool(true))))
}
