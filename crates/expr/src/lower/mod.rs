//! Checked expression to predicate tree.
//!
//! Negations are pushed inward, so that a comparison stays one that an index can serve, and
//! everything known from the atoms' shapes is folded away.

mod simplify;
mod term;

#[cfg(test)]
mod tests;

use crate::predicate::{Pred, Term};
use crate::prepare::{AtomShape, Nulls};
use crate::tree::{CompareOp, Func, Kind, LiteralValue, Node, Quantifier};
use crate::types::Type;
use crate::value::Value;

use simplify::{and, not, or, or_false};
use term::{Lowered, path};

/// A condition of more parts than this is not written twice to spare a CASE.
const COPIED_PARTS_MAX: usize = 32;

/// Lowers a prepared condition to what selects rows: unknown and false are the same to it.
///
/// For `Nulls::False` and `Nulls::Unknown` alike, the result is true exactly where `truth` is
/// `Some(true)`.
pub fn lower(tree: &Node, atoms: &[AtomShape], nulls: Nulls) -> Pred {
    Lower { atoms, nulls }.condition(tree, false, Sense::Selects)
}

/// Lowers a prepared condition exactly: unknown stays apart from false, as a `CHECK` constraint,
/// which an unknown condition passes, needs it.
pub fn lower_check(tree: &Node, atoms: &[AtomShape]) -> Pred {
    Lower { atoms, nulls: Nulls::Unknown }.condition(tree, false, Sense::Exact)
}

/// Lowers a prepared expression to a value.
pub fn lower_term(tree: &Node, atoms: &[AtomShape], nulls: Nulls) -> Term {
    Lower { atoms, nulls }.term(tree).term
}

/// What a predicate's unknown may be taken for.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Sense {
    /// False as well: only where it is true matters.
    Selects,
    /// Nothing but itself.
    Exact,
}

struct Lower<'a> {
    atoms: &'a [AtomShape],
    nulls: Nulls,
}

