//! Columns.
//!
//! A field is stored in one column, a to-one relation in one column for each column of its target's
//! key. A key may have relations in it, so columns are found by following keys until scalars are met.

use expr::{EntityId, FieldId};

use crate::field::{Column, ColumnId, ColumnType};
use crate::load::arguments::text;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::names::{is_adopted_name, snake_case};
use crate::report::Problems;

/// The most columns of a key; more would make every index on the entity and on what refers to it wide.
const KEY_COLUMNS_MAX: usize = 8;

/// A column of a key: its name and type.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    ty: ColumnType,
}

/// How many relations a key may lead through before it ends in scalars.
const KEY_DEPTH_MAX: usize = 16;

/// What is known of all keys.
struct Keys {
    states: Vec<State>,
    /// How many keys are being followed.
    depth: usize,
}

/// How far a key's columns are known.
#[derive(Clone, Debug)]
enum State {
    Unknown,
    /// Being followed; meeting it again is a cycle.
    Open,
    Known(Vec<Part>),
}

/// Gives each entity its columns.
pub(crate) fn assign(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    let mut keys = Keys { states: vec![State::Unknown; draft.entities.len()], depth: 0 };
    for id in draft.ids() {
        key_parts(draft, id, &mut keys, problems);
    }
    for id in draft.ids() {
        let mut columns: Vec<Column> = Vec::new();
        for field_id in draft.entity(id).field_ids() {
            let parts = field_parts(draft, id, field_id, &mut keys, problems);
            let field = draft.entity(id).field(field_id);
            let was = earlier_names(draft, id, field_id, parts.len(), problems);
            let first = columns.len() as u32;
            let ids: Vec<ColumnId> = (0..parts.len() as u32).map(|n| ColumnId(first + n)).collect();
            let nullable = !field.required;
            for (index, part) in parts.into_iter().enumerate() {
                let was =
                    was.as_ref().map(|was| match parts_suffix(draft, field_id, id, &part.name) {
                        Some(suffix) => format!("{was}{suffix}"),
                        None => was.clone(),
                    });
                check_column(draft, id, field_id, &columns, &part.name, problems);
                columns.push(Column {
                    name: part.name,
                    was,
                    fill: None,
                    ty: part.ty,
                    nullable,
                    field: field_id,
                    references: reference(draft, id, field_id, index),
                });
            }
            draft.entities[id.0 as usize].fields[field_id.0 as usize].columns = ids;
        }
        let owner = &mut draft.entities[id.0 as usize];
        let key_columns =
            owner.entity.key.iter().flat_map(|f| owner.fields[f.0 as usize].columns.clone());
        owner.entity.key_columns = key_columns.collect();
        owner.entity.columns = columns;
    }
    // Only now is it known which columns the keys are.
    for id in draft.ids() {
        for index in 0..draft.entity(id).entity.columns.len() {
            let Some((target, part)) = draft.entity(id).entity.columns[index].references else {
                continue;
            };
            let key = draft.entity(target).entity.key_columns.get(part.0 as usize).copied();
            draft.entities[id.0 as usize].entity.columns[index].references =
                key.map(|key| (target, key));
        }
    }
}

/// Returns the target and, for now, the number of the column in its key.
fn reference(
    draft: &Draft<'_>,
    id: EntityId,
    field: FieldId,
    part: usize,
) -> Option<(EntityId, ColumnId)> {
    match draft.entity(id).field(field).shape {
        Shape::ToOne(target) if !draft.leaves_module(id, target) => {
            Some((target, ColumnId(part as u32)))
        }
        _ => None,
    }
}

fn key_parts(
    draft: &Draft<'_>,
    id: EntityId,
    keys: &mut Keys,
    problems: &mut Problems<'_>,
) -> Vec<Part> {
    match &keys.states[id.0 as usize] {
        State::Known(parts) => return parts.clone(),
        State::Open => {
            let owner = draft.entity(id);
            let place = owner
                .node
                .directives
                .get("key")
                .map_or(owner.place, |directive| draft.parsed.place(directive.location()));
            problems
                .error(
                    "key-cycle",
                    place,
                    format!("the key of `{}` leads back to itself", owner.entity.name),
                )
                .help("a key of relations has to end in scalars");
            return Vec::new();
        }
        State::Unknown => {}
    }
    if keys.depth >= KEY_DEPTH_MAX {
        let place = draft.entity(id).place;
        let message = format!("the key leads through more than {KEY_DEPTH_MAX} relations");
        problems.error("key", place, message);
        return Vec::new();
    }
    keys.states[id.0 as usize] = State::Open;
    keys.depth += 1;
    let mut parts = Vec::new();
    for field in &draft.entity(id).entity.key {
        parts.extend(field_parts(draft, id, *field, keys, problems));
    }
    if parts.len() > KEY_COLUMNS_MAX {
        let place = draft.entity(id).place;
        problems.error(
            "key",
            place,
            format!("a key has at most {KEY_COLUMNS_MAX} columns, this one has {}", parts.len()),
        );
    }
    keys.depth -= 1;
    keys.states[id.0 as usize] = State::Known(parts.clone());
    parts
}

