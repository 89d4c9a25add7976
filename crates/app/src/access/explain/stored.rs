//! A row as it is stored, with its values as expressions see them.

use expr::{Date, EntityId, FieldId, Timestamp, Value, ops};
use model::{ColumnId, ColumnType, Entity, FieldKind, Model, Relation};
use plan::{Bind, Cell};
use serde_json::Value as Json;

use crate::input::scalar_from_json;

/// A row: a value for each column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) entity: EntityId,
    pub(super) columns: Vec<Value>,
}

impl Stored {
    /// A row that nothing is known of.
    pub(super) fn blank(entity: &Entity) -> Self {
        Self { entity: entity.id, columns: vec![Value::Null; entity.columns.len()] }
    }

    /// Reads a result row of `plan::rows_where`.
    pub(super) fn read<R: plan::Row>(model: &Model, entity: EntityId, row: &R) -> Self {
        let of = model.entity(entity);
        let columns = (0..of.columns.len())
            .map(|column| value(model, of, ColumnId(column as u32), row.cell(column)))
            .collect();
        Self { entity, columns }
    }

    /// Returns the row with some columns set.
    pub(super) fn with(&self, model: &Model, set: &[(ColumnId, Bind)]) -> Self {
        let entity = model.entity(self.entity);
        let mut changed = self.clone();
        for (column, bind) in set {
            let cell = match bind {
                Bind::Null => Cell::Null,
                Bind::Int(number) => Cell::Int(*number),
                Bind::Real(number) => Cell::Real(*number),
                Bind::Text(text) => Cell::Text(text),
                Bind::Blob(bytes) => Cell::Blob(bytes),
            };
            changed.columns[column.0 as usize] = value(model, entity, *column, cell);
        }
        changed
    }

    pub(super) fn column(&self, column: ColumnId) -> &Value {
        &self.columns[column.0 as usize]
    }

    /// Says whether it is archived, and so no row to others.
    pub(super) fn is_archived(&self, entity: &Entity) -> bool {
        let archive = entity.archive.as_ref();
        archive.is_some_and(|archive| *self.column(archive.column) != Value::Null)
    }

    /// Returns a stored scalar or list; null for a field of another kind.
    pub(super) fn field(&self, entity: &Entity, field: FieldId) -> Value {
        match &entity.field(field).kind {
            FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => {
                self.column(*column).clone()
            }
            _ => Value::Null,
        }
    }

    /// Returns its own key.
    pub(super) fn key(&self, entity: &Entity) -> Vec<Bind> {
        entity.key_columns.iter().map(|column| plan::bind(self.column(*column).clone())).collect()
    }

    /// Returns the key of a relation's target; none where the relation is null.
    pub(super) fn target(&self, relation: &Relation) -> Option<Vec<Bind>> {
        let parts = relation.columns.iter().map(|column| self.column(*column));
        parts.map(|part| (*part != Value::Null).then(|| plan::bind(part.clone()))).collect()
    }
}

/// Reads a cell by its column's type. What does not fit it is null, as it is to SQL's functions.
fn value(model: &Model, entity: &Entity, column: ColumnId, cell: Cell<'_>) -> Value {
    let described = entity.column(column);
    let found = match (described.ty, cell) {
        (_, Cell::Null) => None,
        (ColumnType::Uuid, Cell::Blob(bytes)) => {
            uuid::Uuid::from_slice(bytes).ok().map(Value::Uuid)
        }
        (ColumnType::Text, Cell::Text(text)) => Some(Value::Text(text.to_owned())),
        (ColumnType::Int | ColumnType::BigInt, Cell::Int(number)) => Some(Value::Int(number)),
        (ColumnType::Float, Cell::Real(number)) => Some(Value::Float(number)),
        (ColumnType::Float, Cell::Int(number)) => Some(Value::Float(number as f64)),
        (ColumnType::Decimal, Cell::Text(text)) => ops::parse_decimal(text).map(Value::Decimal),
        (ColumnType::Boolean, Cell::Int(truth)) => Some(Value::Bool(truth != 0)),
        (ColumnType::Timestamp, Cell::Int(time)) => Some(Value::Timestamp(Timestamp(time))),
        (ColumnType::Date, Cell::Text(text)) => {
            ops::parse_date(text).map(|Date(day)| Value::Date(Date(day)))
        }
        (ColumnType::Json, Cell::Text(text)) => {
            serde_json::from_str::<Json>(text).ok().map(|json| Value::Json(json.into()))
        }
        (ColumnType::List, Cell::Text(text)) => list(model, entity, described.field, text),
        _ => None,
    };
    found.unwrap_or(Value::Null)
}

fn list(model: &Model, entity: &Entity, field: FieldId, text: &str) -> Option<Value> {
    let FieldKind::List { scalar, .. } = &entity.field(field).kind else { return None };
    let items: Vec<Json> = serde_json::from_str(text).ok()?;
    let values = items.iter().map(|item| scalar_from_json(model, *scalar, item));
    values.collect::<Result<_, _>>().ok().map(Value::List)
}
