//! Tests of access rules, written in the application folder: rows, callers, and what they can do.
//!
//! They run on a fresh database through the same operations as every door.

mod attempt;
mod file;
mod fixtures;
mod run;

pub use file::{FILE_BYTES_MAX, TestFile, TestFileError};
pub use run::{Outcome, RunError, run};
