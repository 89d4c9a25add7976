//! The rows that an explanation has looked at, and those it still has to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use expr::EntityId;
use model::{FieldKind, Model, Via};
use plan::{Bind, RowsBy};

use super::stored::Stored;

/// Rows of one to-many relation looked at; a rule over more is not explained row by row.
const LIST_ROWS_MAX: usize = 1_000;

/// Rows looked at by one explanation.
const ROWS_MAX: usize = 20_000;

/// The rows known so far. A row that is asked for and not known is noted as wanted.
#[derive(Default)]
pub(super) struct Snapshot {
    rows: HashMap<(EntityId, String), Option<Arc<Stored>>>,
    /// By how the rows are found, and the key by which they are.
    lists: HashMap<(EntityId, Via, String), Vec<Arc<Stored>>>,
    wants: RefCell<Vec<Want>>,
    read: usize,
    /// Whether a bound was met, so that what is known is not all there is.
    pub(super) cut: bool,
}

/// Rows to read: those told by these values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Want {
    pub(super) entity: EntityId,
    pub(super) by: RowsBy,
    pub(super) values: Vec<Bind>,
    /// The to-many relation whose rows are wanted; none for one row by its key.
    list: Option<Via>,
    key: String,
}

impl Want {
    /// One row more than is looked at tells that there are more.
    pub(super) fn limit(&self) -> usize {
        if self.list.is_some() { LIST_ROWS_MAX + 1 } else { 1 }
    }
}

impl Snapshot {
    /// Returns a row by its key.
    pub(super) fn row(&self, model: &Model, entity: EntityId, key: &[Bind]) -> Option<Arc<Stored>> {
        let described = model.entity(entity);
        let text = plan::key_text(described, key);
        if let Some(known) = self.rows.get(&(entity, text.clone())) {
            return known.clone();
        }
        self.want(Want {
            entity,
            by: RowsBy::Columns(described.key_columns.clone()),
            values: key.to_vec(),
            list: None,
            key: text,
        });
        None
    }

    /// Returns the rows that a to-many relation of the row with a key has.
    pub(super) fn rows(
        &self,
        model: &Model,
        (entity, via): (EntityId, Via),
        (parent, key): (EntityId, &[Bind]),
    ) -> Vec<Arc<Stored>> {
        let by = match via {
            Via::Inverse(relation) => match &model.entity(entity).field(relation).kind {
                FieldKind::ToOne(to) => RowsBy::Columns(to.columns.clone()),
                _ => return Vec::new(),
            },
            Via::Join { join, near } => RowsBy::Link(join, near),
        };
        let text = plan::key_text(model.entity(parent), key);
        if let Some(known) = self.lists.get(&(entity, via, text.clone())) {
            return known.clone();
        }
        self.want(Want { entity, by, values: key.to_vec(), list: Some(via), key: text });
        Vec::new()
    }

    fn want(&self, want: Want) {
        let mut wants = self.wants.borrow_mut();
        if !wants.contains(&want) {
            wants.push(want);
        }
    }

    /// Returns what to read next; nothing once a bound is met.
    pub(super) fn next_want(&self) -> Option<Want> {
        if self.cut { None } else { self.wants.borrow_mut().pop() }
    }

    /// Takes the rows that were wanted.
    pub(super) fn keep(&mut self, model: &Model, want: Want, mut found: Vec<Arc<Stored>>) {
        self.read += found.len();
        self.cut |= self.read > ROWS_MAX;
        let Some(via) = want.list else {
            self.rows.insert((want.entity, want.key), found.pop());
            return;
        };
        self.cut |= found.len() > LIST_ROWS_MAX;
        let entity = model.entity(want.entity);
        for row in &found {
            let key = plan::key_text(entity, &row.key(entity));
            self.rows.insert((want.entity, key), Some(Arc::clone(row)));
        }
        self.lists.insert((want.entity, via, want.key), found);
    }
}
