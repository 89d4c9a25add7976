//! Reads: one row or a page of rows, with embedded relations.

mod build;
mod cursor;
pub(crate) mod hidden;
mod members;
mod page;
mod run;
mod shape;

pub(crate) use build::{add_touched, where_clause};
pub use build::{build, rules_of, target_of};
pub use cursor::{Cursor, CursorError};
pub use hidden::PlanError;
pub(crate) use members::{Columns, Members, key_show, show};
pub(crate) use page::{SortTerm, keyset, order_by};
pub use run::{Page, ReadOutput, ReadRun, ReadValues, RowBody};
pub use shape::{Expand, Order, PageShape, Selection, Shape, Target};

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::binds::BindSource;
use crate::encode::{Encoder, Show};

/// A read compiled for one shape and one kind of caller.
#[derive(Debug)]
pub struct ReadPlan {
    /// The root's statement first, then one for each relation that is read by a statement of its own.
    pub levels: Vec<Level>,
    /// The statement that counts all rows of the list, bounded by nothing but the filter.
    pub count: Option<SqlText>,
    /// Whether it reads one row or a page.
    pub target: Target,
    /// Whether rows arrive in reverse, as for the page before a cursor.
    pub reversed: bool,
    /// The hash of the order, which cursors carry.
    pub order_hash: u32,
    /// The size of the last answer, so that the next one's buffer need not grow.
    pub last_bytes: AtomicUsize,
}

/// A statement with the sources of its binds.
#[derive(Debug, Clone)]
pub struct SqlText {
    /// The text.
    pub sql: Arc<str>,
    /// One for each placeholder.
    pub binds: Vec<BindSource>,
}

/// A statement and how its rows are shown.
#[derive(Debug)]
pub struct Level {
    /// The statement. Below the root its first column is the parent's place in the list of keys.
    pub statement: SqlText,
    /// How a row is written.
    pub encoder: Encoder,
    /// Where its rows belong; `None` for the root.
    pub parent: Option<Parent>,
    /// The columns of the order, for cursors; of the root only.
    pub order: Vec<(usize, Show)>,
}

/// The parent of a level.
#[derive(Debug, Clone, Copy)]
pub struct Parent {
    /// The parent's place in `ReadPlan::levels`.
    pub level: usize,
    /// Whether a list is embedded, or one row or null.
    pub many: bool,
}
