//! Renames: the old schema is first told in today's names, so that everything else compares by name.

use super::{Schema, Table, history};

/// What was renamed, new names first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Renames {
    /// Tables: the new and the old name.
    pub tables: Vec<(String, String)>,
    /// Columns: the table's new name, the column's new and old name.
    pub columns: Vec<(String, String, String)>,
}

impl Renames {
    /// Finds the renames that `was` asks for. A name that still means something today stays.
    pub(super) fn between(old: &Schema, new: &Schema) -> Self {
        let mut renames = Self::default();
        for table in &new.tables {
            if old.table(&table.name).is_some() {
                continue;
            }
            let is_free = |was: &&String| {
                let claimed = renames.tables.iter().any(|(_, old)| old == *was);
                old.table(was).is_some() && new.table(was).is_none() && !claimed
            };
            if let Some(was) = table.was.iter().find(is_free) {
                renames.tables.push((table.name.clone(), was.clone()));
            }
        }
        for table in &new.tables {
            if let Some(before) = old.table(renames.original_table(&table.name)) {
                renames.columns_of(before, table);
            }
        }
        renames
    }

    fn columns_of(&mut self, before: &Table, after: &Table) {
        for column in &after.columns {
            let Some(was) = &column.was else { continue };
            let claimed =
                self.columns.iter().any(|(table, _, old)| *table == after.name && old == was);
            if before.column(&column.name).is_none()
                && before.column(was).is_some()
                && after.column(was).is_none()
                && !claimed
            {
                self.columns.push((after.name.clone(), column.name.clone(), was.clone()));
            }
        }
    }

    /// Returns the name that a table of today has in the database.
    pub fn original_table<'a>(&'a self, name: &'a str) -> &'a str {
        self.tables.iter().find(|(new, _)| new == name).map_or(name, |(_, old)| old)
    }

    /// Returns the name that a column of today has in the database.
    pub fn original_column<'a>(&'a self, table: &str, name: &'a str) -> &'a str {
        self.columns
            .iter()
            .find(|(of, new, _)| of == table && new == name)
            .map_or(name, |(_, _, old)| old)
    }

    fn table(&self, old: &str) -> String {
        let found = self.tables.iter().find(|(_, name)| name == old);
        found.map_or(old, |(new, _)| new).to_owned()
    }

    /// `table` is the new name.
    fn column(&self, table: &str, old: &str) -> String {
        let found = self.columns.iter().find(|(of, _, name)| of == table && name == old);
        found.map_or(old, |(_, new, _)| new).to_owned()
    }

    /// Tells the old schema in the new names.
    pub(super) fn apply(&self, old: &Schema) -> Schema {
        let mut schema = old.clone();
        for table in &mut schema.tables {
            table.name = self.table(&table.name);
            let name = table.name.clone();
            let rename = |column: &mut String| *column = self.column(&name, column);
            let rename_in = |sql: &mut String| *sql = self.in_condition(&name, sql);
            table.columns.iter_mut().for_each(|column| rename(&mut column.name));
            table.key.iter_mut().for_each(rename);
            for key in &mut table.foreign_keys {
                key.columns.iter_mut().for_each(rename);
                key.target = self.table(&key.target);
                let target = &key.target;
                key.target_columns
                    .iter_mut()
                    .for_each(|column| *column = self.column(target, column));
            }
            for index in &mut table.indexes {
                index.columns.iter_mut().for_each(|column| rename(&mut column.name));
                index.filter.iter_mut().for_each(rename_in);
            }
            table.search.iter_mut().for_each(|it| it.columns.iter_mut().for_each(rename));
            table.checks.iter_mut().for_each(|check| rename_in(&mut check.condition));
            for recorded in &mut table.recorded {
                match history::split_links_name(recorded) {
                    Some((side, join)) => *recorded = format!("{side}{}", self.table(join)),
                    None => rename(recorded),
                }
            }
            table.archive.iter_mut().for_each(rename);
        }
        schema
    }

    /// Renames the quoted columns in a condition, but not what looks like one inside a text.
    fn in_condition(&self, table: &str, sql: &str) -> String {
        let mut out = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some(start) = rest.find(['\'', '"']) {
            let quote = if rest[start..].starts_with('"') { '"' } else { '\'' };
            let Some(length) = rest[start + 1..].find(quote) else { break };
            let end = start + 1 + length;
            out.push_str(&rest[..=start]);
            let inside = &rest[start + 1..end];
            // A doubled quote reads as two neighbouring texts here, which keeps both as they are.
            if quote == '"' {
                out.push_str(&self.column(table, inside));
            } else {
                out.push_str(inside);
            }
            out.push(quote);
            rest = &rest[end + 1..];
        }
        out + rest
    }
}
