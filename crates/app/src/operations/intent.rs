//! What a write is to do, before its plan is found.

use expr::{Caller, EntityId, FieldId, Value};
use model::{ColumnId, Entity, FieldKind, Scalar};
use plan::Bind;
use plan::write::WriteKind;

use super::write::Precondition;
use crate::application::App;
use crate::input::Written;

/// One write.
pub(super) struct Intent {
    pub(super) kind: WriteKind,
    pub(super) entity: EntityId,
    pub(super) key: Vec<Bind>,
    pub(super) input: Written,
    /// The hashes of which the row must have one.
    pub(super) hashes: Option<Vec<u64>>,
    /// The columns into which objects are merged.
    pub(super) merged: Vec<ColumnId>,
    /// Whether a deleted row is returned.
    pub(super) returned: bool,
    /// The relation to the row that this one is nested in.
    pub(super) parent: Option<FieldId>,
    /// The lists of rows nested in it.
    pub(super) lists: Vec<FieldId>,
}

impl Intent {
    pub(super) fn new(kind: WriteKind, entity: EntityId, key: Vec<Bind>, input: Written) -> Self {
        Self {
            kind,
            entity,
            key,
            input,
            hashes: None,
            merged: Vec::new(),
            returned: false,
            parent: None,
            lists: Vec::new(),
        }
    }

    /// Deletes a row, or archives it.
    pub(super) fn delete(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        precondition: Precondition,
    ) -> Self {
        let mut intent = match &app.model.entity(entity).archive {
            None => Self::new(WriteKind::Delete, entity, key, Written::default()),
            Some(archive) => {
                let now = plan::bind(Value::Timestamp(caller.now));
                let columns = vec![(archive.column, now)];
                let input = Written { columns, ..Written::default() };
                Self::new(WriteKind::Archive, entity, key, input)
            }
        };
        intent.hashes = precondition.hashes();
        intent
    }

    /// Merges the objects that are sent into the stored ones.
    pub(super) fn merge_objects(&mut self, entity: &Entity) {
        for (field, value) in &self.input.sent {
            if let FieldKind::Scalar { scalar: Scalar::Json | Scalar::Document(_), column } =
                &entity.field(*field).kind
                && let Value::Json(json) = value
                && json.is_object()
            {
                self.merged.push(*column);
            }
        }
    }
}
