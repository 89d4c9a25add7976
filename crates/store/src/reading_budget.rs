//! How much a write may read. All writes wait for one, so a search through a table must not be part
//! of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

/// Between two looks at the budget, in instructions of SQLite's machine.
const STEP: i32 = 1000;

/// What one write's reading statements may use together: about a tenth of a second. A write that
/// needs more is undone.
const INSTRUCTIONS_MAX: u64 = 5_000_000;

/// The budget of the write that runs.
pub(crate) struct ReadingBudget(Arc<Left>);

struct Left {
    steps: AtomicU64,
    /// Whether the statement that runs only reads. SQLite undoes the whole transaction when a
    /// statement that writes is broken off, and with it the other writes of the group.
    counts: AtomicBool,
}

impl ReadingBudget {
    /// Watches over the writer's connection.
    pub(crate) fn start(connection: &mut Connection) -> Self {
        let left = Arc::new(Left { steps: AtomicU64::new(0), counts: AtomicBool::new(false) });
        let watched = Arc::clone(&left);
        let is_used_up = move || {
            if !watched.counts.load(Ordering::Relaxed) {
                return false;
            }
            let steps = watched.steps.load(Ordering::Relaxed);
            watched.steps.store(steps.saturating_sub(1), Ordering::Relaxed);
            steps == 0
        };
        if let Err(error) = connection.progress_handler(STEP, Some(is_used_up)) {
            tracing::warn!(error = %error, "what writes read cannot be bounded");
        }
        Self(left)
    }

    /// Gives the next write all of it.
    pub(crate) fn renew(&self) {
        self.0.steps.store(INSTRUCTIONS_MAX / STEP as u64, Ordering::Relaxed);
    }

    /// Says whether what runs next counts.
    pub(crate) fn count(&self, counts: bool) {
        self.0.counts.store(counts, Ordering::Relaxed);
    }
}
