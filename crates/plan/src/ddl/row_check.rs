//! What the rows must satisfy before a migration runs, as queries that find the offenders.

use expr::Timestamp;
use model::ColumnType;
use model::schema::{Column, Demand, FillFault, ForeignKey, MigrationPlan, Step, renamed_values};

use super::projection::{Names, Projection, key_alias};
use crate::dialect::Dialect;

/// The largest whole number below which a double holds each one.
const FLOAT_INTEGER_MAX: i64 = 1 << 53;

/// A demand of a step on the rows, and how to find those that do not satisfy it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowCheck {
    /// The step's index in the plan.
    pub step: usize,
    /// What is demanded.
    pub demand: Demand,
    /// The table's name in the database, before any rename.
    pub table: String,
    /// The column's name in the database, where the demand is on one.
    pub column: Option<String>,
    /// A query for the keys of the offenders, one column for each column of the key.
    pub offenders: String,
}

/// Writes a check for each demand of a plan.
pub(super) fn row_checks(plan: &MigrationPlan, dialect: Dialect, now: Timestamp) -> Vec<RowCheck> {
    let mut checks = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        for demand in &step.demands {
            checks.extend(row_check(plan, dialect, now, index, step, demand));
        }
    }
    checks
}

fn row_check(
    plan: &MigrationPlan,
    dialect: Dialect,
    now: Timestamp,
    index: usize,
    step: &Step,
    demand: &Demand,
) -> Option<RowCheck> {
    let before = plan.before.table(&step.table)?;
    let table = plan.renames.original_table(&step.table).to_owned();
    let original = |name: &str| plan.renames.original_column(&step.table, name).to_owned();
    let column = demand.column().map(original);
    let quoted_column = column.as_deref().map(|name| dialect.quote(name)).unwrap_or_default();
    let old_keys: Vec<String> =
        before.key.iter().map(|name| dialect.quote(&original(name))).collect();
    let old_rows = |condition: &str| {
        format!("SELECT {} FROM {}{condition}", old_keys.join(", "), dialect.quote(&table))
    };
    let rows = || Projection::of(plan, dialect, now, Names::Original, &step.table);
    let new_keys: Vec<String> = (0..before.key.len()).map(key_alias).collect();
    let new_keys = new_keys.join(", ");
    let offenders = match demand {
        Demand::Empty { .. } | Demand::NothingToLose { column: None } => old_rows(""),
        Demand::NothingToLose { .. } | Demand::NoneArchived { .. } => {
            old_rows(&format!(" WHERE {quoted_column} IS NOT NULL"))
        }
        Demand::NoNulls { .. } => old_rows(&format!(" WHERE {quoted_column} IS NULL")),
        Demand::FitsInt { .. } => {
            old_rows(&format!(" WHERE {quoted_column} NOT BETWEEN {} AND {}", i32::MIN, i32::MAX))
        }
        Demand::FitsFloat { .. } => old_rows(&format!(
            " WHERE {quoted_column} NOT BETWEEN -{FLOAT_INTEGER_MAX} AND {FLOAT_INTEGER_MAX}"
        )),
        Demand::AmongValues { column } => {
            let after = plan.after.table(&step.table)?.column(column)?;
            let renamed = renamed_values(before.column(column)?, after);
            let renamed = renamed.into_iter().map(|(old, _)| old);
            let list = literals(dialect, values(after).chain(renamed));
            old_rows(&match after.ty {
                ColumnType::List => format!(
                    " WHERE EXISTS (SELECT 1 FROM {} WHERE e.value NOT IN ({list}))",
                    dialect.elements(&quoted_column, "e")
                ),
                _ => format!(" WHERE {quoted_column} NOT IN ({list})"),
            })
        }
        Demand::Carried { column, into } => {
            let after = plan.after.table(&step.table)?;
            let mut conditions = vec![format!("{} IS NOT NULL", rows()?.old_column(column))];
            for name in into {
                conditions.push(format!("({}) IS NULL", rows()?.value(after.column(name)?)));
            }
            old_rows(&format!(" WHERE {}", conditions.join(" AND ")))
        }
        Demand::Filled { column, fault: FillFault::Lost } => {
            let after = plan.after.table(&step.table)?.column(column)?;
            let rows = rows()?;
            old_rows(&format!(
                " WHERE {} IS NOT NULL AND ({}) IS NULL",
                rows.old_column(column),
                rows.value(after)
            ))
        }
        Demand::Filled { column, fault } => {
            let after = plan.after.table(&step.table)?.column(column)?;
            let name = dialect.quote(column);
            let condition = match fault {
                FillFault::Null | FillFault::Lost => format!("{name} IS NULL"),
                FillFault::OutOfRange => {
                    format!("{name} NOT BETWEEN {} AND {}", i32::MIN, i32::MAX)
                }
                FillFault::NotAValue => {
                    format!("{name} NOT IN ({})", literals(dialect, values(after)))
                }
            };
            format!("SELECT {new_keys} FROM {} WHERE {condition}", rows()?.rows())
        }
        Demand::Unique { columns, filter, .. } => {
            let names: Vec<String> = columns.iter().map(|name| dialect.quote(name)).collect();
            let names_list = names.join(", ");
            let mut conditions: Vec<String> =
                names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
            conditions.extend(filter.iter().map(|filter| format!("({filter})")));
            format!(
                "SELECT {new_keys} FROM (SELECT {new_keys}, COUNT(*) OVER (PARTITION BY {names_list}) AS mainstay_count FROM {} WHERE {}) WHERE mainstay_count > 1",
                rows()?.rows(),
                conditions.join(" AND ")
            )
        }
        Demand::Holds(check) => {
            format!("SELECT {new_keys} FROM {} WHERE NOT ({})", rows()?.rows(), check.condition)
        }
        Demand::Refers(key) => {
            let condition = dangling(plan, dialect, now, key);
            format!("SELECT {new_keys} FROM {} AS r WHERE {condition}", rows()?.rows())
        }
    };
    Some(RowCheck { step: index, demand: demand.clone(), table, column, offenders })
}

fn values(column: &Column) -> impl Iterator<Item = &str> {
    column.values.iter().flatten().map(String::as_str)
}

fn literals<'v>(dialect: Dialect, values: impl Iterator<Item = &'v str>) -> String {
    let literals = values.map(|value| dialect.literal(&expr::Value::Text(value.to_owned())));
    literals.collect::<Vec<_>>().join(", ")
}

/// The condition on a row `r` that what it refers to is missing.
fn dangling(plan: &MigrationPlan, dialect: Dialect, now: Timestamp, key: &ForeignKey) -> String {
    let mut conditions: Vec<String> =
        key.columns.iter().map(|name| format!("r.{} IS NOT NULL", dialect.quote(name))).collect();
    // A table that is new has no rows yet.
    if let Some(target) = Projection::of(plan, dialect, now, Names::Original, &key.target) {
        let pairs: Vec<String> = key
            .target_columns
            .iter()
            .zip(&key.columns)
            .map(|(to, from)| format!("{} = r.{}", target.named(to), dialect.quote(from)))
            .collect();
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {} WHERE {})",
            target.source(),
            pairs.join(" AND ")
        ));
    }
    conditions.join(" AND ")
}

impl RowCheck {
    /// Says whether the step loses a whole table or a column's values.
    pub fn is_loss(&self) -> bool {
        self.demand.is_loss()
    }

    /// Returns the name by which `--allow-drop` speaks of the loss: `table` or `table.column`.
    pub fn loss_name(&self) -> String {
        match &self.column {
            Some(column) => format!("{}.{column}", self.table),
            None => self.table.clone(),
        }
    }
}
