//! The history of a row (`@audit`): who changed what, and when.
//!
//! First the row is judged, as it is or, where it is gone, as it was last known; then a page of
//! entries is read, and which of the linked rows in them the caller may see.

mod build;
mod entry;
mod prune;
mod run;

pub use build::{build, rules_of};
pub use prune::Prune;
pub use run::{HistoryOutput, HistoryRun, HistoryValues};

use expr::{CompareOp, EntityId, FieldId};
use model::Entity;
use model::schema::history;

use crate::dialect::Dialect;
use crate::encode::Show;
use crate::read::{Cursor, CursorError, SqlText};

/// What cursors of histories carry instead of the hash of an order; they have but one.
const ORDER: u32 = 0x6869_7374;

/// A request for a history without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryShape {
    /// Whose rows.
    pub entity: EntityId,
    /// Which page.
    pub page: HistoryPage,
    /// What entries must satisfy, in the order of the values.
    pub filters: Vec<HistoryFilter>,
}

/// Which page of a history is wanted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HistoryPage {
    /// The newest entries.
    First,
    /// Those older than the cursor's.
    After,
    /// Those newer.
    Before,
}

/// What an entry must satisfy.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HistoryFilter {
    /// When it was written.
    At(CompareOp),
    /// What was done.
    Operation,
    /// Whose it is.
    By,
}

/// A history compiled for one shape and one kind of caller.
#[derive(Debug)]
pub struct HistoryPlan {
    /// Judges the row as it is.
    here: Judgement,
    /// Judges a deleted row as it was last known.
    gone: Judgement,
    /// Reads the entries: those older, or those newer.
    entries: SqlText,
    reversed: bool,
    /// What may be shown of an entry, in the order of the fields.
    members: Vec<Member>,
}

/// A statement that tells whether a caller may read a row's history, and what of it.
#[derive(Debug)]
struct Judgement {
    statement: SqlText,
    /// The columns that say so: all must hold.
    readable: Option<usize>,
    may: Option<usize>,
    /// The column that says whether the row is archived.
    archived: Option<usize>,
    /// The column that says whether the caller may read the history of a row that is gone.
    may_gone: Option<usize>,
    /// For each member, the column that says whether it may be read.
    fields: Vec<Option<usize>>,
}

/// A member of an entry's changes.
#[derive(Debug)]
struct Member {
    /// Its name in the stored changes.
    name: String,
    /// Its name in the answer.
    shown: String,
    kind: MemberKind,
}

#[derive(Debug)]
enum MemberKind {
    /// An old value and a new one.
    Value {
        /// Whether it is a key of several parts.
        composite: bool,
    },
    /// Rows that were linked and unlinked.
    Links {
        /// Finds those that the caller may see.
        visible: SqlText,
        /// How the parts of their keys are shown.
        key: Vec<Show>,
    },
}

/// Reads a cursor of a history.
///
/// # Errors
/// When it is not one.
pub fn cursor_number(cursor: &Cursor) -> Result<i64, CursorError> {
    match cursor.binds(ORDER, &[Show::Int])?.as_slice() {
        [crate::Bind::Int(number)] => Ok(*number),
        _ => Err(CursorError::Damaged),
    }
}

/// A member of the model that a history shows, with the rule on it.
type Guarded = (Member, Option<FieldId>);

/// Writes that two entries are of the same row.
fn same_row(dialect: Dialect, entity: &Entity, one: &str, two: &str) -> String {
    let keys = (0..entity.key_columns.len()).map(history::key_column);
    let same = keys.map(|key| dialect.quote(&key)).map(|key| format!("{one}.{key} = {two}.{key}"));
    same.collect::<Vec<_>>().join(" AND ")
}

/// Writes whether the row of the entry `h` has a newer one (`>`) or an older one (`<`) of which `more`
/// holds: it is `n` there.
fn other(dialect: Dialect, entity: &Entity, sign: &str, more: &str) -> String {
    let number = dialect.quote(history::NUMBER);
    format!(
        "EXISTS (SELECT 1 FROM {} AS n WHERE {} AND n.{number} {sign} h.{number}{more})",
        dialect.quote(&history::table_name(&entity.table)),
        same_row(dialect, entity, "n", "h"),
    )
}
