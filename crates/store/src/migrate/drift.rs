//! Notices tables that someone altered by hand since the last migration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use model::schema::{Schema, search_table};
use rusqlite::Connection;

use super::MigrationError;
use super::record::{Recorded, schema_version};

/// What Mainstay itself keeps beside the model's tables begins with this and is no drift.
const OWN_PREFIX: &str = "mainstay_";

/// A table, index or trigger that is not as the last migration left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drifted {
    /// Its kind and name, `table blog_post`.
    pub object: String,
    /// As it was left; none if it was not there.
    pub expected: Option<String>,
    /// As it is; none if it is gone.
    pub found: Option<String>,
}

impl Display for Drifted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                write!(f, "{object} was changed\n    was: {expected}\n    is:  {found}")
            }
            (Some(expected), None) => write!(f, "{object} is gone\n    was: {expected}"),
            (None, found) => {
                write!(f, "{object} was added\n    is:  {}", found.as_deref().unwrap_or_default())
            }
        }
    }
}

/// Compares the tables with what the last migration left.
pub(super) fn verify(connection: &Connection, recorded: &Recorded) -> Result<(), MigrationError> {
    if schema_version(connection)? == recorded.schema_version {
        return Ok(());
    }
    let found = objects(connection, &recorded.schema)?;
    let names: BTreeSet<&String> = recorded.objects.keys().chain(found.keys()).collect();
    let drifted: Vec<Drifted> = names
        .into_iter()
        .filter(|name| recorded.objects.get(*name) != found.get(*name))
        .map(|name| Drifted {
            object: name.clone(),
            expected: recorded.objects.get(name).cloned(),
            found: found.get(name).cloned(),
        })
        .collect();
    if drifted.is_empty() { Ok(()) } else { Err(MigrationError::Drift { objects: drifted }) }
}

/// Reads the model's tables with their indexes and triggers. Tables of others are left alone.
pub(super) fn objects(
    connection: &Connection,
    schema: &Schema,
) -> rusqlite::Result<BTreeMap<String, String>> {
    let tables: BTreeSet<&str> = schema.tables.iter().map(|table| table.name.as_str()).collect();
    let searches: BTreeSet<String> =
        schema.tables.iter().map(|table| search_table(&table.name)).collect();
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut objects = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (kind, name, table): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // Of a full-text index its definition and its triggers count; what SQLite keeps beside it
        // is SQLite's own, and any other trigger of such a name Mainstay's.
        let own = name.starts_with(OWN_PREFIX) && !name.starts_with(&search_table(&table));
        if (tables.contains(table.as_str()) && !own) || searches.contains(&table) {
            objects.insert(format!("{kind} {name}"), row.get(3)?);
        }
    }
    Ok(objects)
}
