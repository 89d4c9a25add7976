//! Reads the history of a row (`@audit`).

use std::sync::Arc;

use expr::{AtomShape, Caller};
use plan::history::{HistoryOutput, HistoryRun, HistoryValues, build, rules_of};
use plan::read::Page;
use plan::{AtomValues, Bind};

use super::plans::AtomShapes;
use super::read::denied;
use crate::application::App;
use crate::query::ReadyHistory;
use crate::refusal::Refusal;

/// Reads a page of the history of one row, the newest entries first. It is written behind `prefix`.
///
/// # Errors
/// `NotFound` where there is no row that the caller may see, or none whose history is kept;
/// `Forbidden` where the caller may see the row alone.
pub async fn history(
    app: &App,
    caller: &Caller<'_>,
    ready: ReadyHistory,
    key: Vec<Bind>,
    prefix: &'static [u8],
) -> Result<Page, Refusal> {
    let ReadyHistory { shape, filters, cursor, limit } = ready;
    let audit = app.model.entity(shape.entity).audit.as_ref().ok_or(Refusal::NotFound)?;
    // Few ask, and what they ask is compiled in some microseconds, so no plan is kept.
    let rules = rules_of(&app.model, &shape);
    let mut atoms = AtomValues::new();
    rules.evaluate(&app.model, caller, &mut atoms);
    let shapes: AtomShapes = atoms.iter().map(AtomShape::of).collect();
    let plan = build(&app.model, app.dialect, &shape, &rules, &shapes);
    let oldest = audit.keep.map_or(i64::MIN, |keep| {
        caller.now.0.saturating_sub(i64::try_from(keep.as_micros()).unwrap_or(i64::MAX))
    });
    let values = HistoryValues { atoms, key, filters, cursor, oldest, limit };
    match app.store.read(HistoryRun::new(Arc::new(plan), values, prefix)).await? {
        HistoryOutput::Entries(page) => Ok(page),
        HistoryOutput::Denied => Err(denied(caller.user.is_some())),
        HistoryOutput::NotFound => Err(Refusal::NotFound),
    }
}
