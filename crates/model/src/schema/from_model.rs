//! Derives the schema from a checked model.

use expr::{EntityId, Kind, Prepared};

use super::{Check, Column, Fill, ForeignKey, Index, IndexColumn, Schema, Search, Table, history};
use crate::entity::{Entity, Model};
use crate::field::{ColumnId, ColumnType, Default, Field, FieldKind, OnDelete, Role, Scalar};
use crate::join::{Join, JoinColumn, JoinSide};
use crate::load::constraint_name;

/// What a condition on an entity's own columns is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A `CHECK`, which a row passes unless the condition is false.
    Check,
    /// A partial index, which holds the rows for which the condition is true.
    IndexFilter,
}

/// Writes a condition on an entity's own columns as SQL.
type WriteCondition<'a> = &'a dyn Fn(EntityId, &Prepared, Purpose) -> String;

impl Schema {
    /// Derives the schema of a model. `condition` writes its conditions as SQL.
    pub fn of(model: &Model, condition: WriteCondition<'_>) -> Self {
        let mut tables: Vec<Table> =
            model.entities.iter().map(|entity| table(model, entity, condition)).collect();
        tables.extend(model.joins.iter().map(|join| join_table(model, join)));
        tables.extend(model.entities.iter().filter_map(history::table));
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Self { tables }
    }
}

fn table(model: &Model, entity: &Entity, condition: WriteCondition<'_>) -> Table {
    let name = |id: ColumnId| entity.column(id).name.clone();
    let indexes = entity.indexes.iter().map(|index| Index {
        name: index.name.clone(),
        columns: index
            .columns
            .iter()
            .map(|part| IndexColumn { name: name(part.column), descending: part.descending })
            .collect(),
        unique: index.unique,
        filter: index_filter(entity, index, condition),
    });
    let checks = entity.checks.iter().map(|check| Check {
        name: check.name.clone(),
        condition: condition(entity.id, &check.rule.expr, Purpose::Check),
    });
    Table {
        name: entity.table.clone(),
        was: entity.was_table.iter().cloned().collect(),
        columns: entity.columns.iter().map(|found| column(model, entity, found)).collect(),
        key: entity.key_columns.iter().map(|id| name(*id)).collect(),
        identity: entity.identity,
        foreign_keys: entity
            .fields
            .iter()
            .filter_map(|field| foreign_key(model, entity, field))
            .collect(),
        indexes: indexes.collect(),
        checks: checks.collect(),
        triggers: Vec::new(),
        recorded: history::recorded(model, entity),
        search: entity.search.as_ref().map(|search| Search {
            columns: search.fields.iter().map(|field| name(field.column)).collect(),
        }),
        archive: entity.archive.as_ref().map(|archive| name(archive.column)),
    }
}

fn join_table(model: &Model, join: &Join) -> Table {
    let columns = |side: &JoinSide| -> Vec<String> {
        side.columns.iter().map(|column| column.name.clone()).collect()
    };
    let [left, right] = &join.sides;
    let names: Vec<String> = columns(left).into_iter().chain(columns(right)).collect();
    let foreign_keys = join.sides.iter().map(|side| {
        let target = model.entity(side.entity);
        let key = target.key_columns.iter().map(|id| target.column(*id).name.clone());
        ForeignKey {
            columns: columns(side),
            target: target.table.clone(),
            target_columns: key.collect(),
            on_delete: OnDelete::Cascade,
        }
    });
    let back = columns(right).into_iter().chain(columns(left));
    Table {
        name: join.table.clone(),
        was: join.was_tables.clone(),
        columns: left.columns.iter().chain(&right.columns).map(join_column).collect(),
        key: names,
        identity: false,
        foreign_keys: foreign_keys.collect(),
        // The key serves the left side; this serves the right one.
        indexes: vec![Index {
            name: constraint_name("ix", &join.table, "back"),
            columns: back.map(|name| IndexColumn { name, descending: false }).collect(),
            unique: false,
            filter: None,
        }],
        checks: Vec::new(),
        triggers: Vec::new(),
        recorded: Vec::new(),
        search: None,
        archive: None,
    }
}

