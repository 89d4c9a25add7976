//! Changes of a table that leave its rows in place.

use model::schema::{Check, Column, Fill, FilledRows};

use super::super::projection::{Projection, fill};
use super::{create, quote};
use crate::dialect::Dialect;

/// Says whether a column is filled where its rows are: no other change of it needs a new table.
pub(super) fn is_filled_in_place(rows: &Projection<'_>, column: &Column) -> bool {
    rows.plan.fill(&rows.after.name, &column.name).is_some_and(|fill| {
        fill.rows == FilledRows::Missing || rows.before.column(&column.name).is_none()
    })
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
    let drops = before.columns.iter().filter(|column| after.column(&column.name).is_none());
    let drops = drops.map(|column| alter(format!("DROP COLUMN {}", quote(&column.name))));
    let filled: Vec<&Column> =
        after.columns.iter().filter(|column| is_filled_in_place(rows, column)).collect();
    if filled.is_empty() {
        out.extend(drops.clone());
    }
    for column in after.columns.iter().filter(|column| before.column(&column.name).is_none()) {
        // Until it is filled it is null.
        let nullable = column.nullable || filled.contains(&column);
        let value = has_constant(column).then(|| fill(Dialect::Sqlite, column, rows.now));
        let column = Column { nullable, ..column.clone() };
        let column = create::column(after, &column, value.as_deref());
        out.push(alter(format!("ADD COLUMN {column}")));
    }
    if !filled.is_empty() {
        out.push(update(rows, &filled));
        // Only now: the fills read them.
        out.extend(drops);
    }
    for column in &after.columns {
        let name = quote(&column.name);
        let was_nullable = match before.column(&column.name) {
            Some(old) => old.nullable,
            None => filled.contains(&column),
        };
        match (was_nullable, column.nullable) {
            (true, false) => out.push(alter(format!("ALTER COLUMN {name} SET NOT NULL"))),
            (false, true) if before.column(&column.name).is_some() => {
                out.push(alter(format!("ALTER COLUMN {name} DROP NOT NULL")));
            }
            _ => {}
        }
    }
    for check in after.checks.iter().filter(|check| changed(check, &before.checks)) {
        out.push(alter(format!("ADD {}", create::check(check))));
    }
    out
}

/// Fills columns, all from the rows as they were. A new column is null in every row.
fn update(rows: &Projection<'_>, filled: &[&Column]) -> String {
    let values: Vec<String> = filled
        .iter()
        .map(|column| format!("{} = {}", quote(&column.name), rows.value(column)))
        .collect();
    let missing: Vec<String> =
        filled.iter().map(|column| format!("{} IS NULL", quote(&column.name))).collect();
    let values = values.join(", ");
    format!("UPDATE {} SET {values} WHERE {}", quote(&rows.after.name), missing.join(" OR "))
}

/// Says whether all old rows get the same value. One that a mistaken `@fill` leaves open is null.
fn has_constant(column: &Column) -> bool {
    !matches!(column.fill, None | Some(Fill::Expr(_)))
}
