//! Archives (`@archive`): rows that are hidden when they are deleted, and deleted for good later.
//!
//! When a row was archived is a field of its own. That it must be null becomes a part of the rules, as
//! a tenant's condition does; which other rules may see archived rows is decided in `rules`.

use expr::{CompareOp, EntityId, FieldId, Kind, LiteralValue, Span, Type, Value, VarId};

use crate::entity::{Archive, Condition, Index, IndexColumn, Rule};
use crate::field::{OnDelete, Role, Scalar};
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::keep::keep;
use crate::report::Problems;

/// The field that says when a row was archived. A type may declare it, to show it.
pub(crate) const FIELD: &str = "archivedAt";
/// Directives that would decide what the field holds.
const OTHER_SOURCES: [&str; 6] = ["owner", "created", "updated", "default", "computed", "identity"];

/// Reads the archives of all entities, and checks what deletion means between them.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let Some(directive) = draft.entity(id).node.directives.get("archive") else { continue };
        let keep = keep(draft, directive, problems);
        let Some(&field) = draft.entity(id).by_name.get(FIELD) else { continue };
        if !check_field(draft.entity(id).field(field), problems) {
            continue;
        }
        let owner = &mut draft.entities[id.0 as usize];
        let described = &mut owner.fields[field.0 as usize];
        let Some(&column) = described.columns.first() else { continue };
        described.role = Role::Archived;
        described.private |= described.directives.is_none();
        let live = condition(id, field, CompareOp::Eq);
        let gone = condition(id, field, CompareOp::Ne);
        owner.entity.archive = Some(Archive { field, column, keep, live, gone });
    }
    for id in draft.ids() {
        check_cascades(draft, id, problems);
    }
    check_circles(draft, problems);
}

fn check_field(field: &FieldDraft<'_>, problems: &mut Problems<'_>) -> bool {
    if field.shape == Shape::Broken {
        return false;
    }
    let plain = !OTHER_SOURCES.iter().any(|name| field.directive(name).is_some());
    let fits = field.shape == Shape::Scalar(Scalar::DateTime) && !field.required && plain;
    if !fits {
        problems
            .error(
                "archive",
                field.place,
                format!("`{FIELD}` says when the row was archived, and the server sets it"),
            )
            .help(format!("declare it as `{FIELD}: DateTime`, or leave it out"));
    }
    fits
}

/// Deleting for good what the model promises to keep, or because something was only hidden, is refused.
fn check_cascades(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) {
    let owner = draft.entity(id);
    for field in &owner.fields {
        let Shape::ToOne(target) = field.shape else { continue };
        if field.on_delete != OnDelete::Cascade {
            continue;
        }
        let other = draft.entity(target);
        let (name, to) = (&owner.entity.name, &other.entity.name);
        let archived =
            |directives: &apollo_compiler::schema::DirectiveList| directives.has("archive");
        let (message, missing) =
            match (archived(&owner.node.directives), archived(&other.node.directives)) {
                (true, false) => {
                    (format!("deleting a `{to}` would delete each `{name}` for good"), to)
                }
                (false, true) => {
                    (format!("deleting a `{to}` archives it, but would delete each `{name}`"), name)
                }
                _ => continue,
            };
        problems
            .error("archive", field.place, message)
            .help(format!("add `@archive` to `{missing}`, or choose RESTRICT or SET_NULL"));
    }
}

/// Cascades between archived types are followed when a row is archived, so they must end. A type's
/// own tree does.
fn check_circles(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        let mut open = vec![id];
        let mut seen = vec![id];
        let mut circle = false;
        while let Some(here) = open.pop() {
            for child in cascading_children(draft, here) {
                circle |= child == id && here != id;
                if child != here && !seen.contains(&child) {
                    seen.push(child);
                    open.push(child);
                }
            }
        }
        if circle && draft.entity(id).node.directives.has("archive") {
            let name = &draft.entity(id).entity.name;
            problems
                .error(
                    "archive",
                    draft.entity(id).place,
                    format!("archiving a `{name}` would come back to `{name}` through others"),
                )
                .help("choose RESTRICT or SET_NULL for one of the relations on the way");
        }
    }
}

fn cascading_children<'d>(
    draft: &'d Draft<'_>,
    of: EntityId,
) -> impl Iterator<Item = EntityId> + 'd {
    draft.ids().filter(move |id| {
        draft
            .entity(*id)
            .fields
            .iter()
            .any(|field| field.shape == Shape::ToOne(of) && field.on_delete == OnDelete::Cascade)
    })
}

/// Returns the index along which archived rows are found, to be listed or deleted for good.
pub(crate) fn index(draft: &Draft<'_>, id: EntityId) -> Option<Index> {
    let archive = draft.entity(id).entity.archive.as_ref()?;
    Some(Index {
        name: String::new(),
        columns: vec![IndexColumn { column: archive.column, descending: false }],
        unique: false,
        filter: Some(Rule {
            text: archive.gone.text.clone(),
            expr: expr::prepare(archive.gone.node.clone()),
        }),
        fields: vec![archive.field],
    })
}

/// `row.archivedAt == null`, or `!=`.
fn condition(entity: EntityId, field: FieldId, op: CompareOp) -> Condition {
    let sign = if op == CompareOp::Eq { "==" } else { "!=" };
    let held = format!("row.{FIELD}");
    let text = format!("{held} {sign} null");
    let span = |start, end| Span { start, end };
    let (at, null, whole) =
        (span(0, held.len()), span(text.len() - 4, text.len()), span(0, text.len()));
    let row = expr::Node::new(Kind::Row(VarId(0)), Type::Row(entity), false, span(0, 3));
    let kind = Kind::Field { of: row.into(), field };
    let held = expr::Node::new(kind, Type::Timestamp, true, at);
    let kind = Kind::Literal(LiteralValue(Value::Null));
    let null = expr::Node::new(kind, Type::Timestamp, true, null);
    let kind = Kind::Compare(op, held.into(), null.into());
    Condition { text, node: expr::Node::new(kind, Type::Bool, false, whole) }
}
