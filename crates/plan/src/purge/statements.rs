//! The statements that find archived rows and delete them.

use std::sync::Arc;

use model::{Entity, Model};

use super::blocks::blocks;
use crate::dialect::Dialect;
use crate::key::column_list;
use crate::write::{detaching, own_tree, reaches};

/// The alias of a list of keys.
const LIST: &str = "e";

pub(super) struct Statements {
    /// Finds rows by their time.
    pub(super) find: Arc<str>,
    /// Finds those of a list.
    pub(super) climb: Arc<str>,
    pub(super) write_by: Option<Arc<str>>,
    /// Deletes or detaches what refers to the rows of a list, and then deletes those.
    pub(super) delete: Vec<Arc<str>>,
    /// How many columns a key has.
    pub(super) key_parts: usize,
    /// How many keys of rows above follow the one of a row that was found.
    pub(super) ways_up: usize,
}

impl Statements {
    pub(super) fn of(model: &Model, dialect: Dialect, entity: &Entity) -> Option<Self> {
        let archived = entity.archive.as_ref()?.column;
        let at = column_list(dialect, entity, &[archived], "t.");
        let table = dialect.quote(&entity.table);
        let key = column_list(dialect, entity, &entity.key_columns, "t.");
        let up = own_tree(entity);
        let above = up.iter().map(|up| column_list(dialect, entity, &up.columns, "t."));
        let columns: Vec<String> = [key.clone()].into_iter().chain(above).collect();
        let [first, second, third] = [1, 2, 3].map(|number| dialect.placeholder(number));
        // Their index is but of rows that are archived.
        let mut conditions = vec![format!("{at} < {first} AND NOT ({at} IS NULL)")];
        conditions.extend(blocks(model, dialect, entity, "t"));
        let found = format!(
            "SELECT {} FROM {table} AS t WHERE {}",
            columns.join(", "),
            conditions.join(" AND ")
        );
        let find = format!("{found} ORDER BY {at}, {key} LIMIT {second} OFFSET {third}");
        let climb =
            format!("{found} AND ({key}) {} LIMIT {second}", of_list(dialect, entity, &third));
        let rows = of_list(dialect, entity, &first);
        let mut delete = detaching(model, dialect, entity, &rows);
        let key = column_list(dialect, entity, &entity.key_columns, "");
        delete.push(format!("DELETE FROM {table} WHERE ({key}) {rows}").into());
        Some(Self {
            find: find.into(),
            climb: climb.into(),
            write_by: reaches(model, entity.id).then(|| dialect.write_by().into()),
            delete,
            key_parts: entity.key_columns.len(),
            ways_up: up.len(),
        })
    }
}

/// Writes what follows the key of a row that is in a list.
fn of_list(dialect: Dialect, entity: &Entity, list: &str) -> String {
    let composite = entity.key_columns.len() > 1;
    let parts = entity.key_columns.iter().enumerate().map(|(part, column)| {
        dialect.parent_key(LIST, composite.then_some(part), entity.column(*column).ty)
    });
    let parts: Vec<String> = parts.collect();
    format!("IN (SELECT {} FROM {})", parts.join(", "), dialect.elements(list, LIST))
}
