//! The physical schema that a model asks for, and the way from one schema to the next.
//!
//! A `Schema` is recorded in the database after each migration, so its JSON is a promise: fields may
//! be added with a default, never renamed. Conditions are held as the SQL text of the database they
//! were rendered for; this crate compares them, and only `plan` writes them.

mod convert;
mod describe;
mod diff;
mod explain;
mod fill;
mod from_model;
pub mod history;
mod meaning;
mod parts;
pub mod recorded;
mod rename;
mod step;
#[cfg(test)]
mod tests;

use expr::Value;
use serde::{Deserialize, Serialize};

use crate::field::{ColumnType, OnDelete};

pub use convert::{Conversion, conversion, renamed_values};
pub use diff::diff;
pub use fill::{ComputedFill, FillMistake, FilledRows};
pub use from_model::Purpose;
pub use rename::Renames;
pub use step::{Change, Class, Demand, FillFault, MigrationPlan, NewValues, Step};

/// The tables of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Sorted by name, so that moving a type within its file changes nothing.
    pub tables: Vec<Table>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Names that it may have had. How to get here is not part of the state, so it is not recorded.
    #[serde(skip)]
    pub was: Vec<String>,
    /// Columns in the order of the model.
    pub columns: Vec<Column>,
    /// The primary key's columns, in its order.
    pub key: Vec<String>,
    /// Whether the key is one integer that the database counts up.
    #[serde(default)]
    pub identity: bool,
    /// Foreign keys; none leaves the module.
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes.
    #[serde(default)]
    pub indexes: Vec<Index>,
    /// Checks.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Triggers, as the database's SQL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// What the history holds (`@audit`): columns, and links by `history::links_name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<String>,
    /// The full-text index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// The column with the time at which a row was archived (`@archive`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its earlier name; not recorded.
    #[serde(skip)]
    pub was: Option<String>,
    /// How it is stored.
    pub ty: ColumnType,
    /// How the elements of a list would be stored on their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<ColumnType>,
    /// The values of an enum, or of the enums in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Which of the values had another name: that of today and the old one; not recorded.
    #[serde(skip)]
    pub values_were: Vec<(String, String)>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What old rows get when the column is added or changed; not recorded.
    #[serde(skip)]
    pub fill: Option<Fill>,
}

/// What old rows get in a new column.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// The field's constant default.
    Value(Value),
    /// The time of the migration.
    Now,
    /// An expression on the row as it was (`@fill`), as written.
    Expr(String),
}

/// A foreign key to another table's primary key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: String,
    /// Its key's columns, one for each of `columns`.
    pub target_columns: Vec<String>,
    /// What deleting the target does.
    pub on_delete: OnDelete,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<IndexColumn>,
    /// Whether it is unique.
    #[serde(default)]
    pub unique: bool,
    /// The condition of a partial index, as SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// A column of an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexColumn {
    /// The column's name.
    pub name: String,
    /// Whether it is sorted from high to low.
    #[serde(default)]
    pub descending: bool,
}

/// A full-text index. What weighs how much is said by each search, so it is no part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The texts' columns, in its order.
    pub columns: Vec<String>,
}

/// A condition that every row satisfies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The constraint's name.
    pub name: String,
    /// The condition, as SQL.
    pub condition: String,
}

/// What the database does whenever rows of a table are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The statement that creates it.
    pub sql: String,
}

/// Returns the name of the full-text index of a table. SQLite keeps tables of other endings beside it.
pub fn search_table(table: &str) -> String {
    format!("mainstay_search_{table}_fts")
}

impl Schema {
    /// Finds a table by its name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// Finds a column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
