//! Steps in a person's words.

use std::fmt::{self, Display, Formatter};

use super::convert::renamed_values;
use super::{Change, Column, Fill, Index, NewValues, Step, history};
use crate::field::{ColumnType, OnDelete};

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        match &self.change {
            Change::CreateTable(_) => write!(f, "+ table {table}"),
            Change::RenameTable { from } => write!(f, "~ table {from} → {table}"),
            Change::DropTable => write!(f, "- table {table}"),
            Change::AddColumn(column) => {
                write!(f, "+ column {table}.{}: {}", column.name, type_name(column))?;
                f.write_str(if column.nullable { "" } else { ", required" })?;
                match &column.fill {
                    Some(Fill::Now) => f.write_str(", old rows get the time of the migration"),
                    Some(Fill::Value(_)) => f.write_str(", old rows get its default"),
                    Some(Fill::Expr(text)) => write!(f, ", old rows get `{text}`"),
                    None => Ok(()),
                }
            }
            Change::RenameColumn { from, to } => {
                write!(f, "~ column {table}.{from} → {table}.{to}")
            }
            Change::DropColumn { column, into } => {
                write!(f, "- column {table}.{column}")?;
                match into.is_empty() {
                    true => Ok(()),
                    false => write!(f, ", carried over into {}", into.join(", ")),
                }
            }
            Change::Retype { from, to, values } => {
                write!(f, "~ column {table}.{}: {} → {}", to.name, type_name(from), type_name(to))?;
                let renamed = renamed_values(from, to);
                match (values, &to.fill) {
                    (NewValues::Lost, _) => f.write_str(", its values are lost"),
                    (NewValues::Filled, Some(Fill::Expr(text))) => write!(f, ", as `{text}`"),
                    _ if renamed.is_empty() => Ok(()),
                    _ => {
                        let pairs: Vec<String> =
                            renamed.iter().map(|(old, new)| format!("{old} as {new}")).collect();
                        write!(f, ", {}", pairs.join(", "))
                    }
                }
            }
            Change::SetRequired { column, fill } => {
                write!(f, "~ column {table}.{column}: optional → required")?;
                match fill {
                    Some(text) => write!(f, ", rows without a value get `{text}`"),
                    None => Ok(()),
                }
            }
            Change::SetOptional { column } => {
                write!(f, "~ column {table}.{column}: required → optional")
            }
            Change::Rekey { from, to, identity } => {
                write!(f, "~ key of {table}: {} → {}", from.join(", "), to.join(", "))?;
                f.write_str(if *identity { ", counted by the database" } else { "" })
            }
            Change::AddForeignKey(key) => {
                write!(f, "+ foreign key {table}.{} → {}", key.columns.join(", "), key.target)?;
                f.write_str(match key.on_delete {
                    OnDelete::Restrict => "",
                    OnDelete::Cascade => ", deleted with it",
                    OnDelete::SetNull => ", null when it is deleted",
                })
            }
            Change::DropForeignKey(key) => {
                write!(f, "- foreign key {table}.{} → {}", key.columns.join(", "), key.target)
            }
            Change::AddIndex(index) => {
                write!(f, "+ {} on {table} ({})", kind(index), columns(index))
            }
            Change::RenameIndex { from, to } => write!(f, "~ index of {table}: {from} → {to}"),
            Change::DropIndex { name } => write!(f, "- index {name} on {table}"),
            Change::AddCheck(check) => write!(f, "+ check {} on {table}", check.name),
            Change::ChangeCheck(check) => write!(f, "~ check {} on {table}", check.name),
            Change::RenameCheck { from, to } => write!(f, "~ check of {table}: {from} → {to}"),
            Change::DropCheck { name } => write!(f, "- check {name} on {table}"),
            Change::SetTrigger(trigger) => write!(f, "~ trigger {} on {table}", trigger.name),
            Change::DropTrigger { name } => write!(f, "- trigger {name} on {table}"),
            Change::Forget { column } => match history::split_links_name(column) {
                Some((_, join)) => write!(f, "- links of {join} in the history of {table}"),
                None => write!(f, "- values of {table}.{column} in the history"),
            },
            Change::EmptyHistory => write!(f, "- entries of {table}, which are by another key"),
            Change::EndArchive { column } => {
                write!(f, "- archive of {table}, {table}.{column} is as any field")
            }
            Change::SetSearch { search, anew } => {
                let sign = if *anew { "~" } else { "+" };
                write!(f, "{sign} full-text index on {table} ({})", search.columns.join(", "))
            }
            Change::DropSearch => write!(f, "- full-text index on {table}"),
        }
    }
}

fn kind(index: &Index) -> String {
    let unique = if index.unique { "unique index" } else { "index" };
    let partial = if index.filter.is_some() { "partial " } else { "" };
    format!("{partial}{unique} {}", index.name)
}

fn columns(index: &Index) -> String {
    let names = index.columns.iter().map(|column| {
        let direction = if column.descending { "-" } else { "" };
        format!("{direction}{}", column.name)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Names a column's type as the model does.
fn type_name(column: &Column) -> String {
    let scalar = |ty| match (&column.values, ty) {
        (Some(values), _) => format!("enum {{ {} }}", values.join(" ")),
        (None, ColumnType::Uuid) => "ID".to_owned(),
        (None, ColumnType::Text) => "String".to_owned(),
        (None, ColumnType::Timestamp) => "DateTime".to_owned(),
        (None, ColumnType::Json) => "JSON".to_owned(),
        (None, other) => format!("{other:?}"),
    };
    match column.element {
        Some(element) => format!("[{}]", scalar(element)),
        None => scalar(column.ty),
    }
}
