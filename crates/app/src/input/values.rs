//! Turns a body into the columns of a write: every member checked, defaults and roles filled in.

use expr::{Caller, EntityId, FieldId, Value};
use model::{ColumnId, Default, Entity, Field, FieldKind, Model, Relation, Role};
use plan::{Bind, bind, client_form};
use serde_json::Value as Json;

use super::body::Body;
use super::bounds::Bounds;
use super::document::{document, expected_of};
use super::scalar::{key_value, reference_key, scalar_from_json};
use crate::ids::Ids;
use crate::refusal::{BadMember, Refusal, pointer};

/// What a body is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new row sent by a client.
    Create,
    /// Some fields of a row, sent by a client.
    Update,
    /// A new row of the application's own, such as a seed: every stored field may be given.
    Seed,
}

/// A body's worth of columns.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The columns that are set.
    pub(crate) columns: Vec<(ColumnId, Bind)>,
    /// The fields the client sent, with their values as rules see them.
    pub(crate) sent: Vec<(FieldId, Value)>,
}

/// Reads a body for a write.
///
/// # Errors
/// Every mistake in the body; or that a caller is needed.
pub(crate) fn written(
    model: &Model,
    entity: EntityId,
    body: Body,
    purpose: Purpose,
    user: &Caller<'_>,
    ids: &Ids,
) -> Result<Written, Refusal> {
    let entity = model.entity(entity);
    let mut reader = Reader {
        model,
        entity,
        purpose,
        out: Written::default(),
        named: Vec::new(),
        bad: Vec::new(),
    };
    for (name, json) in body.0 {
        reader.member(&name, &json);
    }
    let Reader { mut out, named, mut bad, .. } = reader;
    let caller = Caller { user: user.user.clone(), now: user.now, input: &out.sent };
    let filled = fill(model, entity, purpose, &caller, ids, &named, &mut bad)?;
    if !bad.is_empty() {
        return Err(Refusal::Body(bad));
    }
    out.columns.extend(filled);
    Ok(out)
}

struct Reader<'m> {
    model: &'m Model,
    entity: &'m Entity,
    purpose: Purpose,
    out: Written,
    /// The fields that the body names, rightly or wrongly.
    named: Vec<FieldId>,
    bad: Vec<BadMember>,
}

impl<'m> Reader<'m> {
    /// Finds a field by its name, or a relation by its key's.
    fn find(&self, name: &str) -> Option<(FieldId, &'m Field)> {
        let entity = self.entity;
        let at = entity.fields.iter().position(|field| {
            field.name == name
                || matches!(&field.kind, FieldKind::ToOne(relation) if relation.id_name == name)
        })?;
        Some((FieldId(at as u32), &entity.fields[at]))
    }

    fn member(&mut self, name: &str, json: &Json) {
        let Some((id, field)) = self.find(name) else {
            let detail = crate::query::unknown_field(self.model, self.entity.id, name);
            self.refuse(name, "unknown_field", detail);
            return;
        };
        if self.named.contains(&id) {
            self.refuse(name, "repeated", "the relation is given twice");
            return;
        }
        self.named.push(id);
        if let Some(detail) = self.locked(id, field) {
            self.refuse(name, "readonly", detail);
            return;
        }
        if json.is_null() && field.required {
            self.refuse(name, "null", format!("{name} cannot be null"));
            return;
        }
        match &field.kind {
            FieldKind::Scalar { scalar, column } if scalar.is_nested() => {
                let found = self.bad.len();
                let value = match json {
                    Json::Null => Value::Null,
                    json => document(self.model, *scalar, json, &pointer(name), &mut self.bad),
                };
                if self.bad.len() == found {
                    self.value(name, id, field, *column, Ok(value));
                }
            }
            FieldKind::Scalar { scalar, column } => {
                let value = match json {
                    Json::Null => Ok(Value::Null),
                    json => scalar_from_json(self.model, *scalar, json),
                };
                self.value(name, id, field, *column, value);
            }
            FieldKind::List { scalar, column } => {
                let value = self.list(name, *scalar, json);
                if let Some(value) = value {
                    self.value(name, id, field, *column, Ok(value));
                }
            }
            FieldKind::ToOne(relation) => self.reference(name, id, relation, json),
            FieldKind::ToMany { .. } => {
                self.refuse(name, "unsupported", "nested rows are not supported yet");
            }
            FieldKind::Computed { .. } => unreachable!("computed fields are locked"),
        }
    }

