//! Tables and indexes as SQLite's DDL.
//!
//! `ALTER TABLE` appends to what is there. The order within a definition is the one it makes, so
//! that a table reads alike whether it was created or altered: NOT NULL last in a column, checks last
//! in the table.

use model::schema::{Check, Column, ForeignKey, Index, Table};
use model::{ColumnType, OnDelete};

use super::quote;

/// Writes a table under a name of its own, as a rebuild needs.
pub(super) fn table(table: &Table, name: &str) -> String {
    let mut parts: Vec<String> =
        table.columns.iter().map(|found| column(table, found, None)).collect();
    if table.key.len() > 1 {
        parts.push(format!("PRIMARY KEY ({})", list(&table.key)));
    }
    for key in table.foreign_keys.iter().filter(|key| key.columns.len() > 1) {
        parts.push(format!("FOREIGN KEY ({}) {}", list(&key.columns), references(key)));
    }
    parts.extend(table.checks.iter().map(check));
    format!("CREATE TABLE {} (\n  {}\n) STRICT", quote(name), parts.join(",\n  "))
}

/// Writes a column. `default` is for rows that are there when the column is added; the server
/// itself always writes every column.
pub(super) fn column(table: &Table, column: &Column, default: Option<&str>) -> String {
    let default = default.map(|value| format!(" DEFAULT {value}")).unwrap_or_default();
    let required = if column.nullable { "" } else { " NOT NULL" };
    format!("{} {}{default}{required}", quote(&column.name), definition(table, column))
}

/// Writes what `ALTER TABLE` cannot change in a column: type, key and reference.
pub(super) fn definition(table: &Table, column: &Column) -> String {
    let mut out = native_type(column.ty).to_owned();
    if table.key == [column.name.as_str()] {
        out.push_str(if table.identity { " PRIMARY KEY AUTOINCREMENT" } else { " PRIMARY KEY" });
    }
    let own = |key: &&ForeignKey| key.columns == [column.name.as_str()];
    for key in table.foreign_keys.iter().filter(own) {
        out.push(' ');
        out.push_str(&references(key));
    }
    out
}

fn native_type(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Uuid => "BLOB",
        ColumnType::Text | ColumnType::Date | ColumnType::Json | ColumnType::List => "TEXT",
        ColumnType::Int | ColumnType::BigInt | ColumnType::Boolean | ColumnType::Timestamp => {
            "INTEGER"
        }
        ColumnType::Float => "REAL",
        ColumnType::Decimal => "TEXT COLLATE decimal",
    }
}

fn references(key: &ForeignKey) -> String {
    let action = match key.on_delete {
        OnDelete::Restrict => "RESTRICT",
        OnDelete::Cascade => "CASCADE",
        OnDelete::SetNull => "SET NULL",
    };
    let target = quote(&key.target);
    format!("REFERENCES {target} ({}) ON DELETE {action}", list(&key.target_columns))
}

/// Writes a check as a constraint of the table.
pub(super) fn check(check: &Check) -> String {
    format!("CONSTRAINT {} CHECK ({})", quote(&check.name), check.condition)
}

/// Writes an index.
pub(super) fn index(table: &Table, index: &Index) -> String {
    let columns: Vec<String> = index
        .columns
        .iter()
        .map(|column| {
            let direction = if column.descending { " DESC" } else { "" };
            format!("{}{direction}", quote(&column.name))
        })
        .collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let filter = index.filter.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {} ON {} ({}){filter}",
        quote(&index.name),
        quote(&table.name),
        columns.join(", ")
    )
}

/// Writes a list of names.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}