fn join_column(column: &JoinColumn) -> Column {
    Column {
        name: column.name.clone(),
        was: column.was.clone(),
        ty: column.ty,
        element: None,
        values: None,
        values_were: Vec::new(),
        nullable: false,
        fill: None,
    }
}

/// What is unique is so among the rows that are not archived.
fn index_filter(
    entity: &Entity,
    index: &crate::entity::Index,
    condition: WriteCondition<'_>,
) -> Option<String> {
    let written = index.filter.as_ref().map(|rule| rule.expr.clone());
    let archive = entity.archive.as_ref().filter(|_| index.unique);
    let live = archive.map(|archive| expr::prepare(archive.live.node.clone()));
    let parts = written.iter().chain(&live);
    let parts: Vec<String> =
        parts.map(|part| condition(entity.id, part, Purpose::IndexFilter)).collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

fn foreign_key(model: &Model, entity: &Entity, field: &Field) -> Option<ForeignKey> {
    let FieldKind::ToOne(relation) = &field.kind else { return None };
    if relation.other_module {
        return None;
    }
    let target = model.entity(relation.target);
    Some(ForeignKey {
        columns: relation.columns.iter().map(|id| entity.column(*id).name.clone()).collect(),
        target: target.table.clone(),
        target_columns: target
            .key_columns
            .iter()
            .map(|id| target.column(*id).name.clone())
            .collect(),
        on_delete: relation.on_delete,
    })
}

fn column(model: &Model, entity: &Entity, column: &crate::field::Column) -> Column {
    let field = entity.field(column.field);
    let (element, scalar) = match &field.kind {
        FieldKind::Scalar { scalar, .. } => (None, Some(*scalar)),
        FieldKind::List { scalar, .. } => (Some(stored_as(*scalar)), Some(*scalar)),
        _ => (None, None),
    };
    let enum_type = match scalar {
        Some(Scalar::Enum(id)) => Some(model.enum_type(id)),
        _ => None,
    };
    Column {
        name: column.name.clone(),
        was: column.was.clone(),
        ty: column.ty,
        element,
        values: enum_type.map(|found| found.values.clone()),
        values_were: enum_type.map(|found| found.was.clone()).unwrap_or_default(),
        nullable: column.nullable,
        fill: match &column.fill {
            Some(text) => Some(Fill::Expr(text.clone())),
            None => default_fill(field, column.ty),
        },
    }
}

fn default_fill(field: &Field, ty: ColumnType) -> Option<Fill> {
    let timed = matches!(ty, ColumnType::Timestamp | ColumnType::Date);
    if timed && matches!(field.role, Role::Created | Role::Updated) {
        return Some(Fill::Now);
    }
    match field.default.as_ref()? {
        Default::Value(value) => Some(Fill::Value(value.clone())),
        Default::Expr(rule) => match (&rule.expr.tree.kind, &rule.expr.atoms[..]) {
            (Kind::Atom(0), [atom]) if timed && atom.kind == Kind::Now => Some(Fill::Now),
            (Kind::Now, _) if timed => Some(Fill::Now),
            _ => None,
        },
    }
}

fn stored_as(scalar: Scalar) -> ColumnType {
    match scalar {
        Scalar::Id => ColumnType::Uuid,
        Scalar::String | Scalar::Email | Scalar::Url | Scalar::Enum(_) => ColumnType::Text,
        Scalar::Int => ColumnType::Int,
        Scalar::BigInt => ColumnType::BigInt,
        Scalar::Float => ColumnType::Float,
        Scalar::Decimal => ColumnType::Decimal,
        Scalar::Boolean => ColumnType::Boolean,
        Scalar::DateTime => ColumnType::Timestamp,
        Scalar::Date => ColumnType::Date,
        Scalar::Json | Scalar::Document(_) | Scalar::Documents(_) => ColumnType::Json,
    }
}
