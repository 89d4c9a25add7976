//! Predicates in memory as a database reads them: SQL's three values, and nothing else.

use std::collections::HashMap;

use crate::evaluate::compute;
use crate::ops;
use crate::predicate::{Path, Pred, Term};
use crate::tree::{CompareOp, Func, VarId};
use crate::types::Type;
use crate::value::Value;

use super::world::{At, ITEM, Surroundings};

#[derive(Clone)]
enum Bound {
    Row(At),
    Element(Value),
}

pub(super) struct Interpreter<'a> {
    surroundings: &'a Surroundings<'a>,
    bound: HashMap<VarId, Bound>,
    /// Which of false and unknown an undecided `InList` comes to.
    opens_to_false: bool,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(surroundings: &'a Surroundings<'a>, opens_to_false: bool) -> Self {
        let bound = HashMap::from([(VarId(0), Bound::Row((ITEM, surroundings.row)))]);
        Self { surroundings, bound, opens_to_false }
    }

    fn with(&self, var: VarId, bound: Bound) -> Self {
        let mut inner = self.bound.clone();
        inner.insert(var, bound);
        Self { bound: inner, ..*self }
    }

    pub(super) fn pred(&self, pred: &Pred) -> Option<bool> {
        match pred {
            Pred::True => Some(true),
            Pred::False => Some(false),
            Pred::Unknown => None,
            Pred::And(parts) => {
                assert!(!parts.is_empty());
                let parts: Vec<_> = parts.iter().map(|part| self.pred(part)).collect();
                if parts.contains(&Some(false)) {
                    return Some(false);
                }
                (!parts.contains(&None)).then_some(true)
            }
            Pred::Or(parts) => {
                assert!(!parts.is_empty());
                let parts: Vec<_> = parts.iter().map(|part| self.pred(part)).collect();
                if parts.contains(&Some(true)) {
                    return Some(true);
                }
                (!parts.contains(&None)).then_some(false)
            }
            Pred::Not(of) => self.pred(of).map(|truth| !truth),
            Pred::OrFalse(of) => Some(self.pred(of).unwrap_or(false)),
            Pred::Compare(op, left, right) => {
                let (left, right) = (self.term(left), self.term(right));
                if left == Value::Null || right == Value::Null {
                    return None;
                }
                let same_type = std::mem::discriminant(&left) == std::mem::discriminant(&right);
                assert!(same_type, "{left:?} and {right:?}");
                let order = || compute::order(&left, &right).expect("comparable");
                Some(match op {
                    CompareOp::Eq => left == right,
                    CompareOp::Ne => left != right,
                    CompareOp::Lt => order().is_lt(),
                    CompareOp::Le => order().is_le(),
                    CompareOp::Gt => order().is_gt(),
                    CompareOp::Ge => order().is_ge(),
                })
            }
            Pred::Same(left, right) => Some(self.term(left) == self.term(right)),
            Pred::IsNull(term) => Some(self.term(term) == Value::Null),
            Pred::In(needle, items) => {
                assert!(!items.is_empty());
                let needle = self.term(needle);
                let items: Vec<_> = items.iter().map(|item| self.term(item)).collect();
                if needle == Value::Null {
                    return None;
                }
                if items.contains(&needle) {
                    return Some(true);
                }
                (!items.contains(&Value::Null)).then_some(false)
            }
            Pred::InList(needle, list) => {
                let ty = type_of(needle);
                let (needle, list) = (self.term(needle), self.term(list));
                // The law must hold for whichever of false and unknown the renderer takes.
                let open = if self.opens_to_false { Some(false) } else { None };
                if needle == Value::Null {
                    return open;
                }
                match list {
                    Value::List(items) => Some(items.contains(&needle)),
                    Value::Json(json) => match json.as_array() {
                        Some(items) => {
                            Some(items.iter().any(|item| ops::json_as(item, &ty) == needle))
                        }
                        None => open,
                    },
                    _ => open,
                }
            }
            Pred::Holds(term) => match self.term(term) {
                Value::Bool(truth) => Some(truth),
                Value::Null => None,
                other => panic!("{other:?} is no truth value"),
            },
            Pred::ExistsRow { of, relation, var, pred } => {
                let rows = self
                    .row(of)
                    .map_or(Vec::new(), |row| self.surroundings.world.many(&row, *relation));
                Some(
                    rows.into_iter()
                        .any(|row| self.with(*var, Bound::Row(row)).pred(pred) == Some(true)),
                )
            }
            Pred::ExistsElement { list, var, pred } => {
                let items = match self.term(list) {
                    Value::List(items) => items,
                    Value::Json(json) => {
                        let items = json.as_array().cloned().unwrap_or_default();
                        items.into_iter().map(json_value).collect()
                    }
                    _ => Vec::new(),
                };
                Some(
                    items
                        .into_iter()
                        .any(|item| self.with(*var, Bound::Element(item)).pred(pred) == Some(true)),
                )
            }
        }
    }

    pub(super) fn term(&self, term: &Term) -> Value {
        match term {
            Term::Field { of, field, .. } => self.row(of).map_or(Value::Null, |row| {
                no_json_null(self.surroundings.world.field(&row, *field))
            }),
            Term::RefKey { of, field, .. } => self
                .row(of)
                .map_or(Value::Null, |row| self.surroundings.world.ref_key(&row, *field)),
            Term::Element(var, _) => match &self.bound[var] {
                Bound::Element(value) => value.clone(),
                Bound::Row(_) => panic!("an element"),
            },
            Term::Atom(index, _) => {
                let value = self.surroundings.atoms[usize::from(*index)].clone();
                assert_ne!(value, Value::Null);
                value
            }
            Term::Null(_) => Value::Null,
            Term::JsonPath(of, path) => match self.term(of) {
                Value::Json(json) => {
                    ops::json_path(&json, path).cloned().map_or(Value::Null, json_value)
                }
                _ => Value::Null,
            },
            Term::JsonAs(of, ty) => match self.term(of) {
                Value::Json(json) => ops::json_as(&json, ty),
                _ => Value::Null,
            },
            Term::Convert(of, _, to) => compute::convert(&self.term(of), to).unwrap_or(Value::Null),
            Term::Neg(of, _) => compute::negate(&self.term(of)).unwrap_or(Value::Null),
            Term::Arith { op, left, right, .. } => {
                compute::arith(*op, &self.term(left), &self.term(right)).unwrap_or(Value::Null)
            }
            Term::Call(func, arguments) => {
                let values: Vec<_> = arguments.iter().map(|(term, _)| self.term(term)).collect();
                if let (Func::SizeList, Value::Json(json)) = (func, &values[0]) {
                    return json
                        .as_array()
                        .map_or(Value::Null, |list| Value::Int(list.len() as i64));
                }
                if values.contains(&Value::Null) {
                    return Value::Null;
                }
                compute::call(*func, &values[0], values.get(1)).unwrap_or(Value::Null)
            }
            Term::CountRows { of, relation } => {
                let count = self
                    .row(of)
                    .map_or(0, |row| self.surroundings.world.many(&row, *relation).len());
                Value::Int(count as i64)
            }
            Term::Truth(pred) => self.pred(pred).map_or(Value::Null, Value::Bool),
            Term::Case(test, then, otherwise) => {
                if self.pred(test) == Some(true) {
                    self.term(then)
                } else {
                    self.term(otherwise)
                }
            }
        }
    }

    fn row(&self, path: &Path) -> Option<At> {
        let Bound::Row(start) = &self.bound[&path.var] else { panic!("a row") };
        assert_eq!(start.0, path.entity);
        path.hops.iter().try_fold(*start, |row, hop| self.surroundings.world.hop(&row, *hop))
    }
}

fn json_value(json: serde_json::Value) -> Value {
    if json.is_null() { Value::Null } else { Value::Json(json.into()) }
}

fn no_json_null(value: Value) -> Value {
    match value {
        Value::Json(json) if json.is_null() => Value::Null,
        value => value,
    }
}

fn type_of(term: &Term) -> Type {
    term.ty()
}
