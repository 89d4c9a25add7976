//! Checked expression to predicate tree.

use crate::predicate::{Pred, Term};
use crate::prepare::{AtomShape, Nulls};
use crate::tree::Node;

/// Lowers a prepared condition to what selects rows: unknown and false are the same to it.
pub fn lower(_tree: &Node, _atoms: &[AtomShape], _nulls: Nulls) -> Pred {
    unimplemented!()
}

/// Lowers a prepared condition exactly: unknown stays apart from false, as a `CHECK` constraint,
/// which an unknown condition passes, needs it.
pub fn lower_check(_tree: &Node, _atoms: &[AtomShape]) -> Pred {
    unimplemented!()
}

/// Lowers a prepared expression to a value.
pub fn lower_term(_tree: &Node, _atoms: &[AtomShape], _nulls: Nulls) -> Term {
    unimplemented!()
}
