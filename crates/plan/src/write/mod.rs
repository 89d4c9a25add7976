//! Writes: one row created, changed or deleted, judged by its rules inside the transaction.

mod archive;
mod audit;
mod build;
mod dependents;
mod links;
mod merge;
mod run;

pub(crate) use archive::own_tree;
pub(crate) use audit::reaches;
pub use build::{build, rules_of};
pub(crate) use dependents::{CASCADE_DEPTH_MAX, detaching};
pub use merge::Shapes;
pub use run::{By, WriteOutput, WriteRun, WriteValues};

use expr::{EntityId, FieldId};
use model::ColumnId;

use crate::encode::Encoder;
use crate::read::SqlText;

/// A write without its values: the key of the plan cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteShape {
    /// What is written.
    pub entity: EntityId,
    /// How.
    pub kind: WriteKind,
    /// The columns that are set, in the order of their values.
    pub columns: Vec<ColumnId>,
    /// The fields the client sent; field rules judge them, and references among them must be readable.
    pub sent: Vec<FieldId>,
    /// The relation to a row that the same transaction has written, which need not be looked for.
    pub parent: Option<FieldId>,
    /// The fields set to their defaults because a replacement left them out. Where the caller may not
    /// read or write one of the row's, it stays.
    pub reset: Vec<FieldId>,
    /// The columns of JSON into which what was sent is merged (RFC 7396), instead of replacing it.
    pub merged: Vec<ColumnId>,
    /// The many-to-many relations that are set, in the order of their values.
    pub linked: Vec<FieldId>,
    /// Whether the row is read as it was: its hash is compared (`If-Match`), or it is shown (a
    /// deleted row).
    pub encoded_before: bool,
}

/// The kinds of writes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum WriteKind {
    /// A new row.
    Create,
    /// Some columns of a row.
    Update,
    /// A row is removed.
    Delete,
    /// A row is hidden; the one column that is set is the time.
    Archive,
    /// An archived row comes back; the one column that is set is null.
    Restore,
}

/// A write compiled for one shape and one kind of caller.
#[derive(Debug)]
pub struct WritePlan {
    /// How.
    pub kind: WriteKind,
    /// Says who writes, where rows with a history may be written (`@audit`).
    pub write_by: Option<SqlText>,
    /// Reads the row as it is: may the caller see it, change it, and is it what they believe?
    pub before: Option<Look>,
    /// Each finds the target of a reference.
    pub references: Vec<Reference>,
    /// Each finds a row elsewhere that keeps this one from being deleted.
    pub restricted: Vec<Restriction>,
    /// What follows from a deletion in other modules, or from archiving and restoring.
    pub consequences: Vec<SqlText>,
    /// The write; `None` where nothing is to be set.
    pub statement: Option<SqlText>,
    /// How many columns the statement returns as the key, where the database makes it.
    pub returns_key: usize,
    /// What each many-to-many relation that is set takes.
    pub links: Vec<Links>,
    /// Reads the row as it has become.
    pub after: Option<Look>,
}

/// A statement that reads the row being written.
#[derive(Debug)]
pub struct Look {
    /// The statement, by key.
    pub statement: SqlText,
    /// The column that says whether the caller may see the row; `None` where always.
    pub visible: Option<usize>,
    /// The column that says whether the caller may write it; `None` where always.
    pub allowed: Option<usize>,
    /// The columns that say whether the caller may send a field.
    pub fields: Vec<(FieldId, usize)>,
    /// What the row decides of the values to be written.
    pub adjustments: Vec<Adjustment>,
    /// The row as its reader may see it.
    pub encoder: Encoder,
}

/// A value to be written that depends on the row as it was.
#[derive(Debug)]
pub enum Adjustment {
    /// What was sent is merged into the stored JSON.
    Merge {
        /// The place of the value.
        input: u16,
        /// The column of the stored JSON.
        column: usize,
        /// The field.
        field: FieldId,
        /// What it is to be then, where it is of a nested type.
        shapes: Option<Shapes>,
        /// The column that says whether the caller may read the field; `None` where always. What a
        /// document misses when it is merged would tell what is stored.
        readable: Option<usize>,
    },
    /// A field that was left out stays as it is, unless the caller may read and write it.
    Keep {
        /// The columns that must all be true for it to be set.
        allowed: Vec<usize>,
        /// The places of the values, with the columns of the stored ones.
        values: Vec<(u16, usize)>,
    },
}

/// A reference that a write sets.
#[derive(Debug)]
pub struct Reference {
    /// The relation.
    pub field: FieldId,
    /// Finds the target, where the caller may see it.
    pub statement: SqlText,
    /// The places of the key's columns among the written values.
    pub inputs: Vec<u16>,
}

/// A many-to-many relation that a write sets.
#[derive(Debug)]
pub struct Links {
    /// The relation.
    pub field: FieldId,
    /// Finds a row that is to be linked, and is not there or not for the caller to see.
    pub missing: SqlText,
    /// Removes and adds links, once the row is written. Links to rows that the caller does not see
    /// stay.
    pub statements: Vec<SqlText>,
}

/// A relation of another module that keeps a row from being deleted.
#[derive(Debug)]
pub struct Restriction {
    /// The entity whose rows point here.
    pub entity: EntityId,
    /// Finds one.
    pub statement: SqlText,
}
