//! Imagined rows: each value follows from a seed and its place, so that two models see the same rows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use expr::{EntityId, Env, FieldId, Nulls, Prepared, Timestamp, Type, Value};
use model::{FieldKind, Model, Scalar};
use rustc_hash::FxHasher;
use serde_json::Value as Json;

use super::pair::Pairs;
use super::pools::{NOW, Pools, uuid};

/// What both models see.
pub(super) struct World<'a> {
    pub(super) pools: &'a Pools,
    pub(super) pairs: &'a Pairs<'a>,
    pub(super) seed: u64,
    pub(super) user: Option<Arc<Json>>,
    /// The values that were looked at, by how a rule names them.
    pub(super) looked: RefCell<BTreeMap<String, Value>>,
}

/// An imagined row.
#[derive(Clone)]
pub(super) struct Place {
    entity: EntityId,
    /// How the row is named: `row.order`.
    path: Arc<str>,
    /// Its key, where a relation leads to it.
    key: Option<Value>,
}

/// A row of the world through the eyes of one model.
pub(super) struct Imagined<'a> {
    world: &'a World<'a>,
    model: &'a Model,
    /// Which of the two models it is.
    which: usize,
    row: Place,
    atoms: Vec<Value>,
}

impl<'a> Imagined<'a> {
    pub(super) fn row(
        world: &'a World<'a>,
        model: &'a Model,
        which: usize,
        entity: EntityId,
    ) -> Self {
        let row = Place { entity, path: "row".into(), key: None };
        Self { world, model, which, row, atoms: Vec::new() }
    }

    /// Returns whether a rule allows on this row.
    pub(super) fn allows(&self, rule: &Prepared) -> bool {
        rule.evaluate(self, Nulls::Unknown) == Value::Bool(true)
    }

    fn dice(&self, row: &Place, field: FieldId, what: &str) -> u64 {
        let (_, name) = self.world.pairs.today(self.which, row.entity, field);
        dice(self.world.seed, &row.path, &name, what)
    }

    fn name(&self, row: &Place, field: FieldId) -> String {
        let (_, name) = self.world.pairs.today(self.which, row.entity, field);
        format!("{}.{name}", row.path)
    }

    fn look(&self, row: &Place, field: FieldId, value: &Value) {
        self.world.looked.borrow_mut().insert(self.name(row, field), value.clone());
    }

    /// Picks a stored value.
    fn stored(&self, row: &Place, field: FieldId, ty: &Type) -> Value {
        let described = self.model.entity(row.entity).field(field);
        let dice = self.dice(row, field, "value");
        if !described.required && dice.is_multiple_of(4) {
            return Value::Null;
        }
        let values = match element(ty) {
            Type::Enum(id) => self.model.enum_type(*id).values.as_slice(),
            _ => &[],
        };
        self.world.pools.pick(ty, values, dice / 4)
    }

    /// Picks the key that a to-one relation holds.
    fn reference(&self, row: &Place, field: FieldId) -> Value {
        let FieldKind::ToOne(relation) = &self.model.entity(row.entity).field(field).kind else {
            return Value::Null;
        };
        match self.model.sole_key_scalar(relation.target) {
            Some(scalar) => self.stored(row, field, &scalar.expr_type()),
            None => self.stored(row, field, &Type::Bool),
        }
    }
}

/// Returns the type of a list's elements, or the type itself.
fn element(ty: &Type) -> &Type {
    match ty {
        Type::List(of) => of,
        ty => ty,
    }
}

/// A number that follows from a seed and names. The finish is SplitMix64's, since few bits are used.
fn dice(seed: u64, path: &str, name: &str, what: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (seed, path, name, what).hash(&mut hasher);
    let mut z = hasher.finish().wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Rolls one die after another.
pub(super) fn rolls(seed: u64) -> impl FnMut() -> u64 {
    let mut count = 0_u64;
    move || {
        count += 1;
        dice(seed.wrapping_add(count << 32), "caller", "", "")
    }
}

impl Env for Imagined<'_> {
    type Row = Place;

    fn now(&self) -> Timestamp {
        NOW
    }

    fn user(&self) -> Option<Arc<Json>> {
        self.world.user.clone()
    }

    /// Half of the fields are sent; what is sent is what the row holds.
    fn input(&self, field: FieldId) -> Option<Value> {
        let row = self.row.clone();
        if self.dice(&row, field, "sent").is_multiple_of(2) {
            return None;
        }
        let value = match &self.model.entity(row.entity).field(field).kind {
            FieldKind::ToOne(_) => self.reference(&row, field),
            _ => self.field(&row, field),
        };
        let (_, name) = self.world.pairs.today(self.which, row.entity, field);
        self.world.looked.borrow_mut().insert(format!("input.{name}"), value.clone());
        Some(value)
    }

    fn atom(&self, index: u16) -> Value {
        self.atoms.get(usize::from(index)).cloned().unwrap_or(Value::Null)
    }

    fn row(&self) -> Option<Place> {
        Some(self.row.clone())
    }

    fn field(&self, row: &Place, field: FieldId) -> Value {
        let entity = self.model.entity(row.entity);
        let value = match &entity.field(field).kind {
            FieldKind::Computed { expr, .. } => {
                let around = Imagined { row: row.clone(), atoms: Vec::new(), ..*self };
                return expr.expr.evaluate(&around, Nulls::False);
            }
            _ if entity.key == [field] && row.key.is_some() => {
                row.key.clone().unwrap_or(Value::Null)
            }
            FieldKind::Scalar { scalar: Scalar::Id, .. } if entity.key == [field] => {
                Value::Uuid(uuid(self.dice(row, field, "key") % 3))
            }
            FieldKind::Scalar { scalar, .. } => self.stored(row, field, &scalar.expr_type()),
            FieldKind::List { scalar, .. } => {
                self.stored(row, field, &Type::List(Box::new(scalar.expr_type())))
            }
            FieldKind::ToOne(_) | FieldKind::ToMany { .. } => Value::Null,
        };
        self.look(row, field, &value);
        value
    }

    fn hop(&self, row: &Place, field: FieldId) -> Option<Place> {
        let FieldKind::ToOne(relation) = &self.model.entity(row.entity).field(field).kind else {
            return None;
        };
        let key = self.reference(row, field);
        (key != Value::Null).then(|| Place {
            entity: relation.target,
            path: self.name(row, field).into(),
            key: Some(key),
        })
    }

    fn ref_key(&self, row: &Place, field: FieldId) -> Value {
        let key = self.reference(row, field);
        self.look(row, field, &key);
        key
    }

    fn rows(&self, row: &Place, field: FieldId) -> Vec<Place> {
        let FieldKind::ToMany { target, .. } = self.model.entity(row.entity).field(field).kind
        else {
            return Vec::new();
        };
        let (name, count) = (self.name(row, field), self.dice(row, field, "rows") % 3);
        let place = |at: u64| format!("{name}[{at}]").into();
        (0..count).map(|at| Place { entity: target, path: place(at), key: None }).collect()
    }
}
