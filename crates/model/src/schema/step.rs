//! The steps of a migration, and what they demand of the rows.

use super::convert::keeps_values;
use super::history;
use super::{
    Check, Column, ComputedFill, FillMistake, ForeignKey, Index, Renames, Schema, Search, Table,
    Trigger,
};

/// The way from one schema to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationPlan {
    /// The steps in an order that can be read; `plan::ddl` finds the order of the statements.
    pub steps: Vec<Step>,
    /// What the steps begin with, told in the new names.
    pub before: Schema,
    /// What they end with.
    pub after: Schema,
    /// How the new names come from the old ones.
    pub renames: Renames,
    /// What old rows get where `@fill` computes it.
    pub fills: Vec<ComputedFill>,
    /// The fills that cannot be computed; with one the migration does not run.
    pub mistakes: Vec<FillMistake>,
}

/// One difference between two schemas.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The table, by its new name where it has one.
    pub table: String,
    /// What changes.
    pub change: Change,
    /// What the rows must satisfy for it.
    pub demands: Vec<Demand>,
}

/// How safe a step is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Fits any rows and loses nothing.
    Additive,
    /// Fits only some rows, which are checked first.
    NeedsCheck,
    /// Loses what the rows hold.
    Lossy,
}

/// What changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new table.
    CreateTable(Box<Table>),
    /// A table under a new name.
    RenameTable {
        /// The old name.
        from: String,
    },
    /// A table that is no longer in the model.
    DropTable,
    /// A new column.
    AddColumn(Box<Column>),
    /// A column under a new name.
    RenameColumn {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A column that is no longer in the model.
    DropColumn {
        /// Its name.
        column: String,
        /// The columns whose fills read it, so that its values go on in them.
        into: Vec<String>,
    },
    /// A column of another type, or of an enum with other values.
    Retype {
        /// Before.
        from: Box<Column>,
        /// After.
        to: Box<Column>,
        /// Where the new values come from.
        values: NewValues,
    },
    /// A column that may no longer be NULL.
    SetRequired {
        /// Its name.
        column: String,
        /// What rows without a value get, as written.
        fill: Option<String>,
    },
    /// A column that may be NULL from now on.
    SetOptional {
        /// Its name.
        column: String,
    },
    /// Another primary key, or another way to make it.
    Rekey {
        /// The columns before.
        from: Vec<String>,
        /// The columns after.
        to: Vec<String>,
        /// Whether the database counts it up.
        identity: bool,
    },
    /// A new foreign key.
    AddForeignKey(ForeignKey),
    /// A foreign key less.
    DropForeignKey(ForeignKey),
    /// A new index.
    AddIndex(Index),
    /// An index under another name.
    RenameIndex {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// An index less.
    DropIndex {
        /// Its name.
        name: String,
    },
    /// A new check.
    AddCheck(Check),
    /// A check with another condition.
    ChangeCheck(Check),
    /// A check under another name.
    RenameCheck {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A check less.
    DropCheck {
        /// Its name.
        name: String,
    },
    /// A new trigger, or one that does something else.
    SetTrigger(Trigger),
    /// A trigger less.
    DropTrigger {
        /// Its name.
        name: String,
    },
    /// The history no longer holds the values of a column.
    Forget {
        /// The column.
        column: String,
    },
    /// A history without entries, because the keys that they are by are no more.
    EmptyHistory,
    /// Rows that were archived are as others.
    EndArchive {
        /// The column with the time at which they were.
        column: String,
    },
    /// A full-text index, new or over other columns.
    SetSearch {
        /// What it indexes.
        search: Search,
        /// Whether it takes the place of another.
        anew: bool,
    },
    /// A full-text index less.
    DropSearch,
}

/// Where the values of a column of another type come from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NewValues {
    /// They are the old ones, converted.
    Kept,
    /// The old ones have no counterpart and are lost.
    Lost,
    /// `@fill` computes them.
    Filled,
}

/// What is wrong with a computed value.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FillFault {
    /// It is null, and the field is required.
    Null,
    /// It does not fit 32 bits.
    OutOfRange,
    /// It is not a value of the enum.
    NotAValue,
    /// It is null where there was a value.
    Lost,
}

