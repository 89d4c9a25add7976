//! What a plan and a store say to each other.
//!
//! A `Program` is a small state machine without I/O: the store asks it for the next statement, runs
//! it on whichever database it drives, and feeds back the rows. The same program runs in place on
//! SQLite, on a scan thread, on its writer, or over a connection to PostgreSQL.

use std::sync::Arc;

/// A value bound to a statement, in the store's terms.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// NULL
    Null,
    /// Integers, booleans (0 and 1) and timestamps (microseconds).
    Int(i64),
    /// Doubles.
    Real(f64),
    /// Text, decimals (canonical), dates (`2026-11-24`), JSON and lists.
    Text(String),
    /// UUIDs.
    Blob(smallvec::SmallVec<[u8; 16]>),
}

/// A value of a result row, borrowed from the database.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// NULL
    Null,
    /// See `Bind`.
    Int(i64),
    /// See `Bind`.
    Real(f64),
    /// See `Bind`.
    Text(&'a str),
    /// See `Bind`.
    Blob(&'a [u8]),
}

impl Cell<'_> {
    /// Copies the value, to be bound to another statement.
    pub fn to_bind(self) -> Bind {
        match self {
            Self::Null => Bind::Null,
            Self::Int(number) => Bind::Int(number),
            Self::Real(number) => Bind::Real(number),
            Self::Text(text) => Bind::Text(text.to_owned()),
            Self::Blob(bytes) => Bind::Blob(bytes.into()),
        }
    }
}

/// A result row.
pub trait Row {
    /// Returns the value of a column, counted from 0.
    fn cell(&self, column: usize) -> Cell<'_>;
}

/// A statement a program wants to be run next.
#[derive(Debug)]
pub struct Statement<'p> {
    /// The SQL text. Stores keep the prepared statement by this text.
    pub sql: &'p Arc<str>,
    /// One value for each of `?1`, `?2`, …
    pub binds: &'p [Bind],
}

/// A violated constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// A unique index or primary key: `table.column, table.column`.
    Unique(String),
    /// A foreign key; SQLite does not say which.
    ForeignKey,
    /// A named check.
    Check(String),
    /// A NOT NULL column: `table.column`.
    NotNull(String),
}

/// A conversation with the database inside one transaction.
pub trait Program: Send + 'static {
    /// What it comes to.
    type Output: Send + 'static;

    /// Returns the next statement, or `None` when it is done. Called again only after all rows of
    /// the statement before were fed.
    fn next(&mut self) -> Option<Statement<'_>>;

    /// Takes one row of the current statement.
    fn row<R: Row>(&mut self, row: &R);

    /// Takes the news that the current statement violated a constraint. The transaction can only be
    /// undone then: `next` is called once more and returns no statement, and the verdict is
    /// `Verdict::Rollback`.
    fn refused(&mut self, constraint: Constraint);

    /// Returns to the state before the first statement: the store runs the program again, elsewhere.
    fn restart(&mut self);

    /// Says how the transaction is to end, when there is no statement any more. Where it ran as a read,
    /// there is nothing to keep or to undo.
    fn verdict(&self) -> Verdict;

    /// Hands over the output, when the transaction has ended.
    fn finish(self) -> Self::Output;
}

/// How a program's transaction ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep the changes.
    Commit,
    /// Undo the changes; the output says why.
    Rollback,
}
