//! The connection of a migration: it does not enforce foreign keys, as rebuilding tables needs, and
//! waits for another process's migration. Neither can be set inside the transaction.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// How long to wait for another process's migration: rebuilding tables of many million rows takes
/// minutes, and giving up would fail a start that has nothing left to do.
const OTHER_MIGRATION_WAIT: Duration = Duration::from_secs(600);

/// A connection as a migration needs it, until this is dropped.
///
/// Enforcement is set without SQL, which could fail or be interrupted: a connection that is left
/// without it would take references to nothing.
pub(super) struct Relaxed<'c> {
    connection: &'c Connection,
    enforced: bool,
    wait: Duration,
}

impl<'c> Relaxed<'c> {
    pub(super) fn start(connection: &'c Connection) -> rusqlite::Result<Self> {
        let enforced = connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)?;
        let wait: i64 = connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or_default());
        let relaxed = Self { connection, enforced, wait };
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
        connection.busy_timeout(OTHER_MIGRATION_WAIT)?;
        Ok(relaxed)
    }

    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }

    fn restore(&self) -> rusqlite::Result<()> {
        let Self { connection, enforced, wait } = *self;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, enforced)?;
        connection.busy_timeout(wait)?;
        if !connection.is_autocommit() {
            // The transaction's own rollback failed; nothing else could begin one.
            connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }
}

impl Drop for Relaxed<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.restore() {
            tracing::error!(error = %error, "the connection could not be restored");
        }
    }
}
