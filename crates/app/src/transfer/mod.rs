//! Rows in bulk: out of a collection as CSV or NDJSON, and into one.

mod columns;
mod csv;
mod export;
mod group;
mod import;
mod ndjson;
mod replacing;
mod row;
mod slots;

use expr::Caller;

pub use export::{Export, Times, check, export};
pub use import::{Ended, Failure, Import, Imported, OnError, Source, import};
pub use row::{Row, Rows, Wanted};
pub(crate) use slots::Slots;

/// Who exports or imports.
#[derive(Clone, Debug)]
pub enum By {
    /// A caller, bound by the rules.
    Caller(Caller<'static>),
    /// Whoever has the database at hand: no rule counts, and any stored field may be given.
    Operator,
}

/// The form of rows outside.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV (RFC 4180) with a line of names.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}
