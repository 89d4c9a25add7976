//! What stops a migration, with what can be done about it.

use std::fmt::{self, Display, Formatter};

use model::schema::Demand;

/// Keys of offending rows that are shown; the rest is counted.
pub const OFFENDERS_SHOWN_MAX: usize = 10;

/// A reason not to migrate.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Rows do not satisfy what a step demands.
    Rows {
        /// The step, in words.
        step: String,
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
            Self::NothingDropped(name) => write!(
                f,
                "--allow-drop {name}: the migration drops nothing of that name.\nName a table as TABLE or a column as TABLE.COLUMN, as the plan shows them."
            ),
            Self::Rows { step, demand, table, column, keys, count } => {
                writeln!(f, "{step}")?;
                let rows = if *count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
                let column = column.as_deref().unwrap_or_default();
                let place =
                    if column.is_empty() { table.clone() } else { format!("{table}.{column}") };
                writeln!(f, "{}", wrong(demand, table, &place, &rows))?;
                if !matches!(demand, Demand::NothingToLose { .. } | Demand::Empty { .. }) {
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

fn wrong(demand: &Demand, table: &str, place: &str, rows: &str) -> String {
    match demand {
        Demand::Empty { column } => {
            format!("{table} has {rows}, and there is nothing to put into {column} there.")
        }
        Demand::NothingToLose { column: None } => {
            format!("{table} has {rows}, which would be lost.")
        }
        Demand::NothingToLose { .. } => {
            format!("{place} has a value in {rows}, which would be lost.")
        }
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
            "Give the field a constant @default, which the old rows get; or make it optional, fill it, and require it afterwards."
                .to_owned()
        }
        Demand::NothingToLose { column: None } => format!(
            "If the type was renamed, write @was(name: …) with its old name on the new one. If it may go with all its rows, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::NothingToLose { .. } => format!(
            "If the field was renamed, write @was(name: …) with its old name on the new one. If its type changed, this is not possible in one step: add a field of the new type, fill it, and remove the old one. If the values may go, run `mainstay migrate --apply --allow-drop {place}`."
        ),
        Demand::NoNulls { .. } => "Give the rows a value, or leave the field optional.".to_owned(),
        Demand::AmongValues { .. } => {
            "Give the rows another value, or keep theirs in the enum.".to_owned()
        }
        Demand::FitsInt { .. } | Demand::FitsFloat { .. } => {
            "Change the numbers, or leave the field's type.".to_owned()
        }
        Demand::Unique { .. } => "Change or delete all but one of those that share a value.".to_owned(),
        Demand::Holds(_) => "Change the rows, or the condition.".to_owned(),
        Demand::Refers(_) => "Point the rows elsewhere, or delete them.".to_owned(),
    }
}
