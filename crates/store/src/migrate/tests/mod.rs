//! Tests of migrations on real SQLite.

mod archives;
mod backfill;
mod computed;
mod drift;
mod fills;
mod generate;
mod generate_fills;
mod guide;
mod histories;
mod keys;
mod laws;
mod search;
mod steps;
mod together;

use expr::Timestamp;
use model::schema::Schema;
use plan::Dialect;
use rusqlite::Connection;

use super::{Filling, MigrationError, Mode, Outcome, migrate};
use crate::Store;

/// 2026-11-24T00:00:00Z
const NOW: Timestamp = Timestamp(1_795_478_400_000_000);

/// Derives the schema of an application of one module, `blog`.
#[track_caller]
fn schema(sdl: &str) -> Schema {
    let sdl = sdl.replace("@entity", "@entity @allow(read: \"true\")");
    let sources = model::Sources::new([("modules/blog/schema.graphql", sdl)]);
    let loaded = model::load(&sources).unwrap_or_else(|report| panic!("{report}"));
    plan::ddl::schema(&loaded.model, Dialect::Sqlite)
}

/// Opens an empty database in memory, set up as the writer's connection is.
fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    crate::functions::register(&connection).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

/// Creates the tables of a model and runs SQL on them.
#[track_caller]
fn filled(sdl: &str, sql: &str) -> Connection {
    let mut connection = database();
    migrate(&mut connection, &schema(sdl), &Mode::Dev, NOW).unwrap();
    connection.execute_batch(sql).unwrap();
    connection
}

fn dev(connection: &mut Connection, sdl: &str) -> Result<Outcome, MigrationError> {
    migrate(connection, &schema(sdl), &Mode::Dev, NOW)
}

/// Migrates, and returns the steps without the SQL.
#[track_caller]
fn steps(connection: &mut Connection, sdl: &str) -> String {
    let outcome = dev(connection, sdl).unwrap_or_else(|error| panic!("{error}"));
    outcome.plan.split("\n\n").next().unwrap_or_default().trim_end().to_owned()
}

/// Says why a migration stops.
#[track_caller]
fn stopped(connection: &mut Connection, sdl: &str) -> String {
    let before = state(connection);
    let error = dev(connection, sdl).unwrap_err().to_string();
    assert_eq!(state(connection), before, "nothing was changed");
    error
}

/// Returns the rows of a query, one a line.
fn rows(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|index| match row.get_ref(index).unwrap() {
            rusqlite::types::ValueRef::Blob(bytes) => {
                uuid::Uuid::from_slice(bytes).unwrap().to_string()
            }
            rusqlite::types::ValueRef::Null => "null".to_owned(),
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Real(number) => format!("{number:?}"),
        });
        Ok(cells.collect::<Vec<_>>().join(" | "))
    });
    rows.unwrap().map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

/// Everything that defines the database, and the number of migrations.
fn state(connection: &Connection) -> String {
    let sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2";
    rows(connection, sql) + &rows(connection, "SELECT MAX(id) FROM mainstay_migration")
}
