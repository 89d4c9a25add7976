//! Expressions in memory.
//!
//! What null means is said here once more and must agree with `lower`:
//!
//! - a null operand makes arithmetic, functions and conversions null;
//! - `==` and `!=` always decide; null equals null only;
//! - any other condition that meets a null is unknown, or false, as `Nulls` says;
//! - `exists` counts an element only if its condition is true, and `all` refuses it unless it is; a
//!   list that is null, or JSON that is no list, has no elements; a row that is not there has no rows.

pub(crate) mod compute;
mod env;
mod trace;

use std::sync::Arc;

use smallvec::SmallVec;

pub(crate) use env::WithAtoms;
pub use env::{Caller, Env};
pub use trace::{Item, Seen, Step, Trace, trace};

use crate::ops;
use crate::prepare::Nulls;
use crate::tree::{CompareOp, Kind, Node, Quantifier, VarId};
use crate::types::Type;
use crate::value::Value;

/// Evaluates an expression; a comparison that cannot be decided for a null is null or false, as
/// `nulls` says.
pub fn evaluate<E: Env>(node: &Node, env: &E, nulls: Nulls) -> Value {
    Evaluator::new(env, nulls).value(node)
}

/// Decides a condition: `None` is unknown, which only `Nulls::Unknown` has.
pub fn truth<E: Env>(node: &Node, env: &E, nulls: Nulls) -> Option<bool> {
    Evaluator::new(env, nulls).condition(node)
}

/// What a loop variable stands for.
enum Bound<R> {
    Row(R),
    Element(Value),
}

struct Evaluator<'e, E: Env> {
    env: &'e E,
    nulls: Nulls,
    /// The variables of the loops around. An atom taken out of a loop keeps its variables' numbers,
    /// so the first need not be 1.
    bound: SmallVec<[(VarId, Bound<E::Row>); 2]>,
}

impl<'e, E: Env> Evaluator<'e, E> {
    fn new(env: &'e E, nulls: Nulls) -> Self {
        Self { env, nulls, bound: SmallVec::new() }
    }

    fn condition(&mut self, node: &Node) -> Option<bool> {
        let truth = if node.decides() {
            self.decide(node)
        } else {
            match self.value(node) {
                Value::Bool(truth) => Some(truth),
                _ => None,
            }
        };
        self.settle(truth)
    }

    /// Reads an unknown by `Nulls`.
    fn settle(&self, truth: Option<bool>) -> Option<bool> {
        match self.nulls {
            Nulls::Unknown => truth,
            Nulls::False => Some(truth.unwrap_or(false)),
        }
    }

    fn is_true(&mut self, node: &Node) -> bool {
        self.condition(node) == Some(true)
    }

