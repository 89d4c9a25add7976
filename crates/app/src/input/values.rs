//! Turns a body into the columns of a write: every member checked, defaults and roles filled in.

use expr::{Caller, EntityId, FieldId, Value};
use model::{ColumnId, Default, Entity, Field, FieldKind, Model, Relation, Role, Scalar, Via};
use plan::{Bind, bind, client_form};
use serde_json::Value as Json;

use super::address::Known;
use super::body::Body;
use super::bounds::Bounds;
use super::document::{document, document_patch, expected_of};
use super::scalar::{key_value, reference_binds, reference_key, reference_value, scalar_from_json};
use crate::ids::Ids;
use crate::refusal::{BadMember, Refusal, are_enough, pointer};

/// Rows that one write links by one many-to-many relation; each costs a look for it.
const LINKS_MAX: usize = 1000;

/// What a body is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new row sent by a client.
    Create,
    /// Some fields of a row, sent by a client.
    Update,
    /// The same, where objects are merged into those that are stored (RFC 7396).
    Merge,
    /// All fields of a row that clients may send, in place of those it has.
    Replace,
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
    /// The fields that a replacement left out, which are set to their defaults.
    pub(crate) reset: Vec<FieldId>,
    /// The parts of the key that a replacement sent; the row must have them.
    pub(crate) claimed: Vec<(ColumnId, Bind)>,
    /// The many-to-many relations that are set, each with the keys to be linked.
    pub(crate) links: Vec<(FieldId, Vec<Vec<Bind>>)>,
}

impl Written {
    /// Returns the many-to-many relations that are set, and their keys as a write binds them.
    pub(crate) fn bound_links(&self) -> (Vec<FieldId>, Vec<Bind>) {
        self.links.iter().map(|(field, keys)| (*field, plan::links_text(keys))).unzip()
    }
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
    written_at(model, entity, body, purpose, &[], user, ids)
}

/// Reads a body for a write to a row of which some fields are known. The body may repeat them.
///
/// # Errors
/// As `written`.
pub(crate) fn written_at(
    model: &Model,
    entity: EntityId,
    body: Body,
    purpose: Purpose,
    known: &[Known],
    user: &Caller<'_>,
    ids: &Ids,
) -> Result<Written, Refusal> {
    let entity = model.entity(entity);
    let mut reader = Reader {
        model,
        entity,
        purpose,
        known,
        tenant: tenant_of(entity, user),
        out: Written::default(),
        named: Vec::new(),
        bad: Vec::new(),
    };
    for (name, json) in body.0 {
        reader.member(&name, &json);
    }
    if purpose == Purpose::Create {
        known.iter().for_each(|known| reader.known(known));
    }
    reader.named.extend(known.iter().filter(|known| !is_owner(entity, known)).map(|k| k.field));
    let Reader { mut out, named, mut bad, tenant, .. } = reader;
    if purpose == Purpose::Replace {
        let is_key = |column: &ColumnId| entity.key_columns.contains(column);
        out.claimed = out.columns.extract_if(.., |(column, _)| is_key(column)).collect();
        out.sent.retain(|(field, _)| !entity.key.contains(field));
    }
    let caller = Caller { user: user.user.clone(), now: user.now, input: &out.sent, request: None };
    let filled = fill(model, entity, purpose, &caller, ids, &named, &mut bad)?;
    if !bad.is_empty() {
        return Err(Refusal::Body(bad));
    }
    if purpose == Purpose::Replace {
        let fields = filled.iter().map(|(column, _)| entity.column(*column).field);
        out.reset = fields.filter(|field| entity.field(*field).role == Role::Plain).collect();
        out.reset.dedup();
    }
    out.columns.extend(filled);
    // There is nothing at an address of another tenant, and nothing comes to be there.
    let elsewhere = |known: &Known| {
        let of_tenant = entity.field(known.field).role == Role::Tenant;
        of_tenant && known.columns.first().map(|(_, bind)| bind) != tenant.as_ref()
    };
    if purpose == Purpose::Create && known.iter().any(elsewhere) {
        return Err(Refusal::NotFound);
    }
    // The caller can be the owner of no other row than theirs.
    let is_other = |known: &Known| known.columns.iter().any(|column| !out.columns.contains(column));
    if purpose == Purpose::Create && known.iter().any(|k| is_owner(entity, k) && is_other(k)) {
        return Err(Refusal::Forbidden);
    }
    Ok(out)
}

