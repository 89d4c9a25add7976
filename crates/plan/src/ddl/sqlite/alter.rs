//! Changes of a table that leave its rows in place.

use model::schema::{Check, Column, Fill};

use super::super::projection::{Projection, fill};
use super::{create, quote};
use crate::dialect::Dialect;

/// Says whether all old rows get the same value. One that a mistaken `@fill` leaves open is null.
fn has_constant(column: &Column) -> bool {
    !matches!(column.fill, None | Some(Fill::Expr(_)))
}

/// Writes the statements that turn the table into what it is to be. The rows were checked before:
/// SQLite verifies new constraints once more and would stop the transaction.
pub(super) fn statements(rows: &Projection<'_>) -> Vec<String> {
    let (before, after) = (rows.before, rows.after);
    let alter = |what: String| format!("ALTER TABLE {} {what}", quote(&after.name));
    let mut out = Vec::new();
    let changed = |check: &&Check, others: &[Check]| !others.contains(check);
    for check in before.checks.iter().filter(|check| changed(check, &after.checks)) {
        out.push(alter(format!("DROP CONSTRAINT {}", quote(&check.name))));
    }
    for column in before.columns.iter().filter(|column| after.column(&column.name).is_none()) {
        out.push(alter(format!("DROP COLUMN {}", quote(&column.name))));
    }
    for column in &after.columns {
        let Some(old) = before.column(&column.name) else {
            let value = has_constant(column).then(|| fill(Dialect::Sqlite, column, rows.now));
            let column = create::column(after, column, value.as_deref());
            out.push(alter(format!("ADD COLUMN {column}")));
            continue;
        };
        let name = quote(&column.name);
        match (old.nullable, column.nullable) {
            (true, false) => out.push(alter(format!("ALTER COLUMN {name} SET NOT NULL"))),
            (false, true) => out.push(alter(format!("ALTER COLUMN {name} DROP NOT NULL"))),
            _ => {}
        }
    }
    for check in after.checks.iter().filter(|check| changed(check, &before.checks)) {
        out.push(alter(format!("ADD {}", create::check(check))));
    }
    out
}
