//! What stops a migration, with what can be done about it.

use std::fmt::{self, Display, Formatter};

use model::schema::{Demand, FillFault, FillMistake};

/// Keys of offending rows that are shown; the rest is counted.
pub const OFFENDERS_SHOWN_MAX: usize = 10;

/// A reason not to migrate.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Rows do not satisfy what a step demands.
    Rows {
        /// The step's place in the plan.
        index: usize,
        /// The step, in words.
        step: String,
        /// The name under which `--allow-drop` allows it, where it is a loss.
        loss: Option<String>,
        /// What it demands.
        demand: Demand,
        /// The table's name in the database.
        table: String,
        /// The column's name in the database, where the demand is on one.
        column: Option<String>,
        /// The keys of the first offenders.
        keys: Vec<String>,
        /// The number of all offenders.
        count: u64,
    },
    /// A fill cannot be computed from the rows as they are.
    Fill(FillMistake),
    /// A table that the model wants is there already, and no migration made it.
    TableExists(String),
    /// `--allow-drop` names what would not be dropped.
    NothingDropped(String),
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableExists(table) => write!(
                f,
                "table {table} is in the database already, but no migration made it.\nRename or drop it by hand, or give the type another table with @table."
            ),
            Self::Fill(found) => {
                let FillMistake { table, column, text, mistakes } = found;
                writeln!(f, "@fill of {table}.{column}: `{text}`")?;
                for mistake in mistakes {
                    writeln!(f, "{mistake}")?;
                }
                f.write_str(
                    "The expression reads rows as the last migration left them, with the fields' names of then.",
                )
            }
            Self::NothingDropped(name) => write!(
                f,
                "--allow-drop {name}: the migration drops nothing of that name.\nName a table as TABLE or a column as TABLE.COLUMN, as the plan shows them."
            ),
            Self::Rows { step, demand, table, column, keys, count, .. } => {
                writeln!(f, "{step}")?;
                let rows = if *count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
                let column = column.as_deref().unwrap_or_default();
                let place =
                    if column.is_empty() { table.clone() } else { format!("{table}.{column}") };
                writeln!(f, "{}", wrong(demand, table, &place, &rows))?;
                if names_offenders(demand) {
                    let more = count.saturating_sub(keys.len() as u64);
                    write!(f, "keys: {}", keys.join(" "))?;
                    writeln!(
                        f,
                        "{}",
                        if more > 0 { format!(" and {more} more") } else { String::new() }
                    )?;
                }
                f.write_str(&fix(demand, &place))
            }
        }
    }
}

/// Says whether the offenders are some rows among many, and not all there are.
fn names_offenders(demand: &Demand) -> bool {
    !matches!(demand, Demand::NothingToLose { .. } | Demand::Empty { .. })
}

fn wrong(demand: &Demand, table: &str, place: &str, rows: &str) -> String {
    match demand {
        Demand::Empty { column } => {
            format!("{table} has {rows}, and there is nothing to put into {column} there.")
        }
        Demand::NothingToLose { column: None } => {
            format!("{table} has {rows}, which would be lost.")
        }
        Demand::NoneArchived { .. } => {
            format!("What is archived in {table} would be seen again: {rows}.")
        }
        Demand::NothingToLose { .. } => {
            format!("{place} has a value in {rows}, which would be lost.")
        }
        Demand::Carried { into, .. } => format!(
            "{place} has a value in {rows} of which nothing goes into {}: it would be lost.",
            into.join(" or ")
        ),
        Demand::Filled { fault, .. } => match fault {
            FillFault::Null => format!("The @fill of {place} gives no value for {rows}."),
            FillFault::OutOfRange => {
                format!("The @fill of {place} gives a number for {rows} that does not fit 32 bits.")
            }
            FillFault::NotAValue => {
                format!(
                    "The @fill of {place} gives a text for {rows} that is not one of the enum's values."
                )
            }
            FillFault::Lost => {
                format!(
                    "{place} has a value in {rows} for which its @fill gives none: it would be lost."
                )
            }
        },
        Demand::NoNulls { .. } => format!("{place} has no value in {rows}."),
        Demand::AmongValues { .. } => {
            format!("{place} has a value in {rows} that is not one of the enum's.")
        }
        Demand::FitsInt { .. } => {
            format!("{place} has a number in {rows} that does not fit 32 bits.")
        }
        Demand::FitsFloat { .. } => {
            format!("{place} has a number in {rows} that a Float cannot hold exactly.")
        }
        Demand::Unique { columns, .. } => {
            format!("{table} has {rows} that share their {}.", columns.join(", "))
        }
        Demand::Holds(check) => {
            format!("{table} has {rows} in which {} is false.", check.condition)
        }
        Demand::Refers(key) => format!(
            "{table} has {rows} in which {} refers to no row of {}.",
            key.columns.join(", "),
            key.target
        ),
    }
}

fn fix(demand: &Demand, place: &str) -> String {
    match demand {
        Demand::Empty { .. } => {
            "Say with @fill(expr: …) what the old rows get; or give the field a constant @default, which they get as well."
                .to_owned()
        }
        Demand::NothingToLose { column: None } => format!(
            "If the type was renamed, write @was(name: …) with its old name on the new one. If it may go with all its rows, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::NoneArchived { .. } => format!(
            "Keep @archive until they are deleted for good or restored. If they may be seen again, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::NothingToLose { .. } => format!(
            "If the field was renamed, write @was(name: …) with its old name on the new one. If its type changed, or other fields take its place, say with @fill(expr: …) on those what becomes of the values. If the values may go, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::Carried { .. } | Demand::Filled { fault: FillFault::Lost, .. } => format!(
            "Change the rows or the expression. If the values may go, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::Filled { .. } => {
            "Change the rows, or let the expression say what they get: `a ? b : c` chooses.".to_owned()
        }
        Demand::NoNulls { .. } => {
            "Give the rows a value, say with @fill(expr: …) what they get, or leave the field optional."
                .to_owned()
        }
        Demand::AmongValues { .. } => {
            "Give the rows another value, keep theirs in the enum, or write @was(name: …) with it on the value that takes its place."
                .to_owned()
        }
        Demand::FitsInt { .. } | Demand::FitsFloat { .. } => {
            "Change the numbers, or leave the field's type.".to_owned()
        }
        Demand::Unique { .. } => "Change or delete all but one of those that share a value.".to_owned(),
        Demand::Holds(_) => "Change the rows, or the condition.".to_owned(),
        Demand::Refers(_) => "Point the rows elsewhere, or delete them.".to_owned(),
    }
}