fn is_owner(entity: &Entity, known: &Known) -> bool {
    entity.field(known.field).role == Role::Owner
}

struct Reader<'m> {
    model: &'m Model,
    entity: &'m Entity,
    purpose: Purpose,
    /// The fields that the row's address says.
    known: &'m [Known],
    /// The caller's tenant.
    tenant: Option<Bind>,
    out: Written,
    /// The fields that the body names, rightly or wrongly.
    named: Vec<FieldId>,
    bad: Vec<BadMember>,
}

impl<'m> Reader<'m> {
    /// Finds a field by its name, or a relation by its key's.
    fn find(&self, name: &str) -> Option<(FieldId, &'m Field)> {
        let entity = self.entity;
        let at = entity.fields.iter().position(|field| field.goes_by(name))?;
        Some((FieldId(at as u32), &entity.fields[at]))
    }

    fn member(&mut self, name: &str, json: &Json) {
        if are_enough(&self.bad) {
            return;
        }
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
        if let Some(known) = self.known.iter().find(|known| known.field == id) {
            if !self.repeats(known, field, json) {
                let detail = format!("{name} must be what the row's address says, or left out");
                self.refuse(name, "mismatch", detail);
            }
            return;
        }
        if field.role == Role::Tenant && self.purpose != Purpose::Seed {
            self.tenant(field, json);
            return;
        }
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
                let (model, at) = (self.model, pointer(name));
                let value = match (json, scalar) {
                    (Json::Null, _) => Value::Null,
                    (json, Scalar::Document(id)) if self.purpose == Purpose::Merge => {
                        document_patch(model, *id, json, &at, &mut self.bad)
                    }
                    (json, _) => document(model, *scalar, json, &at, &mut self.bad),
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
            FieldKind::ToMany { target, via: Via::Join { .. } } => {
                self.links(name, id, *target, json);
            }
            FieldKind::ToMany { .. } => {
                let detail = "nested rows are a list, in the POST of their parent or its PATCH \
                              as application/json; otherwise they are written by themselves";
                self.refuse(name, "unsupported", detail);
            }
            FieldKind::Computed { .. } => unreachable!("computed fields are locked"),
        }
    }

    /// Whether a member says of a field what the row's address says.
    fn repeats(&self, known: &Known, field: &Field, json: &Json) -> bool {
        match &field.kind {
            FieldKind::Scalar { scalar, .. } => {
                scalar_from_json(self.model, *scalar, json).is_ok_and(|value| value == known.value)
            }
            FieldKind::ToOne(relation) => {
                let key = reference_binds(self.model.entity(relation.target), json);
                let known = known.columns.iter().map(|(_, bind)| bind);
                key.is_some_and(|key| key.iter().eq(known))
            }
            _ => false,
        }
    }

    /// Sets a field of a new row to what its address says.
    fn known(&mut self, known: &Known) {
        let id = known.field;
        let field = self.entity.field(id);
        if matches!(field.role, Role::Owner | Role::Tenant) {
            return;
        }
        let name = field.name.as_str();
        if let Some(detail) = self.locked(id, field) {
            self.refuse(name, "readonly", detail);
            return;
        }
        match &field.kind {
            FieldKind::Scalar { scalar, column } => {
                let value = scalar_from_json(self.model, *scalar, &client_form(&known.value));
                self.value(name, id, field, *column, value);
            }
            _ => {
                self.out.columns.extend(known.columns.iter().cloned());
                self.out.sent.push((id, known.value.clone()));
            }
        }
    }

