//! Mainstay's expression language: a subset of CEL with nulls defined.
//!
//! `parse` → `check` → `prepare` once at load, then `evaluate` in memory or `lower` to a predicate
//! tree that `plan` renders as SQL. The two must agree; a property test holds them to it.

#[cfg(test)]
mod agreement;
mod check;
mod evaluate;
mod lower;
mod mistake;
pub mod ops;
mod parse;
mod predicate;
mod prepare;
mod schema;
mod tree;
mod types;
mod value;
mod walk;

pub use check::{Expect, check, compile};
pub use evaluate::{Caller, Env, Item, Seen, Step, Trace, evaluate, trace, truth};
pub use lower::{lower, lower_check, lower_term};
pub use mistake::Mistake;
pub use parse::{Ast, AstKind, Name, parse};
pub use predicate::{Path, Pred, Term};
pub use prepare::{AtomShape, Nulls, Prepared, prepare, prepare_value};
pub use schema::{DocumentId, EntityId, EnumId, FieldId, FieldInfo, JsonShape, Schema, Scope};
pub use tree::{
    ArithOp, CompareOp, Func, Kind, LiteralValue, Node, PathStep, Quantifier, Span, VarId,
};
pub use types::Type;
pub use value::{Date, Timestamp, Value};
