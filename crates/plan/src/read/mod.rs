//! Reads: one row or a page of rows, with embedded relations.

mod build;
mod cursor;
mod error;
pub(crate) mod hidden;
mod members;
mod page;
mod run;
mod search;
mod shape;
mod stream;

pub(crate) use build::{add_touched, where_clause};
pub use build::{build, rules_of, target_of};
pub use cursor::{Cursor, CursorError};
pub use error::{JOINS_MAX, PlanError};
pub(crate) use members::{Columns, Members, key_show, show};
pub(crate) use page::{SortTerm, keyset, order_by};
pub use run::{Frame, Page, ReadOutput, ReadRun, ReadValues, RowBody, Total};
pub(crate) use search::Searched;
pub use shape::{
    Archived, Count, Expand, ExpandAfter, Order, PageShape, SearchShape, Selection, Shape, Target,
};
pub use stream::{Lines, Outlet, STREAM_PIECE_BYTES, StreamRun};

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::binds::BindSource;
use crate::encode::{Encoder, Show};

/// A read compiled for one shape and one kind of caller.
#[derive(Debug)]
pub struct ReadPlan {
    /// The root's statement first, then one for each relation that is read by a statement of its own.
    pub levels: Vec<Level>,
    /// The statement that counts the rows of the list, and up to how many it does.
    pub count: Option<(SqlText, Option<u32>)>,
    /// Whether it reads one row or a page.
    pub target: Target,
    /// Whether rows arrive in reverse, as for the page before a cursor.
    pub reversed: bool,
    /// Whether rows come by how well they fit a search, so that cursors are offsets.
    pub ranked: bool,
    /// The hash of the order, which cursors carry.
    pub order_hash: u32,
    /// The cursors of embedded lists, in the order in which their values are bound.
    pub expand_cursors: Vec<ExpandCursor>,
    /// The size of the last answer, so that the next one's buffer need not grow.
    pub last_bytes: AtomicUsize,
}

impl ReadPlan {
    /// Whether one statement reads all of it.
    pub fn is_flat(&self) -> bool {
        self.levels.len() == 1
    }
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
    /// The columns of the order, for cursors.
    pub order: Vec<(usize, Show)>,
}

/// The parent of a level.
#[derive(Debug, Clone)]
pub struct Parent {
    /// The parent's place in `ReadPlan::levels`.
    pub level: usize,
    /// The list that is embedded; `None` for one row or null.
    pub list: Option<List>,
}

/// An embedded list.
#[derive(Debug, Clone)]
pub struct List {
    /// Its rows at most. One more is read, to see whether there is more.
    pub limit: u32,
    /// `"reviewsNext":`
    pub next_key: Box<[u8]>,
    /// The hash of its order, which cursors carry.
    pub order_hash: u32,
}

/// What a cursor of an embedded list must fit.
#[derive(Debug, Clone)]
pub struct ExpandCursor {
    /// The cursor's place among those of the request's embedded lists.
    pub cursor: usize,
    /// The hash of the order.
    pub order_hash: u32,
    /// How its values are shown.
    pub shows: Vec<Show>,
}
