//! Rows in bulk: out of a collection as CSV or NDJSON.

mod export;
mod slots;

pub use export::{Export, Format, check, export};
pub(crate) use slots::Slots;