    fn refuse(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.bad.push(BadMember::new(name, code, detail));
    }

    /// Says why clients cannot set a field, where they cannot.
    fn locked(&self, id: FieldId, field: &Field) -> Option<String> {
        let name = &field.name;
        if let FieldKind::Computed { .. } = field.kind {
            return Some(format!("{name} is computed"));
        }
        if self.purpose == Purpose::Seed {
            return None;
        }
        if self.purpose == Purpose::Update && self.entity.key.contains(&id) {
            return Some(format!("{name} is part of the key, which never changes"));
        }
        match field.role {
            Role::Owner => Some(format!("{name} is set to the caller")),
            Role::Created | Role::Updated => Some(format!("{name} is set by the server")),
            Role::Plain if field.readonly => Some(format!("{name} is read-only")),
            Role::Plain => None,
        }
    }

    fn value(
        &mut self,
        name: &str,
        id: FieldId,
        field: &Field,
        column: ColumnId,
        value: Result<Value, &'static str>,
    ) {
        let value = match value {
            Ok(value) => value,
            Err(expected) => {
                let expected = self.expected(field, expected);
                self.refuse(name, "type", format!("{name} must be {expected}"));
                return;
            }
        };
        if let Some((code, detail)) = Bounds::of(field).broken(name, &value) {
            self.refuse(name, code, detail);
            return;
        }
        self.out.columns.push((column, stored(field, value.clone())));
        self.out.sent.push((id, value));
    }

    /// Names the values of an enum, where the field is one.
    fn expected(&self, field: &Field, expected: &str) -> String {
        match &field.kind {
            FieldKind::Scalar { scalar, .. } | FieldKind::List { scalar, .. } => {
                expected_of(self.model, *scalar, expected)
            }
            _ => expected.to_owned(),
        }
    }

    fn list(&mut self, name: &str, scalar: model::Scalar, json: &Json) -> Option<Value> {
        let items = match json {
            Json::Null => return Some(Value::Null),
            Json::Array(items) => items,
            _ => {
                self.refuse(name, "type", format!("{name} must be a list"));
                return None;
            }
        };
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match scalar_from_json(self.model, scalar, item) {
                Ok(value) => values.push(value),
                Err(expected) => self.bad.push(BadMember {
                    pointer: format!("{}/{index}", pointer(name)),
                    code: "type",
                    detail: format!("each element must be {expected}"),
                }),
            }
        }
        (values.len() == items.len()).then_some(Value::List(values))
    }

    fn reference(&mut self, name: &str, id: FieldId, relation: &Relation, json: &Json) {
        let target = self.model.entity(relation.target);
        let binds = match json {
            Json::Null => Some(vec![Bind::Null; relation.columns.len()]),
            Json::String(text) => reference_key(target, text),
            Json::Number(number) => reference_key(target, &number.to_string()),
            _ => None,
        };
        let Some(binds) = binds else {
            self.refuse(name, "type", format!("{name} must be the key of a {}", target.name));
            return;
        };
        let value = match json {
            Json::String(text) if target.key_columns.len() == 1 => {
                let ty = target.column(target.key_columns[0]).ty;
                key_value(ty, text).unwrap_or(Value::Null)
            }
            Json::String(text) => Value::Text(text.clone()),
            Json::Number(number) => number.as_i64().map_or(Value::Null, Value::Int),
            _ => Value::Null,
        };
        self.out.columns.extend(relation.columns.iter().copied().zip(binds));
        self.out.sent.push((id, value));
    }
}

