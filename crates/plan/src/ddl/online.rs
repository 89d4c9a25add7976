//! Fills that wait until the migration is over, so that writers need not wait for them.

use expr::Timestamp;
use model::schema::{ComputedFill, FilledRows, MigrationPlan};

use super::projection::{Names, Projection};
use super::{Script, Way, script, ways};
use crate::dialect::Dialect;

/// A column that is filled after the migration, a few rows at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its value, as SQL over the row's other columns.
    pub value: String,
}

/// Writes a migration that leaves out the fills that can wait, and returns them. The rows are
/// checked for them all the same.
pub fn online(plan: &MigrationPlan, dialect: Dialect, now: Timestamp) -> (Script, Vec<Backfill>) {
    let mut at_once = plan.clone();
    at_once.fills.retain(|fill| !can_wait(plan, fill));
    // A table whose rows are copied anyway is filled on the way.
    let copied: Vec<String> = at_once
        .steps
        .iter()
        .zip(ways(&at_once, dialect))
        .filter(|(_, way)| *way == Way::Rebuild)
        .map(|(step, _)| step.table.clone())
        .collect();
    at_once.fills = plan
        .fills
        .iter()
        .filter(|fill| !can_wait(plan, fill) || copied.contains(&fill.table))
        .cloned()
        .collect();
    let later = plan.fills.iter().filter(|fill| !at_once.fills.contains(fill));
    let later = later.filter_map(|fill| backfill(plan, dialect, now, fill)).collect();
    let checks = script(plan, dialect, now).checks;
    (Script { checks, ..script(&at_once, dialect, now) }, later)
}

/// Says whether the migration leaves all that a fill reads, and the column may be null till then.
fn can_wait(plan: &MigrationPlan, fill: &ComputedFill) -> bool {
    let Some(untouched) = plan.untouched_columns(&fill.table) else { return false };
    let stays = |read: &String| untouched.iter().any(|(_, new)| new == read);
    let column = |of: &model::schema::Schema| of.table(&fill.table)?.column(&fill.column).cloned();
    fill.rows == FilledRows::All
        && column(&plan.before).is_none()
        && column(&plan.after).is_some_and(|column| column.nullable)
        && fill.reads.iter().all(stays)
}

fn backfill(
    plan: &MigrationPlan,
    dialect: Dialect,
    now: Timestamp,
    fill: &ComputedFill,
) -> Option<Backfill> {
    let rows = Projection::of(plan, dialect, now, Names::Renamed, &fill.table)?;
    let value = rows.value(rows.after.column(&fill.column)?);
    Some(Backfill { table: fill.table.clone(), column: fill.column.clone(), value })
}
