//! Visits the operands of a node.

use crate::tree::{Kind, Node};

impl Node {
    /// Calls `visit` with each operand.
    pub fn each_child<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        match &self.kind {
            Kind::Literal(_)
            | Kind::Row(_)
            | Kind::Element(_)
            | Kind::Now
            | Kind::User
            | Kind::Input(_)
            | Kind::HasInput(_)
            | Kind::Atom(_) => {}
            Kind::Field { of, .. }
            | Kind::Hop { of, .. }
            | Kind::RefKey { of, .. }
            | Kind::JsonPath { of, .. }
            | Kind::ToMany { of, .. } => visit(of),
            Kind::JsonAs(inner) | Kind::Convert(inner) | Kind::Not(inner) | Kind::Neg(inner) => {
                visit(inner);
            }
            Kind::And(left, right)
            | Kind::Or(left, right)
            | Kind::Compare(_, left, right)
            | Kind::Arith(_, left, right)
            | Kind::In(left, right) => {
                visit(left);
                visit(right);
            }
            Kind::List(items) | Kind::Call(_, items) => items.iter().for_each(visit),
            Kind::Cond(condition, then, otherwise) => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            Kind::Quantified { over, body, .. } => {
                visit(over);
                visit(body);
            }
        }
    }

    /// Calls `visit` with each operand, to change it.
    pub fn each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Node)) {
        match &mut self.kind {
            Kind::Literal(_)
            | Kind::Row(_)
            | Kind::Element(_)
            | Kind::Now
            | Kind::User
            | Kind::Input(_)
            | Kind::HasInput(_)
            | Kind::Atom(_) => {}
            Kind::Field { of, .. }
            | Kind::Hop { of, .. }
            | Kind::RefKey { of, .. }
            | Kind::JsonPath { of, .. }
            | Kind::ToMany { of, .. } => visit(of),
            Kind::JsonAs(inner) | Kind::Convert(inner) | Kind::Not(inner) | Kind::Neg(inner) => {
                visit(inner);
            }
            Kind::And(left, right)
            | Kind::Or(left, right)
            | Kind::Compare(_, left, right)
            | Kind::Arith(_, left, right)
            | Kind::In(left, right) => {
                visit(left);
                visit(right);
            }
            Kind::List(items) | Kind::Call(_, items) => items.iter_mut().for_each(visit),
            Kind::Cond(condition, then, otherwise) => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            Kind::Quantified { over, body, .. } => {
                visit(over);
                visit(body);
            }
        }
    }

    /// Moves the tree's places behind other text, of which its own becomes a part.
    pub fn shift_spans(&mut self, by: usize) {
        self.span.start += by;
        self.span.end += by;
        self.each_child_mut(&mut |child| child.shift_spans(by));
    }

    /// Moves the atoms of a prepared tree behind those of another, so that the two can be joined.
    pub fn shift_atoms(&mut self, by: u16) {
        if let Kind::Atom(index) = &mut self.kind {
            *index += by;
        }
        self.each_child_mut(&mut |child| child.shift_atoms(by));
    }
}
