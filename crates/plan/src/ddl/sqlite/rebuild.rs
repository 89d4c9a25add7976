//! Changes of a table that need a new table and a copy of the rows.

use model::schema::{ForeignKey, Table};

use super::super::projection::Projection;
use super::{create, quote};

/// Put before the name of the table that takes the place of the old one.
const NEW_PREFIX: &str = "mainstay_new_";

/// Says whether `ALTER TABLE` cannot do it.
pub(super) fn is_needed(rows: &Projection<'_>) -> bool {
    let (before, after) = (rows.before, rows.after);
    if before.key != after.key || before.identity != after.identity {
        return true;
    }
    if composite_keys(before) != composite_keys(after) {
        return true;
    }
    after.columns.iter().any(|column| {
        rows.is_computed(column)
            || before.column(&column.name).is_some_and(|old| {
                create::definition(before, old) != create::definition(after, column)
                    || rows.converted(column).is_some()
            })
    })
}

fn composite_keys(table: &Table) -> Vec<&ForeignKey> {
    table.foreign_keys.iter().filter(|key| key.columns.len() > 1).collect()
}

/// Writes the rebuild. References to the table are by name and find the new one.
pub(super) fn statements(rows: &Projection<'_>) -> Vec<String> {
    let (before, after) = (rows.before, rows.after);
    let name = quote(&after.name);
    let new_name = format!("{NEW_PREFIX}{}", after.name);
    let new = quote(&new_name);
    let columns: Vec<String> = after.columns.iter().map(|column| quote(&column.name)).collect();
    let values: Vec<String> = after.columns.iter().map(|column| rows.value(column)).collect();
    let mut out = vec![
        create::table(after, &new_name),
        format!(
            "INSERT INTO {new} ({}) SELECT {} FROM {name}",
            columns.join(", "),
            values.join(", ")
        ),
    ];
    if before.identity && after.identity {
        // The counter may be ahead of the highest row: a deleted row's number is not given again.
        let text = |name: &str| format!("'{}'", name.replace('\'', "''"));
        let (old, new) = (text(&after.name), text(&new_name));
        out.push(format!("DELETE FROM sqlite_sequence WHERE name = {new}"));
        out.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
        ));
    }
    out.push(format!("DROP TABLE {name}"));
    out.push(format!("ALTER TABLE {new} RENAME TO {name}"));
    out
}
