//! Whole rows as they are stored, for whoever has the database at hand: no rule, no shape, no client.

use std::fmt::Write;

use expr::EntityId;
use model::{ColumnId, Model};

use crate::dialect::Dialect;

/// Writes the statement that reads all columns of the rows that have given values in some columns,
/// in the order of the key.
pub fn rows_where(
    model: &Model,
    dialect: Dialect,
    entity: EntityId,
    equal: &[ColumnId],
    limit: usize,
) -> String {
    let entity = model.entity(entity);
    let name = |column: &ColumnId| dialect.quote(&entity.column(*column).name);
    let list = |columns: Vec<String>| columns.join(", ");
    let all = list(entity.columns.iter().map(|column| dialect.quote(&column.name)).collect());
    let key = list(entity.key_columns.iter().map(name).collect());
    let mut sql = format!("SELECT {all} FROM {}", dialect.quote(&entity.table));
    for (index, column) in equal.iter().enumerate() {
        let word = if index == 0 { "WHERE" } else { "AND" };
        let value = dialect.placeholder(index + 1);
        // Writing to a String cannot fail.
        let _ = write!(sql, " {word} {} = {value}", name(column));
    }
    let _ = write!(sql, " ORDER BY {key} LIMIT {limit}");
    sql
}
