//! Folds the write-ahead log back into the database.
//!
//! SQLite would try after every commit beyond a threshold, and each try that an open snapshot stops
//! halfway costs a sync of the database. The writer does it itself, seldom, and asks the readers to
//! let go of their snapshots around it, so that the log starts again from its beginning.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::reader::Slots;

/// Pages in the log from which on it is folded back: 8 MiB, some tens of milliseconds of work.
const LOG_PAGES_DUE: u32 = 2000;

/// The log's file is cut back to this size after a burst.
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;

/// Decides when to fold the log back.
pub(crate) struct Checkpoints {
    /// The log's length from which on the next try is worth it.
    due: u32,
    /// The pages in the log after the last commit.
    pages: Arc<AtomicU32>,
}

impl Checkpoints {
    /// Takes checkpoints over from SQLite, on the writer's connection and thread.
    pub(crate) fn start(connection: &mut Connection) -> Self {
        let pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&pages);
        let hook = move |_: &mut Wal, pages: c_int| {
            counted.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        };
        if let Err(error) = connection.wal_hook(Some(hook)) {
            tracing::warn!(error = %error, "the log's length cannot be watched");
        }
        if let Err(error) = connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT) {
            tracing::warn!(error = %error, "the log's size limit could not be set");
        }
        Self { due: LOG_PAGES_DUE, pages }
    }

    /// Folds the log back when it has grown long enough.
    pub(crate) fn run_if_due(&mut self, connection: &Connection, slots: &Slots) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.due {
            if pages < LOG_PAGES_DUE {
                self.due = LOG_PAGES_DUE;
            }
            return;
        }
        slots.end_idle();
        let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = done {
            tracing::warn!(error = %error, "a checkpoint failed and is tried again later");
        }
        // Snapshots taken meanwhile still read from the log; it can only start anew without them.
        slots.end_idle();
        self.due = pages.saturating_add(LOG_PAGES_DUE);
    }
}
