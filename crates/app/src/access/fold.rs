//! A rule for a kind of caller: what the caller decides is folded away, what is left is shown in the
//! words of the model.

use expr::{AtomShape, Kind, Node, Type, Value};
use model::Rule;

use super::formula::Formula;
use super::who::Who;

/// Folds a rule for a kind of caller.
///
/// For any caller of the kind and any row, the rule allows exactly where the formula is true.
pub fn fold(rule: &Rule, who: &Who) -> Formula {
    let mut fold = Fold { rule, who, atoms: Vec::new() };
    fold.atoms = rule.expr.atoms.iter().map(|atom| fold.atom(atom)).collect();
    fold.open(&rule.expr.tree).settled()
}

struct Fold<'a> {
    rule: &'a Rule,
    who: &'a Who,
    atoms: Vec<Atom>,
}

/// A part without rows.
struct Atom {
    value: Option<Value>,
    /// What is left of a condition.
    formula: Formula,
}

impl Fold<'_> {
    fn atom(&self, node: &Node) -> Atom {
        if node.ty != Type::Bool {
            return Atom { value: self.who.value(node), formula: Formula::Unknown };
        }
        let formula = self.closed(node);
        let value = match formula {
            Formula::True => Some(Value::Bool(true)),
            Formula::False => Some(Value::Bool(false)),
            Formula::Unknown => Some(Value::Null),
            _ => None,
        };
        Atom { value, formula }
    }

    /// Folds a condition that uses no row.
    fn closed(&self, node: &Node) -> Formula {
        if let Some(value) = self.who.value(node) {
            return Formula::of(match value {
                Value::Bool(truth) => Some(truth),
                _ => None,
            });
        }
        match &node.kind {
            Kind::Not(of) => self.closed(of).negated(),
            Kind::And(left, right) => Formula::and([self.closed(left), self.closed(right)]),
            Kind::Or(left, right) => Formula::or([self.closed(left), self.closed(right)]),
            Kind::Cond(test, then, otherwise) => match self.closed(test) {
                Formula::True => self.closed(then),
                Formula::False | Formula::Unknown => self.closed(otherwise),
                _ => self.leaf(node),
            },
            _ => self.leaf(node),
        }
    }

    /// Folds a condition that uses rows. What `expr::lower` makes constant for the caller is.
    fn open(&self, node: &Node) -> Formula {
        if let Kind::Atom(index) = &node.kind {
            return self.atoms[usize::from(*index)].formula.clone();
        }
        match expr::lower_check(node, &self.shapes()) {
            expr::Pred::True => return Formula::True,
            expr::Pred::False => return Formula::False,
            expr::Pred::Unknown => return Formula::Unknown,
            _ => {}
        }
        match &node.kind {
            Kind::Not(of) => self.open(of).negated(),
            Kind::And(left, right) => Formula::and([self.open(left), self.open(right)]),
            Kind::Or(left, right) => Formula::or([self.open(left), self.open(right)]),
            Kind::Cond(test, then, otherwise) => match self.open(test).settled() {
                Formula::True => self.open(then),
                Formula::False => self.open(otherwise),
                _ => self.leaf(node),
            },
            _ => self.leaf(node),
        }
    }

    fn shapes(&self) -> Vec<AtomShape> {
        let shape = |atom: &Atom| atom.value.as_ref().map_or(AtomShape::Value, AtomShape::of);
        self.atoms.iter().map(shape).collect()
    }

    /// Takes a part as it is written, with null for the claims that the caller does not have.
    fn leaf(&self, node: &Node) -> Formula {
        let mut nulls = Vec::new();
        self.nulls(node, &mut nulls);
        nulls.sort_by_key(|span| span.start);
        let text = &self.rule.text;
        let mut out = String::with_capacity(text.len());
        let mut from = node.span.start;
        for span in nulls {
            // A part inside of one that is replaced already has nothing left to replace.
            if span.start >= from {
                out.push_str(text.get(from..span.start).unwrap_or_default());
                out.push_str("null");
                from = span.end;
            }
        }
        out.push_str(text.get(from..node.span.end).unwrap_or_default());
        Formula::leaf(&out)
    }

    fn nulls(&self, node: &Node, found: &mut Vec<expr::Span>) {
        if let Kind::Atom(index) = &node.kind {
            let atom = &self.atoms[usize::from(*index)];
            // A constant of the model that comes to null keeps its words, and with them its type.
            let constant =
                matches!(self.rule.expr.atoms[usize::from(*index)].kind, Kind::Literal(_));
            if atom.value == Some(Value::Null) && node.ty != Type::Bool && !constant {
                found.push(node.span);
            }
        }
        // Beside JSON, what is compared says as what the JSON is read; null would say nothing.
        let reads_json = match &node.kind {
            Kind::Compare(_, left, right) => {
                [left, right].iter().any(|side| matches!(side.kind, Kind::JsonAs(_)))
            }
            _ => false,
        };
        node.each_child(&mut |child| {
            if !(reads_json && matches!(child.kind, Kind::Atom(_))) {
                self.nulls(child, found);
            }
        });
    }
}
