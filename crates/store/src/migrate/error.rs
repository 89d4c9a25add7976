//! Why a migration stops.

use std::fmt::Write as _;

use super::Outcome;
use super::drift::Drifted;

/// Why a migration stopped. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The rows do not fit, or something would be lost.
    #[error("the database was not migrated:{}", list(&outcome.problems))]
    Stopped {
        /// What would have been done, and every reason not to.
        outcome: Box<Outcome>,
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
    /// Another process has begun to fill fields since.
    #[error("another process is filling fields; run the migration again when it has finished")]
    Filling,
    /// The copy for a dry run could not be made.
    #[error("cannot make the copy {}: {source}", path.display())]
    Copy {
        /// Where it was to be.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
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
