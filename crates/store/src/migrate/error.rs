//! Why a migration stops.

use std::fmt::Write as _;

use super::drift::Drifted;
use super::problem::Problem;

/// Why a migration stopped. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The rows do not fit, or something would be lost.
    #[error("the database was not migrated:{}", list(problems))]
    Stopped {
        /// The steps and their SQL.
        plan: String,
        /// Every reason.
        problems: Vec<Problem>,
    },
    /// The tables were altered by other means.
    #[error(
        "the tables are not as the last migration left them:{}\n\nPut them back by hand, so that the model and the database agree; then `mainstay migrate --plan` shows what is left to do.",
        list(objects)
    )]
    Drift {
        /// What differs.
        objects: Vec<Drifted>,
    },
    /// A later release wrote what this one cannot read.
    #[error(
        "the last migration was run by Mainstay {version}, and this release cannot read its record; start that release or a later one"
    )]
    Unreadable {
        /// The release that ran it.
        version: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A statement of the migration failed.
    #[error("the database refused a statement of the migration: {source}\n    {sql}")]
    Statement {
        /// The statement.
        sql: String,
        /// Why.
        source: rusqlite::Error,
    },
    /// The rows refer to rows that are not there, which the checks did not foresee.
    #[error("the migration would leave rows that refer to missing ones:{}", list(references))]
    Dangling {
        /// `table → target: n rows`
        references: Vec<String>,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    let mut out = String::new();
    for item in items {
        write!(out, "\n\n  {}", item.to_string().replace('\n', "\n  ")).expect("text takes text");
    }
    out
}
