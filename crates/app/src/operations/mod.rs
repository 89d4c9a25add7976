//! The operations that every door calls: list, get, create, update, delete, and batches of them.

mod batch;
mod find;
mod plans;
mod put;
mod read;
mod write;

pub use batch::{Action, Batch, BatchRun, Failure, Key, Operation, Outcome};
pub(crate) use plans::Plans;
pub use put::{Put, put};
pub use read::{get, list, may_read_some};
pub(crate) use write::may_create;
pub use write::{Objects, Patch, Precondition, Saved, create, delete, delete_returning, update};