    fn decide(&mut self, node: &Node) -> Option<bool> {
        match &node.kind {
            Kind::Not(of) => self.condition(of).map(|truth| !truth),
            Kind::And(left, right) => match self.condition(left) {
                Some(false) => Some(false),
                left => match (left, self.condition(right)) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
            },
            Kind::Or(left, right) => match self.condition(left) {
                Some(true) => Some(true),
                left => match (left, self.condition(right)) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
            },
            Kind::Compare(op, left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                compare(*op, &left, &right)
            }
            Kind::In(needle, list) => self.contained(needle, list),
            Kind::Quantified { quantifier, over, var, body } => {
                let exists = *quantifier == Quantifier::Exists;
                Some(self.any(over, *var, |this| this.is_true(body) == exists) == exists)
            }
            _ => match self.computed(node) {
                Value::Bool(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// Returns whether the test holds for some row or element.
    fn any(&mut self, over: &Node, var: VarId, mut test: impl FnMut(&mut Self) -> bool) -> bool {
        self.items(over).into_iter().any(|item| {
            self.bound.push((var, item));
            let found = test(self);
            self.bound.pop();
            found
        })
    }

    /// Returns the rows or elements that a loop visits.
    fn items(&mut self, over: &Node) -> Vec<Bound<E::Row>> {
        match (&over.kind, &over.ty) {
            (Kind::ToMany { of, field }, _) => match self.row(of) {
                Some(row) => self.env.rows(&row, *field).into_iter().map(Bound::Row).collect(),
                None => Vec::new(),
            },
            (_, Type::Json) => self.with_json(over, |json| {
                let items = json.and_then(serde_json::Value::as_array);
                items.into_iter().flatten().map(|item| Bound::Element(of_json(item))).collect()
            }),
            _ => match self.value(over) {
                Value::List(items) => items.into_iter().map(Bound::Element).collect(),
                _ => Vec::new(),
            },
        }
    }

    fn contained(&mut self, needle: &Node, list: &Node) -> Option<bool> {
        let wanted = self.value(needle);
        if wanted == Value::Null {
            return None;
        }
        match (&list.kind, &list.ty) {
            (Kind::List(items), _) => {
                let mut unknown = false;
                for item in items {
                    match self.value(item) {
                        Value::Null => unknown = true,
                        value if value == wanted => return Some(true),
                        _ => {}
                    }
                }
                if unknown { None } else { Some(false) }
            }
            (_, Type::Json) => self.with_json(list, |json| {
                let items = json?.as_array()?;
                Some(items.iter().any(|item| ops::json_as(item, &needle.ty) == wanted))
            }),
            _ => match self.value(list) {
                Value::List(items) => Some(items.contains(&wanted)),
                _ => None,
            },
        }
    }

    fn value(&mut self, node: &Node) -> Value {
        if node.decides() {
            let truth = self.decide(node);
            return self.settle(truth).map_or(Value::Null, Value::Bool);
        }
        match &node.kind {
            Kind::Literal(literal) => literal.0.clone(),
            Kind::Element(var) => match self.bound(*var) {
                Some(Bound::Element(value)) => value.clone(),
                _ => Value::Null,
            },
            Kind::Now => Value::Timestamp(self.env.now()),
            Kind::User => self.env.user().map_or(Value::Null, plain),
            Kind::Input(field) => self.env.input(*field).map_or(Value::Null, without_json_null),
            Kind::HasInput(field) => Value::Bool(self.env.input(*field).is_some()),
            Kind::Field { of, field } => match self.row(of) {
                Some(row) => without_json_null(self.env.field(&row, *field)),
                None => Value::Null,
            },
            Kind::RefKey { of, field } => match self.row(of) {
                Some(row) => self.env.ref_key(&row, *field),
                None => Value::Null,
            },
            Kind::JsonPath { .. } => self.with_json(node, |json| json.map_or(Value::Null, of_json)),
            Kind::JsonAs(of) => self.with_json(of, |json| match json {
                Some(json) => ops::json_as(json, &node.ty),
                None => Value::Null,
            }),
            Kind::List(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            Kind::Cond(condition, then, otherwise) => {
                let chosen = if self.is_true(condition) { then } else { otherwise };
                self.value(chosen)
            }
            Kind::Atom(index) => without_json_null(self.env.atom(*index)),
            _ => self.computed(node),
        }
    }

    /// Looks at JSON where it lies; none is null.
    fn with_json<T>(
        &mut self,
        node: &Node,
        look: impl FnOnce(Option<&serde_json::Value>) -> T,
    ) -> T {
        let (base, path) = match &node.kind {
            Kind::JsonPath { of, path } => (&**of, path.as_slice()),
            _ => (node, &[][..]),
        };
        match self.value(base) {
            Value::Json(json) => look(ops::json_path(&json, path)),
            _ => look(None),
        }
    }

    fn row(&mut self, node: &Node) -> Option<E::Row> {
        match &node.kind {
            Kind::Row(VarId(0)) => self.env.row(),
            Kind::Row(var) => match self.bound(*var)? {
                Bound::Row(row) => Some(row.clone()),
                Bound::Element(_) => None,
            },
            Kind::Hop { of, field } => {
                let row = self.row(of)?;
                self.env.hop(&row, *field)
            }
            _ => None,
        }
    }

    fn bound(&self, var: VarId) -> Option<&Bound<E::Row>> {
        self.bound.iter().rev().find(|(bound, _)| *bound == var).map(|(_, item)| item)
    }
}

/// Compares two values of one type.
fn compare(op: CompareOp, left: &Value, right: &Value) -> Option<bool> {
    match op {
        CompareOp::Eq => Some(left == right),
        CompareOp::Ne => Some(left != right),
        CompareOp::Lt => compute::order(left, right).map(|order| order.is_lt()),
        CompareOp::Le => compute::order(left, right).map(|order| order.is_le()),
        CompareOp::Gt => compute::order(left, right).map(|order| order.is_gt()),
        CompareOp::Ge => compute::order(left, right).map(|order| order.is_ge()),
    }
}

fn of_json(json: &serde_json::Value) -> Value {
    if json.is_null() { Value::Null } else { Value::Json(Arc::new(json.clone())) }
}

fn plain(json: Arc<serde_json::Value>) -> Value {
    if json.is_null() { Value::Null } else { Value::Json(json) }
}

/// JSON null is null, also where a whole field holds it.
fn without_json_null(value: Value) -> Value {
    match value {
        Value::Json(json) => plain(json),
        value => value,
    }
}
