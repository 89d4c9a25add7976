//! Violated constraints, in the words of `plan`.

use std::sync::{PoisonError, RwLock};

use plan::Constraint;
use rustc_hash::FxHashMap;
use tokio_postgres::error::{DbError, SqlState};

use super::connection::Connection;
use crate::error::Error;

/// The columns of a unique index, as SQLite names them.
const COLUMNS: &str = "SELECT string_agg(t.relname || '.' || a.attname, ', ' ORDER BY k.place)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_class AS t ON t.oid = i.indrelid
CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE n.nspname = $1 AND c.relname = $2";

/// A constraint that a statement violated.
#[derive(Debug)]
pub(super) enum Violated {
    /// A unique index by its schema and name; the server does not tell its columns.
    Unique(String, String),
    /// One that is known.
    Known(Constraint),
}

/// Reads a failure; none where it is no constraint's.
pub(super) fn of(error: &tokio_postgres::Error) -> Option<Violated> {
    let error = error.as_db_error()?;
    let named = |name: fn(&DbError) -> Option<&str>| name(error).unwrap_or_default().to_owned();
    Some(match *error.code() {
        SqlState::UNIQUE_VIOLATION => {
            Violated::Unique(named(DbError::schema), named(DbError::constraint))
        }
        SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => {
            Violated::Known(Constraint::ForeignKey)
        }
        SqlState::CHECK_VIOLATION => Violated::Known(Constraint::Check(named(DbError::constraint))),
        SqlState::NOT_NULL_VIOLATION => {
            let column = format!("{}.{}", named(DbError::table), named(DbError::column));
            Violated::Known(Constraint::NotNull(column))
        }
        _ => return None,
    })
}

/// The columns of unique indexes that were violated before. An index that is made anew with other
/// columns has another name.
#[derive(Default)]
pub(super) struct UniqueKeys(RwLock<FxHashMap<(String, String), String>>);

impl UniqueKeys {
    /// Names what was violated. It is asked over a connection whose transaction has not failed.
    pub(super) async fn name(
        &self,
        violated: Violated,
        connection: &Connection,
    ) -> Result<Constraint, Error> {
        let (schema, index) = match violated {
            Violated::Known(constraint) => return Ok(constraint),
            Violated::Unique(schema, index) => (schema, index),
        };
        let key = (schema, index);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(columns) = known {
            return Ok(Constraint::Unique(columns));
        }
        let columns = connection.text(COLUMNS, &[&key.0, &key.1]).await?.unwrap_or_default();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, columns.clone());
        Ok(Constraint::Unique(columns))
    }
}
