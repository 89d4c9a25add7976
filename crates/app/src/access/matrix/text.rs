//! The matrix for people: a table, with the conditions below each entity.

use std::fmt::{self, Display, Formatter};

use super::{EntityAccess, FieldAccess, Matrix};
use crate::access::formula::Formula;

/// Between columns.
const GAP: usize = 3;

impl Display for Matrix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let first = self
            .entities
            .iter()
            .flat_map(|entity| {
                let own = entity.name.len() + entity.module.len() + 1;
                let rows = entity.rows().map(|(name, _)| name.len());
                let fields = entity.own_rules().map(|(name, _)| name.len());
                rows.chain(fields).map(|length| length + 2).chain([own])
            })
            .max()
            .unwrap_or(0);
        write!(f, "{:first$}", "")?;
        for who in &self.callers {
            write!(f, "{:GAP$}{}", "", who.name)?;
        }
        writeln!(f)?;
        for entity in &self.entities {
            writeln!(f)?;
            self.entity(f, entity, first)?;
        }
        Ok(())
    }
}

impl Matrix {
    fn entity(&self, f: &mut Formatter<'_>, entity: &EntityAccess, first: usize) -> fmt::Result {
        let mut conditions: Vec<String> = Vec::new();
        writeln!(f, "{}.{}", entity.module, entity.name)?;
        for (name, cells) in entity.rows() {
            self.line(f, name, cells, first, &mut conditions)?;
        }
        for (name, cells) in entity.own_rules() {
            self.line(f, &name, cells, first, &mut conditions)?;
        }
        for (note, text) in NOTES {
            let names = entity.noted(note);
            if !names.is_empty() {
                writeln!(f, "  {text}: {}", names.join(", "))?;
            }
        }
        for (index, condition) in conditions.iter().enumerate() {
            writeln!(f, "  [{}] {condition}", index + 1)?;
        }
        Ok(())
    }

    fn line(
        &self,
        f: &mut Formatter<'_>,
        name: &str,
        cells: &[Formula],
        first: usize,
        conditions: &mut Vec<String>,
    ) -> fmt::Result {
        let mut line = format!("  {name:width$}", width = first - 2);
        for (who, cell) in self.callers.iter().zip(cells) {
            let width = who.name.chars().count();
            let shown = shown(cell, conditions);
            line.push_str(&format!("{:GAP$}{shown:width$}", ""));
        }
        writeln!(f, "{}", line.trim_end())
    }
}

/// What is said of fields that no rule is needed for.
const NOTES: [(&[&str], &str); 2] =
    [(&["private"], "never leave the server"), (SET, "set by the server")];

/// Why a field is not set by clients.
const SET: &[&str] = &[
    "computed",
    "set to the caller",
    "set to the caller's tenant",
    "set to the time",
    "read-only",
];

impl EntityAccess {
    /// Returns a line for each rule of a field's own.
    fn own_rules(&self) -> impl Iterator<Item = (String, &[Formula])> {
        self.fields.iter().flat_map(|field: &FieldAccess| {
            let own = field.operations.iter().filter(|(_, own, _)| *own);
            own.map(|(operation, _, cells)| {
                (format!("{} {}", operation.name(), field.name), cells.as_slice())
            })
        })
    }

    fn noted(&self, notes: &[&str]) -> Vec<&str> {
        let fields = self.fields.iter();
        fields
            .filter(|field| field.note.is_some_and(|note| notes.contains(&note)))
            .map(|field| field.name.as_str())
            .collect()
    }
}

/// Shows a cell; a condition by its number below the entity.
fn shown(cell: &Formula, conditions: &mut Vec<String>) -> String {
    match cell {
        Formula::True => "always".to_owned(),
        Formula::False | Formula::Unknown => "never".to_owned(),
        open => {
            let text = open.to_string();
            let at = conditions.iter().position(|known| *known == text).unwrap_or_else(|| {
                conditions.push(text);
                conditions.len() - 1
            });
            format!("if [{}]", at + 1)
        }
    }
}