/// Returns the columns that store a field.
fn field_parts(
    draft: &Draft<'_>,
    id: EntityId,
    field_id: FieldId,
    keys: &mut Keys,
    problems: &mut Problems<'_>,
) -> Vec<Part> {
    let field = draft.entity(id).field(field_id);
    let adopted = field.directive("column").and_then(|directive| text(directive, "name"));
    let name = |suffix: &str| match adopted {
        Some(adopted) => adopted.value.to_owned(),
        None => format!("{}{suffix}", snake_case(field.name)),
    };
    match field.shape {
        Shape::Scalar(scalar) => vec![Part { name: name(""), ty: scalar.column_type() }],
        Shape::List(_) => vec![Part { name: name(""), ty: ColumnType::List }],
        Shape::ToOne(target) => {
            let parts = key_parts(draft, target, keys, problems);
            if let [part] = parts.as_slice() {
                return vec![Part { name: name("_id"), ty: part.ty }];
            }
            let field_name = snake_case(field.name);
            parts
                .into_iter()
                .map(|part| Part { name: format!("{field_name}_{}", part.name), ty: part.ty })
                .collect()
        }
        Shape::ToMany(_) | Shape::Computed(_) | Shape::Broken => Vec::new(),
    }
}

/// Returns what follows the field's name in a relation's column.
fn parts_suffix(draft: &Draft<'_>, field: FieldId, id: EntityId, column: &str) -> Option<String> {
    let field = draft.entity(id).field(field);
    matches!(field.shape, Shape::ToOne(_))
        .then(|| column.strip_prefix(&snake_case(field.name)).map(str::to_owned))
        .flatten()
}

/// Reads `@was` and `@column` of a field.
fn earlier_names(
    draft: &Draft<'_>,
    id: EntityId,
    field_id: FieldId,
    parts: usize,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let owner = draft.entity(id);
    let field = owner.field(field_id);
    let adopted = field.directive("column").and_then(|directive| text(directive, "name"));
    if let Some(adopted) = adopted {
        let place = adopted.place(draft.parsed);
        if !is_adopted_name(adopted.value) {
            problems
                .error("column-name", place, "this cannot be the name of a column")
                .help("a name has 1 to 60 bytes, without quotes, dots and control characters");
        } else if parts > 1 {
            problems.error(
                "column-name",
                place,
                format!("the relation has {parts} columns, so one name is not enough"),
            );
        }
    }
    let was = field.directive("was").and_then(|directive| text(directive, "name"))?;
    if owner.by_name.contains_key(was.value) {
        problems
            .error(
                "was",
                was.place(draft.parsed),
                format!("`{}` is not an earlier name: a field of today has it", was.value),
            )
            .help("`@was` names what this field was called before it was renamed");
        return None;
    }
    let same = |other: &&FieldDraft<'_>| {
        let earlier = other.directive("was").and_then(|directive| text(directive, "name"));
        other.name != field.name && earlier.is_some_and(|earlier| earlier.value == was.value)
    };
    if let Some(other) = owner.fields[..field_id.0 as usize].iter().find(same) {
        problems
            .error("was", was.place(draft.parsed), format!("two fields were named `{}`", was.value))
            .see(other.place, "the other one");
    }
    adopted.is_none().then(|| snake_case(was.value))
}

fn check_column(
    draft: &Draft<'_>,
    id: EntityId,
    field: FieldId,
    columns: &[Column],
    name: &str,
    problems: &mut Problems<'_>,
) {
    if !is_adopted_name(name) && draft.entity(id).field(field).directive("column").is_none() {
        problems
            .error(
                "column-name",
                draft.entity(id).field(field).place,
                format!("the column's name, `{name}`, is too long"),
            )
            .help("a name has at most 60 bytes; `@column(name:)` gives another");
    }
    // Databases do not tell upper from lower case in names.
    if let Some(other) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)) {
        let owner = draft.entity(id);
        let (a, b) = (owner.field(field).name, owner.field(other.field).name);
        if a.strip_suffix("Id") == Some(b) || b.strip_suffix("Id") == Some(a) {
            return; // Reported as the name of the relation's key.
        }
        problems
            .error(
                "duplicate-column",
                owner.field(field).place,
                format!("two fields are stored in the column `{name}`"),
            )
            .see(owner.field(other.field).place, "the other one")
            .help("rename one of them, or give its column another name with `@column(name:)`");
    }
}
