//! Migrations as SQL: the schema of a model, and the statements from one schema to the next.

mod computed;
mod describe;
mod online;
mod projection;
mod row_check;
mod sqlite;
#[cfg(test)]
mod tests;

use expr::Timestamp;
use model::Model;
use model::schema::{MigrationPlan, Schema};

use crate::dialect::Dialect;

pub use online::{Backfill, online};
pub use row_check::RowCheck;

/// A migration, ready to be run in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// What the rows must satisfy, as they are before the first statement.
    pub checks: Vec<RowCheck>,
    /// The statements in order.
    pub statements: Vec<String>,
    /// Whether tables with rows are dropped, rebuilt or bound by new foreign keys, so that the
    /// foreign keys must be verified before the commit.
    pub verify_references: bool,
}

/// How a step is carried out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Rows stay where they are; at most they are read.
    InPlace,
    /// Rows stay where they are and are written.
    WriteRows,
    /// Rows are written after the migration, a few at a time.
    WriteRowsLater,
    /// The table's rows are copied into a new table.
    Rebuild,
    /// An index is built, which reads the table's rows.
    BuildIndex,
    /// A table or column goes.
    Drop,
}

/// Says how each step of a plan is carried out.
pub fn ways(plan: &MigrationPlan, dialect: Dialect) -> Vec<Way> {
    match dialect {
        Dialect::Sqlite => sqlite::ways(plan),
    }
}

/// Derives the schema that a model asks for on a database.
pub fn schema(model: &Model, dialect: Dialect) -> Schema {
    let mut schema = Schema::of(model, &|entity, condition, purpose| {
        crate::render::standalone(model, dialect, entity, condition, purpose)
    });
    for table in &mut schema.tables {
        table.triggers = match dialect {
            Dialect::Sqlite => sqlite::triggers(model, &table.name),
        };
    }
    schema
}

/// Writes a migration for a database. `now` fills new columns that hold a time.
pub fn script(plan: &MigrationPlan, dialect: Dialect, now: Timestamp) -> Script {
    let (statements, verify_references) = match dialect {
        Dialect::Sqlite => sqlite::statements(plan, now),
    };
    Script { checks: row_check::row_checks(plan, dialect, now), statements, verify_references }
}

/// Writes what makes the full-text indexes of a schema anew from the rows.
pub fn search_rebuilds(schema: &Schema, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => sqlite::search_rebuilds(schema),
    }
}

/// Returns what tells one schema from another in a few bytes: it is recorded beside the schema, and
/// saves a start without changes from reading and comparing the whole.
pub fn fingerprint(schema: &Schema) -> String {
    let text = serde_json::to_string(schema).expect("a schema holds nothing that JSON cannot");
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}
