//! Whole rows as they are stored, for whoever has the database at hand: no rule, no shape, no client.

use expr::EntityId;
use model::{ColumnId, JoinId, Model, Side};

use crate::dialect::Dialect;

/// What tells the rows that are read.
#[derive(Clone, Debug, PartialEq)]
pub enum RowsBy {
    /// The values of some columns.
    Columns(Vec<ColumnId>),
    /// A link to the row of this side with a key.
    Link(JoinId, Side),
}

/// Writes the statement that reads all columns of the rows told by given values, in the order of the
/// key.
pub fn rows_where(
    model: &Model,
    dialect: Dialect,
    entity: EntityId,
    by: &RowsBy,
    limit: usize,
) -> String {
    let entity = model.entity(entity);
    let list = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| dialect.quote(name)).collect::<Vec<_>>().join(", ")
    };
    let names = |columns: &[ColumnId]| {
        list(&mut columns.iter().map(|column| entity.column(*column).name.as_str()))
    };
    let equal = |names: &mut dyn Iterator<Item = &str>| {
        let parts = names.enumerate().map(|(index, name)| {
            format!("{} = {}", dialect.quote(name), dialect.placeholder(index + 1))
        });
        parts.collect::<Vec<_>>().join(" AND ")
    };
    let key = names(&entity.key_columns);
    let condition = match by {
        RowsBy::Columns(columns) => {
            equal(&mut columns.iter().map(|column| entity.column(*column).name.as_str()))
        }
        RowsBy::Link(join, near) => {
            let join = model.join(*join);
            let columns = |side: Side| join.side(side).columns.iter().map(|c| c.name.as_str());
            format!(
                "({key}) IN (SELECT {} FROM {} WHERE {})",
                list(&mut columns(near.other())),
                dialect.quote(&join.table),
                equal(&mut columns(*near)),
            )
        }
    };
    format!(
        "SELECT {} FROM {} WHERE {condition} ORDER BY {key} LIMIT {limit}",
        list(&mut entity.columns.iter().map(|column| column.name.as_str())),
        dialect.quote(&entity.table),
    )
}