impl Lower<'_> {
    /// Lowers a condition, or its negation.
    fn condition(&self, node: &Node, negated: bool, sense: Sense) -> Pred {
        match &node.kind {
            Kind::Not(of) => self.condition(of, !negated, sense),
            Kind::And(left, right) | Kind::Or(left, right) => {
                let parts =
                    [self.condition(left, negated, sense), self.condition(right, negated, sense)];
                if matches!(node.kind, Kind::And(..)) == negated { or(parts) } else { and(parts) }
            }
            Kind::Compare(op @ (CompareOp::Eq | CompareOp::Ne), left, right) => {
                self.equal(left, right, negated != (*op == CompareOp::Ne), sense)
            }
            Kind::Compare(op, left, right) => {
                let (left, right) = (self.term(left), self.term(right));
                if left.is_null() || right.is_null() {
                    return self.open(Pred::Unknown, true, negated, sense);
                }
                let nullable = left.nullable || right.nullable;
                self.open(Pred::Compare(*op, left.term, right.term), nullable, negated, sense)
            }
            Kind::In(needle, list) => self.contained(needle, list, negated, sense),
            Kind::Quantified { quantifier, over, var, body } => {
                let exists = *quantifier == Quantifier::Exists;
                let body = if exists {
                    self.condition(body, false, Sense::Selects)
                } else {
                    self.not_true(body)
                };
                let found = self.exists(over, *var, body);
                if exists == negated { not(found) } else { found }
            }
            Kind::Cond(test, then, otherwise) => {
                self.choice(node, (test, then, otherwise), negated, sense)
            }
            _ => {
                let Lowered { term, nullable } = self.value(node);
                let pred = match term {
                    Term::Null(_) => Pred::Unknown,
                    Term::Truth(pred) => *pred,
                    term => Pred::Holds(term),
                };
                self.open(pred, nullable, negated, sense)
            }
        }
    }

    /// Finishes a condition that is unknown where a null leaves it open.
    fn open(&self, pred: Pred, nullable: bool, negated: bool, sense: Sense) -> Pred {
        if self.nulls == Nulls::False {
            return decided(pred, nullable, negated, sense);
        }
        match if negated { not(pred) } else { pred } {
            Pred::Unknown if sense == Sense::Selects => Pred::False,
            pred => pred,
        }
    }

    fn equal(&self, left: &Node, right: &Node, negated: bool, sense: Sense) -> Pred {
        let (left, right) = (self.term(left), self.term(right));
        let pred = match (left.is_null(), right.is_null()) {
            (true, true) => Pred::True,
            (true, false) => is_null(right),
            (false, true) => is_null(left),
            (false, false) => {
                let nullable = left.nullable || right.nullable;
                if let Some(pred) = equals_constant(&left.term, &right.term) {
                    return decided(pred, nullable, negated, sense);
                }
                let both = left.nullable && right.nullable;
                // One null side can only mean false, and unknown will do where only truth counts.
                if !nullable || (!both && !negated && sense == Sense::Selects) {
                    Pred::Compare(CompareOp::Eq, left.term, right.term)
                } else {
                    Pred::Same(left.term, right.term)
                }
            }
        };
        if negated { not(pred) } else { pred }
    }

    fn contained(&self, needle: &Node, list: &Node, negated: bool, sense: Sense) -> Pred {
        let needle = self.term(needle);
        if needle.is_null() {
            return self.open(Pred::Unknown, true, negated, sense);
        }
        let Kind::List(items) = &list.kind else {
            let (list_ty, json) = (&list.ty, list.ty == Type::Json);
            let list = self.term(list);
            if list.is_null() {
                return self.open(Pred::Unknown, true, negated, sense);
            }
            // JSON bound as a list may turn out to be none.
            let size = Term::Call(Func::SizeList, vec![(list.term.clone(), list_ty.clone())]);
            let size = Lowered { term: size, nullable: list.nullable || json };
            let nullable = needle.nullable || size.nullable;
            let undecided = or([is_null(needle.clone()), is_null(size)]);
            let found = Pred::InList(needle.term, list.term);
            let found = if self.tells_unknown(negated, sense) {
                or([found, and([undecided, Pred::Unknown])])
            } else {
                found
            };
            return self.open(found, nullable, negated, sense);
        };
        let (nulls, items): (Vec<_>, Vec<_>) =
            items.iter().map(|item| self.term(item)).partition(Lowered::is_null);
        let nullable =
            needle.nullable || !nulls.is_empty() || items.iter().any(|item| item.nullable);
        let mut alternatives = Vec::new();
        if !items.is_empty() {
            let items = items.into_iter().map(|item| item.term).collect();
            alternatives.push(Pred::In(needle.term, items));
        } else if self.tells_unknown(negated, sense) {
            // Null is in no list, and not out of it either: not even of an empty one.
            alternatives.push(and([is_null(needle), Pred::Unknown]));
        }
        if !nulls.is_empty() {
            alternatives.push(Pred::Unknown);
        }
        self.open(or(alternatives), nullable, negated, sense)
    }

    /// Returns whether unknown must be told from false here.
    fn tells_unknown(&self, negated: bool, sense: Sense) -> bool {
        self.nulls == Nulls::Unknown && (negated || sense == Sense::Exact)
    }

    /// Lowers that a condition is false or unknown.
    fn not_true(&self, node: &Node) -> Pred {
        match (&node.kind, self.nulls) {
            (Kind::And(left, right), _) => or([self.not_true(left), self.not_true(right)]),
            (Kind::Or(left, right), _) => and([self.not_true(left), self.not_true(right)]),
            (_, Nulls::Unknown) if node.nullable => {
                not(or_false(self.condition(node, false, Sense::Exact)))
            }
            _ => self.condition(node, true, Sense::Selects),
        }
    }

    fn exists(&self, over: &Node, var: crate::tree::VarId, pred: Pred) -> Pred {
        if pred == Pred::False {
            return Pred::False;
        }
        let pred = Box::new(pred);
        if let Kind::ToMany { of, field } = &over.kind {
            return Pred::ExistsRow { of: path(of), relation: *field, var, pred };
        }
        let list = self.term(over);
        if list.is_null() {
            return Pred::False;
        }
        Pred::ExistsElement { list: list.term, var, pred }
    }

    /// Lowers `test ? then : otherwise` as a condition.
    fn choice(
        &self,
        node: &Node,
        (test, then, otherwise): (&Node, &Node, &Node),
        negated: bool,
        sense: Sense,
    ) -> Pred {
        let holds = match self.condition(test, false, Sense::Selects) {
            Pred::True => return self.condition(then, negated, sense),
            Pred::False => return self.condition(otherwise, negated, sense),
            holds => holds,
        };
        if copied_parts(test).is_none_or(|parts| parts > COPIED_PARTS_MAX) {
            let Lowered { term, nullable } = self.case(holds, then, otherwise, &node.ty);
            return self.open(Pred::Holds(term), nullable, negated, sense);
        }
        let holds = match (sense, self.nulls) {
            (Sense::Selects, _) => holds,
            (Sense::Exact, Nulls::False) => self.condition(test, false, Sense::Exact),
            (Sense::Exact, Nulls::Unknown) => {
                let exact = self.condition(test, false, Sense::Exact);
                if test.nullable { or_false(exact) } else { exact }
            }
        };
        let fails = self.fails(test, sense);
        or([
            and([holds, self.condition(then, negated, sense)]),
            and([fails, self.condition(otherwise, negated, sense)]),
        ])
    }

    /// Lowers that a test is not true, never unknown where that matters.
    fn fails(&self, test: &Node, sense: Sense) -> Pred {
        match (sense, self.nulls) {
            (Sense::Selects, _) => self.not_true(test),
            (Sense::Exact, Nulls::Unknown) if test.nullable => {
                not(or_false(self.condition(test, false, Sense::Exact)))
            }
            (Sense::Exact, _) => self.condition(test, true, Sense::Exact),
        }
    }
}

