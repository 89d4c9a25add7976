//! Fills that go on after a migration, a few rows at a time, while others write.
//!
//! What is to be filled is recorded in the migration's transaction, and how far it is in that of
//! each batch. Whoever dies on the way, the next migration goes on where it stopped. Until a row's
//! turn comes its field is null, and a value that someone writes in the meantime stays.

use std::time::{Duration, Instant};

use plan::Dialect;
use plan::ddl::Backfill;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::MigrationError;
use super::progress::Watch;
use crate::written_by;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS mainstay_backfill (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  value TEXT NOT NULL,
  after_rowid INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (table_name, column_name)
) STRICT";

/// Rows of a batch. Writers wait for one at most; of this size it takes some tens of milliseconds,
/// and smaller ones take longer altogether (ADR 0010).
const BATCH_ROWS: i64 = 5_000;

/// The longest pause after a batch. It lasts as long as the batch, so that others have the database
/// for half of the time.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// A column that is being filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filling {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The rows looked at so far.
    pub rows: u64,
}

/// The next column to go on with.
struct Next {
    table: String,
    column: String,
    value: String,
    after_rowid: i64,
    rows: i64,
}

/// Records what is to be filled, in the transaction of the migration.
pub(super) fn record(
    connection: &Connection,
    backfills: &[Backfill],
) -> Result<(), MigrationError> {
    if backfills.is_empty() {
        return Ok(());
    }
    connection.execute_batch(CREATE)?;
    for Backfill { table, column, value } in backfills {
        connection.execute(
            "INSERT INTO mainstay_backfill VALUES (?1, ?2, ?3, ?4, 0)",
            rusqlite::params![table, column, value, i64::MIN],
        )?;
    }
    Ok(())
}

/// Returns what is being filled.
pub(super) fn filling(connection: &Connection) -> Result<Vec<Filling>, MigrationError> {
    if !exists(connection)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT table_name, column_name, rows FROM mainstay_backfill ORDER BY 1, 2";
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| {
        let rows: i64 = row.get(2)?;
        Ok(Filling { table: row.get(0)?, column: row.get(1)?, rows: rows.unsigned_abs() })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Fills what is left, batch by batch, on a connection that is in no transaction.
pub(super) fn finish(connection: &Connection, watch: &Watch) -> Result<(), MigrationError> {
    while exists(connection)? {
        let started = Instant::now();
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        // Read anew each time: another process may be filling as well.
        let Some(next) = next(&transaction)? else { return Ok(()) };
        written_by::without_history(|| batch(&transaction, &next, watch))?;
        transaction.commit()?;
        std::thread::sleep(started.elapsed().min(PAUSE_MAX));
    }
    Ok(())
}

fn batch(connection: &Connection, next: &Next, watch: &Watch) -> Result<(), MigrationError> {
    let Next { table, column, value, after_rowid, rows } = next;
    let shown = usize::try_from(*rows).unwrap_or_default();
    // How many there are is not worth counting.
    watch.doing(&format!("filling {table}.{column}, rows"), shown, 0);
    let (quoted, name) = (Dialect::Sqlite.quote(table), Dialect::Sqlite.quote(column));
    let end = format!(
        "SELECT MAX(rowid) FROM (SELECT rowid FROM {quoted} WHERE rowid > ?1 ORDER BY rowid LIMIT {BATCH_ROWS})"
    );
    let end: Option<i64> = connection.query_row(&end, [after_rowid], |row| row.get(0))?;
    let Some(end) = end else {
        let sql = "DELETE FROM mainstay_backfill WHERE table_name = ?1 AND column_name = ?2";
        connection.execute(sql, [table, column])?;
        return Ok(());
    };
    let sql = format!(
        "UPDATE {quoted} SET {name} = {value} WHERE rowid > ?1 AND rowid <= ?2 AND {name} IS NULL"
    );
    connection
        .execute(&sql, [*after_rowid, end])
        .map_err(|source| MigrationError::Statement { sql: sql.clone(), source })?;
    connection.execute(
        "UPDATE mainstay_backfill SET after_rowid = ?3, rows = rows + ?4 WHERE table_name = ?1 AND column_name = ?2",
        rusqlite::params![table, column, end, BATCH_ROWS],
    )?;
    Ok(())
}

fn next(connection: &Connection) -> Result<Option<Next>, MigrationError> {
    let sql = "SELECT table_name, column_name, value, after_rowid, rows FROM mainstay_backfill ORDER BY 1, 2 LIMIT 1";
    let found = connection.query_row(sql, [], |row| {
        Ok(Next {
            table: row.get(0)?,
            column: row.get(1)?,
            value: row.get(2)?,
            after_rowid: row.get(3)?,
            rows: row.get(4)?,
        })
    });
    Ok(found.optional()?)
}

fn exists(connection: &Connection) -> Result<bool, MigrationError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mainstay_backfill')";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}
