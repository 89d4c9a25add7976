//! What an expression sees of a world: the meaning of rules and filters, without any SQL.

use std::sync::Arc;

use expr::{Caller, Env, FieldId, Nulls, Prepared, Timestamp, Value};
use model::{FieldKind, Model, Via};
use plan::RuleRef;

use crate::world::{At, World};

/// A caller looking at one row.
#[derive(Copy, Clone)]
pub(crate) struct Surroundings<'a> {
    pub(crate) world: &'a World,
    /// The world's model with what was added to it.
    pub(crate) model: &'a Model,
    pub(crate) caller: &'a Caller<'a>,
    pub(crate) atoms: &'a [Value],
    pub(crate) row: At,
    /// Whether read rules hide rows and fields, as they do from filters.
    pub(crate) guarded: bool,
}

impl Surroundings<'_> {
    /// Evaluates an expression of the model on a row.
    fn with<T>(&self, row: At, expr: &Prepared, then: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let atoms = expr.atom_values(self.caller);
        then(&Surroundings { row, atoms: &atoms, guarded: false, ..*self })
    }

    /// Returns whether a read rule shows a row, or a field of it.
    pub(crate) fn shows(&self, rule: RuleRef, row: At) -> bool {
        // A tenant's rows are kept from others whatever is written.
        let confined = !matches!(rule, RuleRef::ReadField(..));
        if confined && self.world.guards(row.0).tenant && !self.is_in_tenant(row) {
            return false;
        }
        let Some(rule) = rule.of(self.model) else { return true };
        let truth = self.with(row, rule, |around| expr::truth(&rule.tree, around, Nulls::Unknown));
        truth == Some(true)
    }

    pub(crate) fn is_in_tenant(&self, row: At) -> bool {
        let claim = self.caller.user.as_ref().and_then(|user| user["tenant"].as_str());
        let (org, _) = self.model.entity(row.0).field_named("org").expect("a type with tenants");
        let org = self.world.value(&row, org);
        matches!((claim, org), (Some(claim), Value::Text(org)) if claim == org)
    }

    fn shows_row(&self, row: &At) -> bool {
        self.world.is_live(*row) && (!self.guarded || self.shows(RuleRef::Read(row.0), *row))
    }

    pub(crate) fn shows_field(&self, row: &At, field: FieldId) -> bool {
        !self.guarded || self.shows(RuleRef::ReadField(row.0, field), *row)
    }
}

impl Env for Surroundings<'_> {
    type Row = At;

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
        self.atoms[usize::from(index)].clone()
    }

    fn row(&self) -> Option<At> {
        Some(self.row)
    }

    fn field(&self, row: &At, field: FieldId) -> Value {
        if !self.shows_field(row, field) {
            return Value::Null;
        }
        match &self.model.entity(row.0).field(field).kind {
            FieldKind::Computed { expr, .. } => {
                let value = |around: &Surroundings<'_>| {
                    expr::evaluate(&expr.expr.tree, around, Nulls::False)
                };
                self.with(*row, &expr.expr, value)
            }
            _ => self.world.value(row, field),
        }
    }

    fn hop(&self, row: &At, field: FieldId) -> Option<At> {
        let target = self.world.hop(row, field).filter(|target| self.shows_row(target));
        target.filter(|_| self.shows_field(row, field))
    }

    fn ref_key(&self, row: &At, field: FieldId) -> Value {
        if self.shows_field(row, field) { self.world.ref_key(row, field) } else { Value::Null }
    }

    fn rows(&self, row: &At, field: FieldId) -> Vec<At> {
        let FieldKind::ToMany { via, .. } = self.model.entity(row.0).field(field).kind else {
            panic!("a to-many relation")
        };
        if !self.shows_field(row, field) {
            return Vec::new();
        }
        let shows = |row: &At| match via {
            Via::Inverse(inverse) => self.shows_row(row) && self.shows_field(row, inverse),
            Via::Join { .. } => self.shows_row(row),
        };
        self.world.many(row, field).into_iter().filter(shows).collect()
    }
}
