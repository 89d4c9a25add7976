//! The key of a row among the members of its body.

use expr::FieldId;
use model::{ColumnId, Entity, FieldKind, Model};
use plan::{Bind, bind};
use serde_json::Value as Json;

use super::address::Known;
use super::scalar::{reference_binds, scalar_from_json};
use crate::refusal::BadMember;

/// Takes the key out of the members; what is known of it need not be among them. `None` where they
/// do not say all of it.
///
/// # Errors
/// Which member cannot be part of a key.
pub(crate) fn take_key(
    model: &Model,
    entity: &Entity,
    members: &mut Vec<(String, Json)>,
    known: &Known,
) -> Result<Option<Vec<Bind>>, BadMember> {
    let place = |members: &[(String, Json)], field: FieldId| {
        members.iter().position(|(name, _)| entity.field(field).goes_by(name))
    };
    let own: Vec<FieldId> =
        entity.key.iter().copied().filter(|field| *field != known.field).collect();
    if own.is_empty() || own.iter().any(|field| place(members, *field).is_none()) {
        return Ok(None);
    }
    let mut values = known.columns.clone();
    for field in own {
        if let Some(at) = place(members, field) {
            let (name, json) = members.remove(at);
            values.extend(columns_of(model, entity, field, &name, &json)?);
        }
    }
    let value = |column: &ColumnId| values.iter().find(|(of, _)| of == column);
    let key = entity.key_columns.iter().map(|column| Some(value(column)?.1.clone()));
    Ok(key.collect())
}

fn columns_of(
    model: &Model,
    entity: &Entity,
    field: FieldId,
    name: &str,
    json: &Json,
) -> Result<Vec<(ColumnId, Bind)>, BadMember> {
    let wrong = |expected: &str| BadMember::new(name, "type", format!("{name} must be {expected}"));
    match &entity.field(field).kind {
        FieldKind::Scalar { scalar, column } => {
            let value = scalar_from_json(model, *scalar, json).map_err(wrong)?;
            Ok(vec![(*column, bind(value))])
        }
        FieldKind::ToOne(relation) => {
            let target = model.entity(relation.target);
            let binds = reference_binds(target, json)
                .ok_or_else(|| wrong(&format!("the key of a {}", target.name)))?;
            Ok(relation.columns.iter().copied().zip(binds).collect())
        }
        _ => Ok(Vec::new()),
    }
}
