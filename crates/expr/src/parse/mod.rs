//! Text to syntax tree.

mod ast;

pub use ast::{Ast, AstKind, Name};

use crate::mistake::Mistake;

/// Parses an expression.
///
/// # Errors
/// Returns the first mistake of syntax, or the bound that the text exceeds.
pub fn parse(_text: &str) -> Result<Ast, Mistake> {
    unimplemented!()
}
