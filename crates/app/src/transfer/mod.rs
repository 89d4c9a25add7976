//! Rows in bulk: out of a collection as CSV or NDJSON, and into one.

mod columns;
mod csv;
mod export;
mod group;
mod import;
mod ndjson;
mod row;
mod slots;

pub use export::{Export, check, export};
pub use import::{By, Ended, Failure, Import, Imported, OnError, Source, import};
pub use row::Wanted;
pub(crate) use slots::Slots;

/// The form of rows outside.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV (RFC 4180) with a line of names.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}
