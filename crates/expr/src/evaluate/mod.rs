//! Expressions in memory.

mod env;

pub use env::{Caller, Env};

use crate::prepare::Nulls;
use crate::tree::Node;
use crate::value::Value;

/// Evaluates an expression; a comparison that cannot be decided for a null gives null.
pub fn evaluate<E: Env>(_node: &Node, _env: &E) -> Value {
    unimplemented!()
}

/// Decides a condition: `None` is unknown, which only `Nulls::Unknown` has.
pub fn truth<E: Env>(_node: &Node, _env: &E, _nulls: Nulls) -> Option<bool> {
    unimplemented!()
}
