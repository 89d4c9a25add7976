//! Mainstay's own tables, beside those of the model. Their names begin with `mainstay_`, which no
//! table of a model does, and migrations leave them alone.
//!
//! They are created where they are missing, whenever a database is opened; the record of migrations
//! keeps its own.

use rusqlite::Connection;

/// What was answered under idempotency keys (`plan::idempotency`); incomplete rows are never
/// committed. The index finds what has expired.
const IDEMPOTENCY: &str = "CREATE TABLE IF NOT EXISTS mainstay_idempotency (
  scope BLOB PRIMARY KEY NOT NULL,
  fingerprint BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  status INTEGER,
  headers TEXT,
  body TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS mainstay_idempotency_expires_at ON mainstay_idempotency (expires_at);";

/// Creates the tables that are missing. Where none is, nothing is written or locked.
pub(crate) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(IDEMPOTENCY)
}