    /// The server sets the tenant, so a client can only be right about it. Another tenant is as
    /// unknown as one that does not exist.
    fn tenant(&mut self, field: &Field, json: &Json) {
        let sent = match &field.kind {
            FieldKind::ToOne(relation) => {
                let target = self.model.entity(relation.target);
                reference_binds(target, json).and_then(|mut key| key.pop())
            }
            FieldKind::Scalar { scalar, .. } => {
                scalar_from_json(self.model, *scalar, json).ok().map(bind)
            }
            _ => None,
        };
        if sent.is_none() || sent != self.tenant {
            let name = &field.name;
            self.refuse(name, "not_found", no_row(name));
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
        let changes = matches!(self.purpose, Purpose::Update | Purpose::Merge);
        if changes && self.entity.key.contains(&id) {
            return Some(format!("{name} is part of the key, which never changes"));
        }
        match field.role {
            Role::Owner => Some(format!("{name} is set to the caller")),
            Role::Tenant => Some(format!("{name} is set to the caller's tenant")),
            Role::Created | Role::Updated | Role::Archived => {
                Some(format!("{name} is set by the server"))
            }
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

    fn list(&mut self, name: &str, scalar: Scalar, json: &Json) -> Option<Value> {
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
            if are_enough(&self.bad) {
                return None;
            }
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

    /// Reads the keys that a many-to-many relation is to link.
    fn links(&mut self, name: &str, id: FieldId, target: EntityId, json: &Json) {
        let target = self.model.entity(target);
        let Json::Array(items) = json else {
            let detail = format!("{name} must be a list of keys of {}", target.plural);
            self.refuse(name, "type", detail);
            return;
        };
        if items.len() > LINKS_MAX {
            self.refuse(name, "too_many", format!("{name} links at most {LINKS_MAX} rows"));
            return;
        }
        let mut keys = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match reference_binds(target, item) {
                Some(key) => keys.push(key),
                None => self.bad.push(BadMember {
                    pointer: format!("{}/{index}", pointer(name)),
                    code: "type",
                    detail: format!("each element must be the key of a {}", target.name),
                }),
            }
        }
        self.out.links.push((id, keys));
        // Field rules judge that it is sent; rules name no list of rows.
        self.out.sent.push((id, Value::Null));
    }

    fn reference(&mut self, name: &str, id: FieldId, relation: &Relation, json: &Json) {
        let target = self.model.entity(relation.target);
        let binds = match json {
            Json::Null => Some(vec![Bind::Null; relation.columns.len()]),
            json => reference_binds(target, json),
        };
        let Some(binds) = binds else {
            self.refuse(name, "type", format!("{name} must be the key of a {}", target.name));
            return;
        };
        let value = match json {
            Json::String(text) => reference_value(target, text),
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
        (FieldKind::List { scalar: Scalar::BigInt, .. }, Value::List(items)) => {
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
        let given = field.role != Role::Tenant || purpose == Purpose::Seed;
        if given && named.contains(&id) {
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
            (Purpose::Update | Purpose::Merge, _) => continue,
            (Purpose::Replace, _) if is_kept(entity, id, field) => continue,
            (_, Role::Created) => Some(vec![now(entity, columns[0], caller)]),
            (Purpose::Create, Role::Tenant) => {
                Some(vec![tenant_of(entity, caller).ok_or_else(|| no_tenant(caller))?])
            }
            (Purpose::Create, Role::Owner) => Some(owner(model, entity, field, caller)?),
            _ => default(entity, field, columns[0], caller, ids),
        };
        match made {
            Some(values) => filled.extend(columns.iter().copied().zip(values)),
            None if entity.identity && entity.key.contains(&id) => {}
            None if purpose == Purpose::Replace && !field.required => {
                filled.extend(columns.iter().map(|column| (*column, Bind::Null)));
            }
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

/// What a replacement leaves alone: the key, what clients never set, and what they never see.
fn is_kept(entity: &Entity, id: FieldId, field: &Field) -> bool {
    let set_once =
        matches!(field.role, Role::Owner | Role::Tenant | Role::Created | Role::Archived);
    set_once || field.readonly || field.private || entity.key.contains(&id)
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
            let is_id = matches!(field.kind, FieldKind::Scalar { scalar: Scalar::Id, .. });
            (is_key && is_id).then(|| vec![bind(Value::Uuid(ids.next()))])
        }
    }
}

/// The caller's tenant as it is stored.
fn tenant_of(entity: &Entity, caller: &Caller<'_>) -> Option<Bind> {
    let tenant = expr::evaluate(&entity.tenant.as_ref()?.caller, caller, expr::Nulls::Unknown);
    (tenant != Value::Null).then(|| bind(tenant))
}

fn no_tenant(caller: &Caller<'_>) -> Refusal {
    if caller.user.is_some() { Refusal::Forbidden } else { Refusal::Unauthenticated }
}

/// Says that a reference leads nowhere, as far as the caller may know.
pub(crate) fn no_row(name: &str) -> String {
    format!("{name} refers to a row that does not exist")
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
