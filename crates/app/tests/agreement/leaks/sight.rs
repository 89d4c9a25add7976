//! What a caller sees, worked out row by row in memory: which rows, which of their fields, in which
//! order. It knows rules as they are written, and of tenants and archives only what the documents say.

use std::cmp::Ordering;

use expr::{Caller, EntityId, Env as _, FieldId, Node, Nulls, Value};
use model::{Field, FieldKind, Model};
use plan::RuleRef;
use plan::read::Archived;
use serde_json::{Map, Value as Json};

use super::wishes::{ListWish, Related, Term, Wish};
use crate::surroundings::Surroundings;
use crate::world::{At, Cell, World, client_value};

/// A caller looking at a world.
#[derive(Copy, Clone)]
pub(crate) struct Sight<'a> {
    pub(crate) world: &'a World,
    /// The rules as they are written, without what a tenant or an archive adds to them.
    pub(crate) written: &'a Model,
    pub(crate) caller: &'a Caller<'a>,
}

impl<'a> Sight<'a> {
    fn at(self, row: At, atoms: &'a [Value]) -> Surroundings<'a> {
        let (world, model, caller) = (self.world, self.written, self.caller);
        Surroundings { world, model, caller, atoms, row, guarded: true }
    }

    /// Says whether a rule holds for a row of the caller's tenant. Rules see what nobody hides.
    pub(crate) fn holds(self, rule: RuleRef, row: At) -> bool {
        Surroundings { guarded: false, ..self.at(row, &[]) }.shows(rule, row)
    }

    /// Says whether the caller may change these fields of a row, as it is.
    pub(crate) fn may_update(self, row: At, cells: &[(FieldId, Cell)]) -> bool {
        let may_send = |field: FieldId| self.holds(RuleRef::UpdateField(row.0, field), row);
        self.holds(RuleRef::Update(row.0), row) && cells.iter().all(|(field, _)| may_send(*field))
    }

    /// Says whether a row is of the caller's tenant, or of none.
    pub(crate) fn is_in_reach(self, row: At) -> bool {
        !self.world.guards(row.0).tenant || self.at(row, &[]).is_in_tenant(row)
    }

    /// Says whether the caller can read a row.
    pub(crate) fn sees(self, row: At, archived: Archived) -> bool {
        let is_archived = self.world.is_archived(row);
        let wanted = match archived {
            Archived::Without => !is_archived,
            Archived::Only => is_archived,
            Archived::With => true,
        };
        let entity = row.0;
        wanted
            && self.world.is_kept(row)
            && self.holds(RuleRef::Read(entity), row)
            && (!is_archived || self.holds(RuleRef::Delete(entity), row))
    }

    /// Says whether a field of a row that the caller can read is shown.
    pub(crate) fn sees_field(self, row: At, field: FieldId) -> bool {
        // Computed fields are among what is added to a world; none of them is private.
        let fields = &self.world.model.entity(row.0).fields;
        let private = fields.get(field.0 as usize).is_some_and(|field| field.private);
        !private && self.holds(RuleRef::ReadField(row.0, field), row)
    }

    /// Returns the rows that the caller can read and a filter selects.
    pub(crate) fn rows(
        self,
        entity: EntityId,
        archived: Archived,
        filter: Option<(&Node, &[Value])>,
    ) -> Vec<At> {
        let all = (0..self.world.rows(entity)).map(|row| (entity, row));
        let seen = all.filter(|row| self.sees(*row, archived));
        seen.filter(|row| filter.is_none_or(|(tree, atoms)| self.selects(tree, atoms, *row)))
            .collect()
    }

    /// Says whether a filter selects a row.
    pub(crate) fn selects(self, tree: &Node, atoms: &[Value], row: At) -> bool {
        let around = Surroundings { atoms, ..self.at(row, &[]) };
        expr::truth(tree, &around, Nulls::False) == Some(true)
    }

    /// Returns a field's value as the caller sees it at the end of some relations.
    pub(crate) fn value(self, row: At, hops: &[FieldId], field: FieldId) -> Vec<Value> {
        let around = self.at(row, &[]);
        let mut row = row;
        for hop in hops {
            match around.hop(&row, *hop) {
                Some(target) => row = target,
                None => return vec![Value::Null],
            }
        }
        let model = self.written;
        match &model.entity(row.0).field(field).kind {
            FieldKind::ToOne(relation) => {
                let target = self.world.hop(&row, field).filter(|_| self.sees_field(row, field));
                let key = &model.entity(relation.target).key;
                let part = |field: &FieldId| target.map(|target| self.world.value(&target, *field));
                key.iter().map(|field| part(field).unwrap_or(Value::Null)).collect()
            }
            _ => vec![around.field(&row, field)],
        }
    }

    /// Sorts rows; the key decides last, in the direction of the last term.
    pub(crate) fn sort(self, rows: &mut [At], terms: &[Term]) {
        let Some((entity, _)) = rows.first().copied() else { return };
        let descending = terms.last().is_some_and(|last| last.descending);
        let key = &self.world.model.entity(entity).key;
        let key = key.iter().map(|field| Term { hops: Vec::new(), field: *field, descending });
        let terms: Vec<Term> = terms.iter().cloned().chain(key).collect();
        rows.sort_by(|left, right| {
            let compared = terms.iter().map(|term| {
                let value = |row: &At| self.value(*row, &term.hops, term.field);
                let ordering = compare_all(&value(left), &value(right));
                if term.descending { ordering.reverse() } else { ordering }
            });
            compared.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        });
    }

    /// Returns a row as the caller is shown it.
    pub(crate) fn shown(self, row: At, wish: &Wish, atoms: &[Value]) -> Json {
        let entity = self.written.entity(row.0);
        let mut shown = Map::new();
        for (index, field) in entity.fields.iter().enumerate() {
            let id = FieldId(index as u32);
            let related = wish.related.iter().find(|related| related.field == id);
            let named = wish.fields.as_ref().is_none_or(|fields| fields.contains(&id));
            if (named || related.is_some()) && self.sees_field(row, id) {
                self.show(row, (id, field), related, atoms, &mut shown);
            }
        }
        shown.into()
    }

    fn show(
        self,
        row: At,
        (id, field): (FieldId, &Field),
        related: Option<&Related>,
        atoms: &[Value],
        shown: &mut Map<String, Json>,
    ) {
        match &field.kind {
            FieldKind::ToOne(relation) => {
                let target = self.world.hop(&row, id);
                let key = target.map(|target| self.world.key_text(target));
                shown.insert(relation.id_name.clone(), key.into());
                if let Some(related) = related {
                    let target = target.filter(|target| self.sees(*target, Archived::Without));
                    let target = target.map(|target| self.shown(target, &related.wish, atoms));
                    shown.insert(field.name.clone(), target.into());
                }
            }
            FieldKind::ToMany { .. } => {
                if let Some(related) = related {
                    self.show_list(row, (id, field), related, atoms, shown);
                }
            }
            _ => {
                let value = self.at(row, &[]).field(&row, id);
                shown.insert(field.name.clone(), client_value(&value, field));
            }
        }
    }

    fn show_list(
        self,
        row: At,
        (id, field): (FieldId, &Field),
        related: &Related,
        atoms: &[Value],
        shown: &mut Map<String, Json>,
    ) {
        let list = related.list.as_ref().expect("a list is wanted as one");
        let mut rows = self.at(row, &[]).rows(&row, id);
        rows.retain(|row| list.tree.as_ref().is_none_or(|tree| self.selects(tree, atoms, *row)));
        self.sort(&mut rows, &list.sort);
        let (all, limit) = (rows.len(), list.limit.unwrap_or(20));
        rows.truncate(limit);
        if limit > 0 {
            let items = rows.iter().map(|row| self.shown(*row, &related.wish, atoms));
            shown.insert(field.name.clone(), items.collect());
            if all > limit {
                shown.insert(format!("{}Next", field.name), "…".into());
            }
        }
        if list.count {
            shown.insert(format!("{}Count", field.name), all.into());
        }
    }

    /// Returns all that the caller can see of the world, one way or another.
    pub(crate) fn everything(self) -> Json {
        let of = |entity: &model::Entity| {
            let fields = (0..).map(FieldId).zip(&entity.fields);
            let related = fields.filter_map(|(field, of)| {
                let FieldKind::ToMany { target, .. } = of.kind else { return None };
                let key = self.world.model.entity(target).key.clone();
                let list = ListWish { limit: Some(usize::MAX), ..ListWish::default() };
                let wish = Wish { fields: Some(key), related: Vec::new() };
                Some(Related { field, list: Some(list), wish })
            });
            let wish = Wish { fields: None, related: related.collect() };
            let rows = self.rows(entity.id, Archived::With, None);
            rows.into_iter().map(|row| self.shown(row, &wish, &[])).collect::<Json>()
        };
        self.written.entities.iter().map(of).collect()
    }
}

fn compare_all(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right).map(|(left, right)| compare(left, right));
    pairs.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares two values of one type; null is lower than any.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        (Value::Timestamp(left), Value::Timestamp(right)) => left.0.cmp(&right.0),
        (Value::Date(left), Value::Date(right)) => left.0.cmp(&right.0),
        _ => panic!("{left:?} and {right:?} are not compared"),
    }
}
