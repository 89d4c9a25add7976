//! The steps of a migration with what is known of the rows they touch.

use std::collections::HashMap;

use model::schema::{Change, Class, MigrationPlan, Step};
use plan::Dialect;
use plan::ddl::{self, Backfill, Way};
use rusqlite::Connection;

use super::MigrationError;

/// A step of a migration, for whoever decides whether it may run.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// The kind of change, as programs know it.
    pub change: &'static str,
    /// The table, by its new name.
    pub table: String,
    /// The column, index or check; none for a whole table.
    pub subject: Option<String>,
    /// What changes, in a person's words.
    pub text: String,
    /// What in the model asks for it.
    pub why: &'static str,
    /// How it is carried out.
    pub way: Way,
    /// How safe it is.
    pub class: Class,
    /// The rows that the table has now.
    pub rows: u64,
}

/// Tells the steps of a plan, and counts the rows of the tables they are on.
pub(super) fn steps(
    connection: &Connection,
    plan: &MigrationPlan,
    backfills: &[Backfill],
) -> Result<Vec<PlannedStep>, MigrationError> {
    let is_later = |step: &Step| {
        let Change::AddColumn(column) = &step.change else { return false };
        backfills.iter().any(|later| later.table == step.table && later.column == column.name)
    };
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut steps = Vec::with_capacity(plan.steps.len());
    for (step, way) in plan.steps.iter().zip(ddl::ways(plan, Dialect::Sqlite)) {
        let rows = match counts.get(step.table.as_str()) {
            Some(rows) => *rows,
            None if plan.before.table(&step.table).is_none() => 0,
            None => {
                let table = Dialect::Sqlite.quote(plan.renames.original_table(&step.table));
                let sql = format!("SELECT COUNT(*) FROM {table}");
                connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs()
            }
        };
        counts.insert(&step.table, rows);
        steps.push(PlannedStep {
            change: step.change.kind(),
            table: step.table.clone(),
            subject: step.change.subject(),
            text: step.to_string(),
            why: step.change.why(),
            way: if is_later(step) { Way::WriteRowsLater } else { way },
            class: step.class(),
            rows,
        });
    }
    Ok(steps)
}