/// Finishes a condition whose unknown means false, whatever `Nulls` says.
fn decided(pred: Pred, nullable: bool, negated: bool, sense: Sense) -> Pred {
    match (pred, negated) {
        (Pred::Unknown, true) => Pred::True,
        (Pred::Unknown, false) => Pred::False,
        (pred, true) if nullable => not(or_false(pred)),
        (pred, true) => not(pred),
        (pred, false) if nullable && sense == Sense::Exact => or_false(pred),
        (pred, false) => pred,
    }
}

fn is_null(of: Lowered) -> Pred {
    if of.nullable { Pred::IsNull(of.term) } else { Pred::False }
}

/// Lowers `x == true` to `x`, and `x == false` to its negation.
fn equals_constant(left: &Term, right: &Term) -> Option<Pred> {
    let constant = |term: &Term| match term {
        Term::Truth(pred) if **pred == Pred::True => Some(true),
        Term::Truth(pred) if **pred == Pred::False => Some(false),
        _ => None,
    };
    let (wanted, other) = match (constant(left), constant(right)) {
        (_, Some(wanted)) => (wanted, left),
        (Some(wanted), None) => (wanted, right),
        (None, None) => return None,
    };
    let holds = match other {
        Term::Truth(pred) => (**pred).clone(),
        term => Pred::Holds(term.clone()),
    };
    Some(if wanted { holds } else { not(holds) })
}

/// Counts a condition's parts; none where it has a choice of its own, which copying would square.
fn copied_parts(node: &Node) -> Option<usize> {
    if matches!(node.kind, Kind::Cond(..)) {
        return None;
    }
    let mut sum = Some(1);
    node.each_child(&mut |child| {
        sum = sum.and_then(|sum: usize| Some(sum + copied_parts(child)?));
    });
    sum
}

/// Returns a constant's value where it is known without binding.
fn constant(node: &Node) -> Option<&Value> {
    match &node.kind {
        Kind::Literal(LiteralValue(value @ (Value::Null | Value::Bool(_)))) => Some(value),
        _ => None,
    }
}

fn null(ty: &Type) -> Lowered {
    Lowered { term: Term::Null(ty.clone()), nullable: true }
}
