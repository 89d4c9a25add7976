//! Values to terms, with null passed through.

use crate::predicate::{Path, Pred, Term};
use crate::prepare::{AtomShape, Nulls};
use crate::schema::EntityId;
use crate::tree::{Func, Kind, Node, VarId};
use crate::types::Type;
use crate::value::Value;

use super::{Lower, Sense, constant, null};

/// A term, and whether it can be null.
#[derive(Clone)]
pub(super) struct Lowered {
    pub(super) term: Term,
    pub(super) nullable: bool,
}

impl Lowered {
    pub(super) fn is_null(&self) -> bool {
        matches!(self.term, Term::Null(_))
    }
}

impl Lower<'_> {
    /// Lowers what is used as a value.
    pub(super) fn term(&self, node: &Node) -> Lowered {
        if !node.decides() {
            return self.value(node);
        }
        match self.condition(node, false, Sense::Exact) {
            Pred::Unknown => null(&Type::Bool),
            pred => {
                let known = matches!(pred, Pred::True | Pred::False);
                let nullable = self.nulls == Nulls::Unknown && node.nullable && !known;
                Lowered { term: Term::Truth(pred.into()), nullable }
            }
        }
    }

    /// Lowers the branches of a choice whose test is lowered already: lowering it here again would
    /// double the work with each level of nesting.
    pub(super) fn case(&self, test: Pred, then: &Node, otherwise: &Node, ty: &Type) -> Lowered {
        let (then, otherwise) = (self.term(then), self.term(otherwise));
        if then.is_null() && otherwise.is_null() {
            return null(ty);
        }
        let nullable = then.nullable || otherwise.nullable;
        let term = Term::Case(test.into(), then.term.into(), otherwise.term.into());
        Lowered { term, nullable }
    }

    /// Lowers what decides nothing, and calls.
    pub(super) fn value(&self, node: &Node) -> Lowered {
        let (ty, nullable) = (node.ty.clone(), node.nullable);
        match &node.kind {
            Kind::Literal(_) => match constant(node) {
                Some(Value::Bool(truth)) => truth_of(*truth),
                Some(_) => null(&ty),
                None => unreachable!("prepare takes literals out as atoms"),
            },
            Kind::Atom(index) => match self.atoms[usize::from(*index)] {
                AtomShape::True => truth_of(true),
                AtomShape::False => truth_of(false),
                AtomShape::Null => null(&ty),
                AtomShape::Value => Lowered { term: Term::Atom(*index, ty), nullable: false },
            },
            Kind::Element(var) => Lowered { term: Term::Element(*var, ty), nullable },
            Kind::Field { of, field } => {
                Lowered { term: Term::Field { of: path(of), field: *field, ty }, nullable }
            }
            Kind::RefKey { of, field } => {
                Lowered { term: Term::RefKey { of: path(of), field: *field, ty }, nullable }
            }
            Kind::JsonPath { of, path } => {
                self.through(of, &ty, true, |of| Term::JsonPath(of, path.clone()))
            }
            Kind::JsonAs(of) => self.through(of, &ty, true, |of| Term::JsonAs(of, ty.clone())),
            Kind::Convert(of) => {
                self.through(of, &ty, false, |term| Term::Convert(term, of.ty.clone(), ty.clone()))
            }
            Kind::Neg(of) => {
                let overflows = matches!(ty, Type::Int | Type::Duration);
                self.through(of, &ty, overflows, |of| Term::Neg(of, ty.clone()))
            }
            Kind::Arith(op, left, right) => {
                let (a, b) = (self.term(left), self.term(right));
                if a.is_null() || b.is_null() {
                    return null(&ty);
                }
                // Joining texts is the only arithmetic that always has a result.
                let nullable = a.nullable || b.nullable || ty != Type::Text;
                let term = Term::Arith {
                    op: *op,
                    left: a.term.into(),
                    right: b.term.into(),
                    left_ty: left.ty.clone(),
                    right_ty: right.ty.clone(),
                };
                Lowered { term, nullable }
            }
            Kind::Call(func, arguments) => self.call(*func, arguments, &ty),
            Kind::Cond(test, then, otherwise) => {
                match self.condition(test, false, Sense::Selects) {
                    Pred::True => self.term(then),
                    Pred::False => self.term(otherwise),
                    test => self.case(test, then, otherwise, &ty),
                }
            }
            _ => unreachable!("the checker and prepare leave no such part in a value's place"),
        }
    }

    fn through(
        &self,
        of: &Node,
        ty: &Type,
        may_fail: bool,
        wrap: impl FnOnce(Box<Term>) -> Term,
    ) -> Lowered {
        let of = self.term(of);
        if of.is_null() {
            return null(ty);
        }
        Lowered { term: wrap(of.term.into()), nullable: may_fail || of.nullable }
    }

    fn call(&self, func: Func, arguments: &[Node], ty: &Type) -> Lowered {
        if let (Func::SizeRows, [Node { kind: Kind::ToMany { of, field }, .. }]) = (func, arguments)
        {
            let term = Term::CountRows { of: path(of), relation: *field };
            return Lowered { term, nullable: false };
        }
        let mut nullable = arguments.first().is_some_and(|first| func.may_fail(&first.ty));
        let mut lowered = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let term = self.term(argument);
            if term.is_null() {
                return null(ty);
            }
            nullable |= term.nullable;
            lowered.push((term.term, argument.ty.clone()));
        }
        Lowered { term: Term::Call(func, lowered), nullable }
    }
}

fn truth_of(truth: bool) -> Lowered {
    let pred = if truth { Pred::True } else { Pred::False };
    Lowered { term: Term::Truth(pred.into()), nullable: false }
}

/// Lowers a row: a variable and the relations followed from it.
pub(super) fn path(row: &Node) -> Path {
    match (&row.kind, &row.ty) {
        (Kind::Hop { of, field }, _) => {
            let mut path = path(of);
            path.hops.push(*field);
            path
        }
        (Kind::Row(var), Type::Row(entity)) => {
            Path { var: *var, entity: *entity, hops: Vec::new() }
        }
        _ => Path { var: VarId(0), entity: EntityId(0), hops: Vec::new() },
    }
}
