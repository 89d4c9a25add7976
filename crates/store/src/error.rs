//! Why the store fails.

/// A failure of the database, as opposed to a refusal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A queue is full.
    #[error("the database is overloaded")]
    Overloaded,
    /// A read took too long.
    #[error("the query took too long")]
    Timeout,
    /// Another process holds the database.
    #[error("another process holds the database")]
    Busy,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// The disk is full or broken.
    #[error("the database's storage failed: {0}")]
    Storage(String),
    /// A bug in a statement or a program.
    #[error("the database refused a statement")]
    Database(#[from] rusqlite::Error),
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unavailable,
    /// A bug in a statement or a program, as PostgreSQL tells it.
    #[error("the database refused a statement: {0}")]
    Statement(String),
    /// A program panicked.
    #[error("a write panicked")]
    Panicked,
}
