//! What has to be done now and then: archived rows whose time has passed are deleted for good, and
//! entries of histories are removed.

use std::time::Duration;

use expr::Timestamp;
use model::Entity;
use plan::history::Prune;
use plan::purge::{Batch, Purge};

use crate::application::App;
use crate::written_by;

/// Rows deleted by one transaction; more would keep writers waiting.
const BATCH_ROWS: u32 = 500;
/// Rows of a type that the database may refuse to delete until the rest has to wait for the next time.
const REFUSED_MAX: u32 = 100;

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The archived rows that were deleted.
    pub rows: usize,
    /// The entries of histories that were removed.
    pub entries: usize,
}

/// Does what is due. What restricts a row keeps it until a later time.
///
/// # Errors
/// The store's failure; what was done before stays done.
pub async fn run(app: &App) -> Result<Done, store::Error> {
    let mut done = Done::default();
    for entity in &app.model.entities {
        if let Some(keep) = entity.archive.as_ref().and_then(|archive| archive.keep) {
            done.rows += purge(app, entity, keep).await?;
        }
        if let Some(keep) = entity.audit.as_ref().and_then(|audit| audit.keep) {
            done.entries += prune(app, entity, keep).await?;
        }
    }
    Ok(done)
}

/// Deletes archived rows whose time has passed. Where the database refuses a batch, the rows that it
/// refuses are searched for, and left for later.
async fn purge(app: &App, entity: &Entity, keep: Duration) -> Result<usize, store::Error> {
    let (now, before) = times(app, keep);
    let mut batch = Batch { rows: BATCH_ROWS, skipped: 0 };
    let mut deleted = 0;
    while let Some(purge) = Purge::new(&app.model, app.dialect, entity.id, before, batch) {
        match app.store.write(purge.by(&written_by::nobody(app, now))).await? {
            Some(0) => break,
            Some(count) => {
                deleted += count;
                batch.rows = (2 * batch.rows).min(BATCH_ROWS);
            }
            None if batch.rows > 1 => batch.rows /= 2,
            None => batch.skipped += 1,
        }
        if batch.skipped == REFUSED_MAX {
            break;
        }
    }
    if batch.skipped > 0 {
        let rows = batch.skipped;
        tracing::warn!(entity = %entity.name, rows, "archived rows cannot be deleted for good yet");
    }
    Ok(deleted)
}

/// Removes entries of a history whose time has passed, until none is due.
async fn prune(app: &App, entity: &Entity, keep: Duration) -> Result<usize, store::Error> {
    let (_, before) = times(app, keep);
    let mut removed = 0;
    while let Some(prune) = Prune::new(&app.model, app.dialect, entity.id, before, BATCH_ROWS) {
        let Some(count) = app.store.write(prune).await? else { break };
        removed += count;
    }
    Ok(removed)
}

/// Returns the time, and that before which nothing is kept.
fn times(app: &App, keep: Duration) -> (Timestamp, Timestamp) {
    let now = app.clock.now();
    let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
    (now, Timestamp(now.0.saturating_sub(keep)))
}

#[cfg(test)]
mod tests;
