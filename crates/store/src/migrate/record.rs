//! The record of migrations, beside the tables it speaks of.

use std::collections::BTreeMap;

use expr::Timestamp;
use model::schema::Schema;
use rusqlite::{Connection, OptionalExtension};

use super::{MigrationError, Planned, drift};

/// `objects` holds the tables and indexes as they were left, of the last run only: it is long, and
/// tells nothing later that `sql` does not.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS mainstay_migration (
  id INTEGER PRIMARY KEY,
  applied_at INTEGER NOT NULL,
  version TEXT NOT NULL,
  plan TEXT NOT NULL,
  sql TEXT NOT NULL,
  schema TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  objects TEXT
) STRICT";

/// What the last migration recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The schema that the tables were brought to.
    pub schema: Schema,
    /// What tells it from others.
    pub fingerprint: String,
    /// The release that did it.
    pub version: String,
    /// When.
    pub applied_at: Timestamp,
    /// The tables and indexes as they were left: name to SQL.
    pub(super) objects: BTreeMap<String, String>,
    /// SQLite's counter of schema changes then.
    pub(super) schema_version: i64,
}

/// Says whether the tables are as recorded and as asked for. This is every start without a change,
/// so it reads two numbers and a fingerprint.
pub(super) fn is_current(
    connection: &Connection,
    fingerprint: &str,
) -> Result<bool, MigrationError> {
    if !exists(connection)? {
        return Ok(false);
    }
    let sql = "SELECT fingerprint = ?1 AND schema_version = (SELECT schema_version FROM pragma_schema_version) FROM mainstay_migration ORDER BY id DESC LIMIT 1";
    let current = connection.query_row(sql, [fingerprint], |row| row.get(0)).optional()?;
    Ok(current.unwrap_or(false))
}

/// Reads the last record.
pub(super) fn read(connection: &Connection) -> Result<Option<Recorded>, MigrationError> {
    if !exists(connection)? {
        return Ok(None);
    }
    let sql = "SELECT schema, fingerprint, version, applied_at, schema_version, objects FROM mainstay_migration ORDER BY id DESC LIMIT 1";
    let row = connection
        .query_row(sql, [], |row| {
            let texts: (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let numbers: (i64, i64) = (row.get(3)?, row.get(4)?);
            Ok((texts, numbers, row.get::<_, Option<String>>(5)?))
        })
        .optional()?;
    let Some(((schema, fingerprint, version), (applied_at, schema_version), objects)) = row else {
        return Ok(None);
    };
    let unreadable = |source| MigrationError::Unreadable { version: version.clone(), source };
    let schema = serde_json::from_str(&schema).map_err(unreadable)?;
    let objects = serde_json::from_str(objects.as_deref().unwrap_or("{}")).map_err(unreadable)?;
    let applied_at = Timestamp(applied_at);
    Ok(Some(Recorded { schema, fingerprint, version, applied_at, objects, schema_version }))
}

/// Records a run, in its transaction.
pub(super) fn write(
    connection: &Connection,
    schema: &Schema,
    fingerprint: &str,
    planned: &Planned,
    now: Timestamp,
) -> Result<(), MigrationError> {
    connection.execute_batch(CREATE)?;
    let json = |source| MigrationError::Unreadable { version: version().to_owned(), source };
    let objects = serde_json::to_string(&drift::objects(connection, schema)?).map_err(json)?;
    let schema = serde_json::to_string(schema).map_err(json)?;
    connection
        .execute("UPDATE mainstay_migration SET objects = NULL WHERE objects IS NOT NULL", [])?;
    connection.execute(
        "INSERT INTO mainstay_migration (applied_at, version, plan, sql, schema, fingerprint, schema_version, objects) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        rusqlite::params![
            now.0,
            version(),
            planned.text,
            planned.script.sql(),
            schema,
            fingerprint,
            schema_version(connection)?,
            objects,
        ],
    )?;
    Ok(())
}

/// Records that the tables are still as they were left although SQLite's counter moved (VACUUM, or
/// tables that are not the model's), so that the next start need not compare them again. Says
/// whether it did move.
pub(super) fn confirm(connection: &Connection) -> Result<bool, MigrationError> {
    let sql = "UPDATE mainstay_migration SET schema_version = ?1 WHERE id = (SELECT MAX(id) FROM mainstay_migration) AND schema_version <> ?1";
    Ok(connection.execute(sql, [schema_version(connection)?])? > 0)
}

pub(super) fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "schema_version", |row| row.get(0))
}

fn exists(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mainstay_migration')";
    connection.query_row(sql, [], |row| row.get(0))
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
