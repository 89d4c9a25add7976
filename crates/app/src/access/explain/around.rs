//! What a rule sees of the rows of the database.

use std::sync::Arc;

use expr::{Caller, Env, FieldId, Nulls, Prepared, Timestamp, Value};
use model::{FieldKind, Model, Via};
use plan::Bind;

use super::snapshot::Snapshot;
use super::stored::Stored;

/// A row, its caller, and the rows around it.
#[derive(Clone)]
pub(super) struct Around<'a> {
    pub(super) model: &'a Model,
    pub(super) caller: &'a Caller<'a>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) row: Arc<Stored>,
    /// The row as it would become, which stands in for the one in the database.
    pub(super) changed: Option<Arc<Stored>>,
    pub(super) atoms: Vec<Value>,
}

impl Around<'_> {
    /// The same surroundings from another row.
    pub(super) fn from(&self, row: Arc<Stored>) -> Self {
        Self { row, atoms: Vec::new(), ..self.clone() }
    }

    fn evaluate(&self, row: &Arc<Stored>, expr: &Prepared) -> Value {
        let around = self.from(Arc::clone(row));
        let atoms = expr.atom_values(&around).to_vec();
        expr::evaluate(&expr.tree, &Around { atoms, ..around }, Nulls::False)
    }

    /// The row as it would become, where this is its key.
    fn changed(&self, entity: expr::EntityId, key: &[Bind]) -> Option<&Arc<Stored>> {
        let changed = self.changed.as_ref().filter(|row| row.entity == entity)?;
        (changed.key(self.model.entity(entity)) == key).then_some(changed)
    }
}

impl Env for Around<'_> {
    type Row = Arc<Stored>;

    fn now(&self) -> Timestamp {
        self.caller.now
    }

    fn user(&self) -> Option<Arc<serde_json::Value>> {
        self.caller.user.clone()
    }

    fn input(&self, field: FieldId) -> Option<Value> {
        self.caller.input(field)
    }

    fn atom(&self, index: u16) -> Value {
        self.atoms.get(usize::from(index)).cloned().unwrap_or(Value::Null)
    }

    fn row(&self) -> Option<Arc<Stored>> {
        Some(Arc::clone(&self.row))
    }

    fn field(&self, row: &Arc<Stored>, field: FieldId) -> Value {
        let entity = self.model.entity(row.entity);
        match &entity.field(field).kind {
            FieldKind::Computed { expr, .. } => self.evaluate(row, &expr.expr),
            _ => row.field(entity, field),
        }
    }

    fn hop(&self, row: &Arc<Stored>, field: FieldId) -> Option<Arc<Stored>> {
        let FieldKind::ToOne(relation) = &self.model.entity(row.entity).field(field).kind else {
            return None;
        };
        let key = row.target(relation)?;
        let found = match self.changed(relation.target, &key) {
            Some(changed) => Some(Arc::clone(changed)),
            None => self.snapshot.row(self.model, relation.target, &key),
        };
        found.filter(|row| !row.is_archived(self.model.entity(relation.target)))
    }

    fn ref_key(&self, row: &Arc<Stored>, field: FieldId) -> Value {
        let FieldKind::ToOne(relation) = &self.model.entity(row.entity).field(field).kind else {
            return Value::Null;
        };
        match (relation.columns.as_slice(), row.target(relation)) {
            (_, None) => Value::Null,
            ([column], Some(_)) => row.column(*column).clone(),
            (_, Some(_)) => Value::Bool(true),
        }
    }

    fn rows(&self, row: &Arc<Stored>, field: FieldId) -> Vec<Arc<Stored>> {
        let own = self.model.entity(row.entity);
        let FieldKind::ToMany { target, via } = own.field(field).kind else {
            return Vec::new();
        };
        let key = row.key(own);
        let mut rows = self.snapshot.rows(self.model, (target, via), (row.entity, &key));
        rows.retain(|row| !row.is_archived(self.model.entity(target)));
        let Via::Inverse(inverse) = via else {
            let target = self.model.entity(target);
            let changed = |row: &Arc<Stored>| self.changed(target.id, &row.key(target));
            return rows.iter().map(|row| Arc::clone(changed(row).unwrap_or(row))).collect();
        };
        if let Some(changed) = self.changed.as_ref().filter(|row| row.entity == target) {
            let entity = self.model.entity(target);
            let itself = changed.key(entity);
            rows.retain(|row| row.key(entity) != itself);
            if let FieldKind::ToOne(relation) = &entity.field(inverse).kind
                && changed.target(relation).as_ref() == Some(&key)
            {
                rows.push(Arc::clone(changed));
            }
        }
        rows
    }
}
