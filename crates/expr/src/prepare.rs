//! Splits an expression into what depends on rows and what is known before a plan is made.

use smallvec::SmallVec;

use crate::evaluate::{Env, evaluate};
use crate::tree::Node;
use crate::value::Value;

/// An expression whose row-independent parts are taken out, so that one plan serves many values.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The expression, with `Kind::Atom(i)` for the parts taken out.
    pub tree: Node,
    /// The parts taken out: they use literals, `user`, `input` and `now` only.
    pub atoms: Vec<Node>,
}

/// What a plan needs to know of an atom's value.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum AtomShape {
    /// The boolean true.
    True,
    /// The boolean false.
    False,
    /// Null, of any type.
    Null,
    /// Anything else; bound at run time.
    Value,
}

/// What an ordered comparison with null, and a null in a boolean place, means.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// False, as in filters: `!(null < 5)` is true.
    False,
    /// Unknown, as in rules and checks: `!(null < 5)` allows nothing.
    Unknown,
}

/// Takes the row-independent parts out of a checked expression.
pub fn prepare(_node: Node) -> Prepared {
    unimplemented!("helper")
}

impl Prepared {
    /// Computes the atoms for one request.
    pub fn atom_values<E: Env>(&self, env: &E) -> SmallVec<[Value; 4]> {
        self.atoms.iter().map(|atom| evaluate(atom, env)).collect()
    }
}

impl AtomShape {
    /// Returns the shape of an atom's value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(true) => Self::True,
            Value::Bool(false) => Self::False,
            _ => Self::Value,
        }
    }
}