/// What a step demands of the rows of its table. Columns and conditions are those of after.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// There are none: a required column has nothing to fill old rows with.
    Empty {
        /// The column.
        column: String,
    },
    /// There are none to lose: no row, or none with a value in the column.
    NothingToLose {
        /// The column; none for the whole table.
        column: Option<String>,
    },
    /// None is archived.
    NoneArchived {
        /// The column that says so.
        column: String,
    },
    /// None has a value that no fill which reads the column goes on with.
    Carried {
        /// The column that goes.
        column: String,
        /// The columns that are filled from it.
        into: Vec<String>,
    },
    /// None gets a computed value with this fault.
    Filled {
        /// The column.
        column: String,
        /// The fault.
        fault: FillFault,
    },
    /// None is NULL.
    NoNulls {
        /// The column.
        column: String,
    },
    /// All are values of the enum.
    AmongValues {
        /// The column.
        column: String,
    },
    /// All fit 32 bits.
    FitsInt {
        /// The column.
        column: String,
    },
    /// All are whole numbers that a double holds exactly.
    FitsFloat {
        /// The column.
        column: String,
    },
    /// No two rows agree in the columns.
    Unique {
        /// The index; none for the primary key.
        index: Option<String>,
        /// The columns.
        columns: Vec<String>,
        /// The condition of a partial index.
        filter: Option<String>,
    },
    /// The condition is not false.
    Holds(Check),
    /// The row referred to exists.
    Refers(ForeignKey),
}

impl Step {
    /// Says how safe the step is.
    pub fn class(&self) -> Class {
        match &self.demands[..] {
            [] => Class::Additive,
            demands if demands.iter().any(Demand::is_loss) => Class::Lossy,
            _ => Class::NeedsCheck,
        }
    }
}

impl MigrationPlan {
    /// Says whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Says whether a column's old values are replaced by others or lost.
    pub fn replaces(&self, table: &str, column: &str) -> bool {
        self.steps.iter().any(|step| {
            step.table == table
                && matches!(&step.change, Change::Retype { to, values, .. }
                    if to.name == column && *values != NewValues::Kept)
        })
    }

    /// Returns the columns of a table whose values a migration leaves as they are: their names before
    /// and after. None for a table that is new, goes or is emptied.
    pub fn untouched_columns(&self, table: &str) -> Option<Vec<(String, String)>> {
        let is_emptied = |step: &Step| step.table == table && step.change == Change::EmptyHistory;
        if self.steps.iter().any(is_emptied) {
            return None;
        }
        let (before, after) = (self.before.table(table)?, self.after.table(table)?);
        let rewritten = self.rewrites_history(table);
        let untouched = |column: &&Column| {
            before.column(&column.name).is_some_and(|old| keeps_values(old, column))
                && self.fill(table, &column.name).is_none()
                && !self.replaces(table, &column.name)
                && !(rewritten && column.name == history::CHANGES)
        };
        let pair = |column: &Column| {
            let old = self.renames.original_column(table, &column.name).to_owned();
            (old, column.name.clone())
        };
        Some(after.columns.iter().filter(untouched).map(pair).collect())
    }

    /// Says whether a table is a history in whose entries fields are renamed, or of which they go.
    fn rewrites_history(&self, table: &str) -> bool {
        if !history::is_history(table) {
            return false;
        }
        let is_its = |of: &str| history::table_name(of) == table;
        // Links are there by the name of their join table.
        let renamed = |(name, _): &(String, String)| !is_its(name) && !history::is_history(name);
        self.renames.columns.iter().any(|(of, ..)| is_its(of))
            || self.renames.tables.iter().any(renamed)
            || self
                .steps
                .iter()
                .any(|step| matches!(step.change, Change::Forget { .. }) && is_its(&step.table))
    }

    /// Finds the fill of a column.
    pub fn fill(&self, table: &str, column: &str) -> Option<&ComputedFill> {
        self.fills.iter().find(|fill| fill.table == table && fill.column == column)
    }
}

impl Demand {
    /// Says whether rows that do not satisfy it would lose what they hold.
    pub fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::NothingToLose { .. }
                | Self::NoneArchived { .. }
                | Self::Carried { .. }
                | Self::Filled { fault: FillFault::Lost, .. }
        )
    }

    /// Returns the column that the demand is on, where it is on one.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Empty { column }
            | Self::NoneArchived { column }
            | Self::Carried { column, .. }
            | Self::Filled { column, .. }
            | Self::NoNulls { column }
            | Self::AmongValues { column }
            | Self::FitsInt { column }
            | Self::FitsFloat { column } => Some(column),
            Self::NothingToLose { column } => column.as_deref(),
            Self::Unique { .. } | Self::Holds(_) | Self::Refers(_) => None,
        }
    }
}
