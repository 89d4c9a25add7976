//! A rule evaluated with every part kept: what was true, what was not, and the values that were met.

use std::mem::discriminant;

use crate::evaluate::{Bound, Env, Evaluator};
use crate::prepare::{Nulls, Prepared};
use crate::schema::{EntityId, FieldId};
use crate::tree::{Func, Kind, Node, Quantifier, Span};
use crate::types::Type;
use crate::value::Value;

/// How a condition came to its truth.
#[derive(Clone, Debug)]
pub struct Trace<R> {
    /// Where the condition stands in its text.
    pub span: Span,
    /// Its truth; `None` is unknown.
    pub truth: Option<bool>,
    /// What it is made of.
    pub step: Step<R>,
    /// The values it met, but for those met by its parts.
    pub seen: Vec<Seen>,
}

/// What a traced condition is made of.
#[derive(Clone, Debug)]
pub enum Step<R> {
    /// Nothing that decides by itself.
    Leaf,
    /// `!a`
    Not(Box<Trace<R>>),
    /// `a && b && …`
    And(Vec<Trace<R>>),
    /// `a || b || …`
    Or(Vec<Trace<R>>),
    /// `a ? b : c`: the test, and the branch it chose.
    Choice(Box<[Trace<R>; 2]>),
    /// `exists` or `all`: each row or element, with the condition on it.
    Each(Quantifier, Vec<(Item<R>, Trace<R>)>),
}

/// What a loop's variable stood for.
#[derive(Clone, Debug)]
pub enum Item<R> {
    /// A row.
    Row(R),
    /// An element of a list.
    Element(Value),
}

/// A value that a condition met.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Where it stands in the text.
    pub span: Span,
    /// The value.
    pub value: Value,
    /// The field it came from.
    pub field: Option<(EntityId, FieldId)>,
}

/// Evaluates a rule and keeps every part, also those that did not matter in the end.
pub fn trace<E: Env>(rule: &Prepared, env: &E) -> Trace<E::Row> {
    let whole = rule.whole();
    Evaluator::new(env, Nulls::Unknown).trace(&whole)
}

impl<E: Env> Evaluator<'_, E> {
    fn trace(&mut self, node: &Node) -> Trace<E::Row> {
        let (step, truth) = match &node.kind {
            Kind::Not(of) => {
                let of = self.trace(of);
                let truth = of.truth.map(|truth| !truth);
                (Step::Not(of.into()), truth)
            }
            Kind::And(..) => {
                let mut parts = Vec::new();
                self.chain(node, &mut parts);
                let truth = all(parts.iter().map(|part: &Trace<_>| part.truth));
                (Step::And(parts), truth)
            }
            Kind::Or(..) => {
                let mut parts = Vec::new();
                self.chain(node, &mut parts);
                let truths = parts.iter().map(|part: &Trace<_>| part.truth.map(|truth| !truth));
                let truth = all(truths).map(|truth| !truth);
                (Step::Or(parts), truth)
            }
            Kind::Cond(test, then, otherwise) => {
                let test = self.trace(test);
                let chosen = self.trace(if test.truth == Some(true) { then } else { otherwise });
                let truth = chosen.truth;
                (Step::Choice(Box::new([test, chosen])), truth)
            }
            Kind::Quantified { quantifier, over, var, body } => {
                let exists = *quantifier == Quantifier::Exists;
                let mut items = Vec::new();
                for item in self.items(over) {
                    let shown = match &item {
                        Bound::Row(row) => Item::Row(row.clone()),
                        Bound::Element(value) => Item::Element(value.clone()),
                    };
                    self.bound.push((*var, item));
                    items.push((shown, self.trace(body)));
                    self.bound.pop();
                }
                let found = items.iter().any(|(_, of)| (of.truth == Some(true)) == exists);
                (Step::Each(*quantifier, items), Some(found == exists))
            }
            _ => (Step::Leaf, self.condition(node)),
        };
        let mut seen = Vec::new();
        match (&step, &node.kind) {
            (Step::Leaf, _) => self.note(node, &mut seen),
            (Step::Each(..), Kind::Quantified { over, .. }) => self.note(over, &mut seen),
            _ => {}
        }
        Trace { span: node.span, truth, step, seen }
    }

    /// Traces the parts of a chain, which the checker made a balanced tree.
    fn chain(&mut self, node: &Node, parts: &mut Vec<Trace<E::Row>>) {
        let (Kind::And(left, right) | Kind::Or(left, right)) = &node.kind else { return };
        for side in [left, right] {
            if discriminant(&side.kind) == discriminant(&node.kind) {
                self.chain(side, parts);
            } else {
                let part = self.trace(side);
                parts.push(part);
            }
        }
    }

    /// Notes the values that a part names: fields, claims, the input, the time.
    fn note(&mut self, node: &Node, seen: &mut Vec<Seen>) {
        let field = match &node.kind {
            Kind::Now
            | Kind::User
            | Kind::Input(_)
            | Kind::HasInput(_)
            | Kind::Element(_)
            | Kind::Call(Func::SizeRows, _) => None,
            Kind::Field { of, field } | Kind::RefKey { of, field } => match of.ty {
                Type::Row(entity) => Some((entity, *field)),
                _ => None,
            },
            Kind::JsonPath { of, .. } => match &of.kind {
                Kind::Field { of, field } => match of.ty {
                    Type::Row(entity) => Some((entity, *field)),
                    _ => None,
                },
                _ => None,
            },
            Kind::ToMany { .. } => return,
            _ => {
                node.each_child(&mut |child| self.note(child, seen));
                return;
            }
        };
        let value = self.value(node);
        let new = Seen { span: node.span, value, field };
        if !seen.contains(&new) {
            seen.push(new);
        }
    }
}

/// Returns whether all are true, by the rules of unknown.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}
