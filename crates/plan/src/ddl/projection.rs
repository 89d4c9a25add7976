//! Old rows as the new table will hold them: a SELECT list over the table as it is.

use expr::{Date, Func, Timestamp, Type, Value};
use model::ColumnType;
use model::schema::{Column, Conversion, Fill, MigrationPlan, Table, conversion, renamed_values};

use crate::dialect::Dialect;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;

/// In which names the old table is read.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Those in the database before the first statement.
    Original,
    /// Those after the renames.
    Renamed,
}

/// The old rows of a table, told as new ones.
#[derive(Copy, Clone)]
pub(super) struct Projection<'p> {
    pub(super) plan: &'p MigrationPlan,
    pub(super) dialect: Dialect,
    pub(super) now: Timestamp,
    pub(super) names: Names,
    pub(super) before: &'p Table,
    pub(super) after: &'p Table,
}

impl<'p> Projection<'p> {
    /// Opens the projection of a table; none if there is no such table before or after.
    pub(super) fn of(
        plan: &'p MigrationPlan,
        dialect: Dialect,
        now: Timestamp,
        names: Names,
        table: &str,
    ) -> Option<Self> {
        let (before, after) = (plan.before.table(table)?, plan.after.table(table)?);
        Some(Self { plan, dialect, now, names, before, after })
    }

    /// Writes the table to read from.
    pub(super) fn source(&self) -> String {
        self.dialect.quote(match self.names {
            Names::Original => self.plan.renames.original_table(&self.after.name),
            Names::Renamed => &self.after.name,
        })
    }

    /// Writes a column of the old table.
    pub(super) fn old_column(&self, name: &str) -> String {
        self.dialect.quote(self.old_name(name))
    }

    pub(super) fn old_name<'n>(&'n self, name: &'n str) -> &'n str {
        match self.names {
            Names::Original => self.plan.renames.original_column(&self.after.name, name),
            Names::Renamed => name,
        }
    }

    /// Writes the new value of a column; `None` where it is the old value as it is.
    pub(super) fn converted(&self, column: &Column) -> Option<String> {
        if let Some(fill) = self.plan.fill(&self.after.name, &column.name) {
            return Some(self.computed(fill, column, &self.old_column(&column.name)));
        }
        if self.plan.replaces(&self.after.name, &column.name) {
            return Some(self.fill(column));
        }
        let before = self.before.column(&column.name);
        match before.map(|before| (before, conversion(before, column))) {
            None | Some((_, Conversion::Replace)) => Some(self.fill(column)),
            Some((_, Conversion::None | Conversion::Same)) => None,
            Some((before, _)) => {
                let old = self.old_column(&column.name);
                let renamed = renamed_values(before, column);
                match (renamed.is_empty(), column.ty) {
                    (true, _) => convert(self.dialect, &old, before.ty, column.ty),
                    (false, ColumnType::List) => {
                        Some(self.dialect.renamed_elements(&old, &renamed))
                    }
                    (false, _) => Some(self.dialect.renamed(&old, &renamed)),
                }
            }
        }
    }

    /// Writes the new value of a column.
    pub(super) fn value(&self, column: &Column) -> String {
        self.converted(column).unwrap_or_else(|| self.old_column(&column.name))
    }

    /// Writes the value of a column by its name in the new table.
    pub(super) fn named(&self, name: &str) -> String {
        self.after.column(name).map_or_else(|| "NULL".to_owned(), |column| self.value(column))
    }

    fn fill(&self, column: &Column) -> String {
        fill(self.dialect, column, self.now)
    }

    /// Writes the old rows as a table of new ones, with the old key as `mainstay_key_0` and so on.
    pub(super) fn rows(&self) -> String {
        let mut list: Vec<String> = self
            .after
            .columns
            .iter()
            .map(|column| format!("{} AS {}", self.value(column), self.dialect.quote(&column.name)))
            .collect();
        for (index, name) in self.before.key.iter().enumerate() {
            list.push(format!("{} AS {}", self.old_column(name), key_alias(index)));
        }
        format!("(SELECT {} FROM {})", list.join(", "), self.source())
    }
}

/// Names a part of the old key in `Projection::rows`.
pub(super) fn key_alias(index: usize) -> String {
    format!("mainstay_key_{index}")
}

/// Writes what old rows get in a new column.
pub(super) fn fill(dialect: Dialect, column: &Column, now: Timestamp) -> String {
    match &column.fill {
        // Where an expression takes part, `Projection::converted` asked it before.
        None | Some(Fill::Expr(_)) => "NULL".to_owned(),
        Some(Fill::Value(value)) => dialect.literal(value),
        Some(Fill::Now) if column.ty == ColumnType::Date => {
            let day = i32::try_from(now.0.div_euclid(DAY_US)).unwrap_or_default();
            dialect.literal(&Value::Date(Date(day)))
        }
        Some(Fill::Now) => dialect.literal(&Value::Timestamp(now)),
    }
}

/// Converts a value from one stored form to another; `None` where they are the same.
fn convert(dialect: Dialect, sql: &str, from: ColumnType, to: ColumnType) -> Option<String> {
    use ColumnType::*;
    let (source, target) = (scalar_type(from)?, scalar_type(to)?);
    match (from, to) {
        (Date, Text) => None,
        (Decimal, Text) => Some(format!("CAST({sql} AS TEXT)")),
        (_, Text) => Some(dialect.call(Func::ToText, &[(sql.to_owned(), source)])),
        _ if source == target => None,
        _ => {
            let converted = dialect.convert(sql, &source, &target);
            Some(dialect.collated(converted, &target))
        }
    }
}

pub(super) fn scalar_type(ty: ColumnType) -> Option<Type> {
    match ty {
        ColumnType::Uuid => Some(Type::Uuid),
        ColumnType::Text => Some(Type::Text),
        ColumnType::Int | ColumnType::BigInt => Some(Type::Int),
        ColumnType::Float => Some(Type::Float),
        ColumnType::Decimal => Some(Type::Decimal),
        ColumnType::Boolean => Some(Type::Bool),
        ColumnType::Timestamp => Some(Type::Timestamp),
        ColumnType::Date => Some(Type::Date),
        ColumnType::Json | ColumnType::List => None,
    }
}
