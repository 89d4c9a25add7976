//! Changes of a table that need a new table and a copy of the rows.

use model::schema::{Column, ForeignKey, Table};

use super::super::projection::Projection;
use super::{alter, create, quote};

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
    let in_place = |column: &Column| alter::is_filled_in_place(rows, column);
    // A column that goes stays until the fills have read it, and names do not tell case.
    let goes = |name: &str| {
        let mut columns = before.columns.iter();
        columns.any(|old| after.column(&old.name).is_none() && old.name.eq_ignore_ascii_case(name))
    };
    after.columns.iter().any(|column| match before.column(&column.name) {
        None => in_place(column) && after.columns.iter().any(|new| goes(&new.name)),
        Some(old) => {
            create::definition(before, old) != create::definition(after, column)
                || (rows.converted(column).is_some() && !in_place(column))
        }
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
