//! The tables that hold who changed what (`@audit`), one beside each table that asks for it.
//!
//! An entry is a row: who, when, what, and the values that changed, by the columns' names and as
//! clients saw them. So a field that is renamed or gone is renamed or gone there too, and one of
//! another type leaves its entries as they are. The triggers that write them are in `plan::ddl`.

use super::{Column, Index, IndexColumn, Table};
use crate::entity::{Entity, Model};
use crate::field::{ColumnId, ColumnType, Field, FieldKind, Role, Via};
use crate::join::{JoinId, Side};
use crate::load::{constraint_name, shorten};

/// Before the name of the table whose history it is.
const PREFIX: &str = "mainstay_history_";

/// The number of an entry among those of its row.
pub const NUMBER: &str = "number";
/// When it was written; null in the one that is left of a row for its number alone.
pub const AT: &str = "at";
/// `create`, `update`, `delete`, `archive` or `restore`.
pub const OPERATION: &str = "operation";
/// The caller's id.
pub const CALLER: &str = "caller";
/// The caller's claim `role`, where it is a text.
pub const ROLE: &str = "role";
/// The id of the request.
pub const REQUEST: &str = "request";
/// What tells one write from others: what it does to a row is one entry.
pub const WRITE: &str = "write_id";
/// What changed: for each column a list of the old value and the new one, for each many-to-many
/// relation an object of the keys that were linked (true) and unlinked (false).
pub const CHANGES: &str = "changes";

/// All but the row's key, in this order.
pub const COLUMNS: [&str; 8] = [NUMBER, AT, OPERATION, CALLER, ROLE, REQUEST, WRITE, CHANGES];

/// Returns the name of the table that holds the history of another.
pub fn table_name(of: &str) -> String {
    shorten(format!("{PREFIX}{of}"))
}

/// Returns the name of a trigger; `side` tells those of a join table apart.
pub fn trigger_name(table: &str, event: &str, side: &str) -> String {
    let parts = format!("{}_{side}", event.to_lowercase());
    constraint_name("audit", table, parts.trim_end_matches('_'))
}

/// Returns the column that holds a part of the row's key.
pub fn key_column(part: usize) -> String {
    format!("key_{part}")
}

/// Returns whether a table holds the history of another.
pub fn is_history(table: &str) -> bool {
    table.starts_with(PREFIX)
}

/// Returns the name of a column's values in `changes`: that of the field's first column.
pub fn name_of(entity: &Entity, field: &Field) -> Option<String> {
    columns_of(field).first().map(|column| entity.column(*column).name.clone())
}

/// Returns the name of a many-to-many relation in `changes`.
pub fn name_of_links(model: &Model, join: JoinId, near: Side) -> String {
    links_name(&model.join(join).table, near)
}

/// Returns the name in `changes` of the links that a join table holds, as one side sees them.
pub fn links_name(table: &str, near: Side) -> String {
    match near {
        Side::Left => format!("->{table}"),
        Side::Right => format!("<-{table}"),
    }
}

/// Returns the columns that hold a field's value.
pub fn columns_of(field: &Field) -> &[ColumnId] {
    match &field.kind {
        FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => {
            std::slice::from_ref(column)
        }
        FieldKind::ToOne(relation) => &relation.columns,
        FieldKind::ToMany { .. } | FieldKind::Computed { .. } => &[],
    }
}

/// Returns whether the history holds a field's values. When a row was archived, the operation says.
pub fn is_recorded(field: &Field) -> bool {
    !field.private && field.role != Role::Archived && !columns_of(field).is_empty()
}

/// Returns the sides of many-to-many relations whose links belong to the history of an entity: the
/// field, the join table and the side.
pub fn links_of(entity: &Entity) -> impl Iterator<Item = (&Field, JoinId, Side)> {
    entity.fields.iter().filter_map(|field| match field.kind {
        FieldKind::ToMany { via: Via::Join { join, near }, .. } if !field.private => {
            Some((field, join, near))
        }
        _ => None,
    })
}

/// Splits the name of links into what tells the side and the join table.
pub(super) fn split_links_name(name: &str) -> Option<(&str, &str)> {
    ["->", "<-"].iter().find_map(|side| Some((*side, name.strip_prefix(side)?)))
}

/// Returns the names of what the history holds: columns, and links.
pub(super) fn recorded(model: &Model, entity: &Entity) -> Vec<String> {
    if entity.audit.is_none() {
        return Vec::new();
    }
    let fields = entity.fields.iter().filter(|field| is_recorded(field));
    let links = links_of(entity).map(|(_, join, near)| name_of_links(model, join, near));
    fields.filter_map(|field| name_of(entity, field)).chain(links).collect()
}

/// Returns the table that holds the history of an entity's rows.
pub(super) fn table(entity: &Entity) -> Option<Table> {
    entity.audit.as_ref()?;
    let column = |name: &str, ty, nullable| Column {
        name: name.to_owned(),
        was: None,
        ty,
        element: None,
        values: None,
        values_were: Vec::new(),
        nullable,
        fill: None,
    };
    let keys = entity.key_columns.iter().enumerate();
    let keys = keys.map(|(part, id)| column(&key_column(part), entity.column(*id).ty, false));
    let mut columns: Vec<Column> = keys.collect();
    let mut key: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    key.push(NUMBER.to_owned());
    columns.extend([
        column(NUMBER, ColumnType::BigInt, false),
        column(AT, ColumnType::Timestamp, true),
        column(OPERATION, ColumnType::Text, false),
        column(CALLER, ColumnType::Text, true),
        column(ROLE, ColumnType::Text, true),
        column(REQUEST, ColumnType::Text, true),
        column(WRITE, ColumnType::Uuid, true),
        column(CHANGES, ColumnType::Json, false),
    ]);
    let name = table_name(&entity.table);
    Some(Table {
        was: entity.was_table.as_deref().map(table_name).into_iter().collect(),
        columns,
        key,
        identity: false,
        foreign_keys: Vec::new(),
        indexes: vec![Index {
            name: constraint_name("ix", &name, AT),
            columns: vec![IndexColumn { name: AT.to_owned(), descending: false }],
            unique: false,
            filter: None,
        }],
        checks: Vec::new(),
        triggers: Vec::new(),
        search: None,
        archive: None,
        recorded: Vec::new(),
        name,
    })
}
