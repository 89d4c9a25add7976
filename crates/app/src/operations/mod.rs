//! The operations that every door calls: list, get, aggregate, create, put, update, delete, and
//! batches of them.

mod batch;
mod find;
mod forest;
mod history;
mod intent;
mod judge;
mod matching;
mod plans;
mod prepared;
mod put;
mod read;
mod together;
mod trusted;
mod write;

pub use batch::{Action, Batch, BatchRun, Failure, Failures, Key, Operation, Outcome, Place};
pub use forest::WriteRows;
pub use history::history;
pub use judge::JudgedRun;
pub use matching::{Change, ChangeMatching};
pub(crate) use plans::Plans;
pub use prepared::Prepared;
pub(crate) use put::PutSteps;
pub use put::{Put, PutWrite};
pub(crate) use read::{Read, page_of};
pub use read::{aggregate, get, list, may_read_some};
pub use together::Many;
pub(crate) use together::{Rows, TogetherSteps};
pub(crate) use trusted::TrustedPlans;
pub(crate) use write::may_create;
pub use write::{Objects, Patch, Precondition, Saved, Write};