/// Turns a value into its stored form. A list of `BigInt` holds texts, as its reader sees them.
fn stored(field: &Field, value: Value) -> Bind {
    match (&field.kind, value) {
        (FieldKind::List { scalar: model::Scalar::BigInt, .. }, Value::List(items)) => {
            let texts = items.iter().map(|item| match client_form(item) {
                Json::Number(number) => Value::Text(number.to_string()),
                _ => item.clone(),
            });
            bind(Value::List(texts.collect()))
        }
        (_, value) => bind(value),
    }
}

/// Returns the columns that the client did not send: roles, keys, defaults.
fn fill(
    model: &Model,
    entity: &Entity,
    purpose: Purpose,
    caller: &Caller<'_>,
    ids: &Ids,
    named: &[FieldId],
    bad: &mut Vec<BadMember>,
) -> Result<Vec<(ColumnId, Bind)>, Refusal> {
    let mut filled = Vec::new();
    for (index, field) in entity.fields.iter().enumerate() {
        let id = FieldId(index as u32);
        if named.contains(&id) {
            continue;
        }
        let columns: &[ColumnId] = match &field.kind {
            FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => {
                std::slice::from_ref(column)
            }
            FieldKind::ToOne(relation) => &relation.columns,
            FieldKind::ToMany { .. } | FieldKind::Computed { .. } => continue,
        };
        let made = match (purpose, field.role) {
            (_, Role::Updated) => Some(vec![now(entity, columns[0], caller)]),
            (Purpose::Update, _) => continue,
            (_, Role::Created) => Some(vec![now(entity, columns[0], caller)]),
            (Purpose::Create, Role::Owner) => Some(owner(model, entity, field, caller)?),
            _ => default(entity, field, columns[0], caller, ids),
        };
        match made {
            Some(values) => filled.extend(columns.iter().copied().zip(values)),
            None if entity.identity && entity.key.contains(&id) => {}
            None if field.required => {
                let name = match &field.kind {
                    FieldKind::ToOne(relation) => &relation.id_name,
                    _ => &field.name,
                };
                bad.push(BadMember::new(name, "required", format!("{name} is required")));
            }
            None => {}
        }
    }
    Ok(filled)
}

fn now(entity: &Entity, column: ColumnId, caller: &Caller<'_>) -> Bind {
    match entity.column(column).ty {
        model::ColumnType::Date => bind(Value::Date(expr::ops::timestamp_to_date(caller.now))),
        _ => bind(Value::Timestamp(caller.now)),
    }
}

fn default(
    entity: &Entity,
    field: &Field,
    column: ColumnId,
    caller: &Caller<'_>,
    ids: &Ids,
) -> Option<Vec<Bind>> {
    match &field.default {
        Some(Default::Value(value)) => Some(vec![stored(field, value.clone())]),
        Some(Default::Expr(rule)) => {
            let value = rule.expr.evaluate(caller, expr::Nulls::False);
            (value != Value::Null || !field.required).then(|| vec![bind(value)])
        }
        None => {
            let is_key = entity.key_columns == [column];
            let is_id = matches!(field.kind, FieldKind::Scalar { scalar: model::Scalar::Id, .. });
            (is_key && is_id).then(|| vec![bind(Value::Uuid(ids.next()))])
        }
    }
}

/// The caller's id as the owner's key.
fn owner(
    model: &Model,
    entity: &Entity,
    field: &Field,
    caller: &Caller<'_>,
) -> Result<Vec<Bind>, Refusal> {
    let claims = caller.user.as_ref().ok_or(Refusal::Unauthenticated)?;
    let id = claims.get("sub").and_then(Json::as_str).ok_or(Refusal::Unauthenticated)?;
    let key = match &field.kind {
        FieldKind::ToOne(relation) => reference_key(model.entity(relation.target), id),
        FieldKind::Scalar { column, .. } => {
            key_value(entity.column(*column).ty, id).map(|value| vec![bind(value)])
        }
        _ => None,
    };
    // A token of a foreign issuer may name its subjects in another way than this key.
    key.ok_or(Refusal::Forbidden)
}
