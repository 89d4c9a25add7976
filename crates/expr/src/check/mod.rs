//! Syntax tree to checked expression.

use crate::mistake::Mistake;
use crate::parse::{Ast, parse};
use crate::schema::Scope;
use crate::tree::Node;
use crate::types::Type;

/// What an expression is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A value of this type; the expression is converted to it.
    Type(Type),
    /// Any scalar.
    AnyScalar,
}

/// Checks a parsed expression's names and types.
///
/// # Errors
/// Returns every mistake found, in the order of the text.
pub fn check(_ast: &Ast, _scope: &Scope<'_>) -> Result<Node, Vec<Mistake>> {
    unimplemented!()
}

/// Parses and checks an expression and converts it to what is expected.
///
/// # Errors
/// Returns every mistake found, in the order of the text.
pub fn compile(text: &str, scope: &Scope<'_>, _expect: Expect) -> Result<Node, Vec<Mistake>> {
    let ast = parse(text).map_err(|mistake| vec![mistake])?;
    check(&ast, scope)
}
