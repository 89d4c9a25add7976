//! Text to syntax tree: a lexer and a Pratt parser for the CEL subset, both bounded.

mod ast;
mod escape;
mod lexer;
mod parser;
mod print;

#[cfg(test)]
mod tests;

pub use ast::{Ast, AstKind, Name};
pub use parser::parse;

/// The longest text that is parsed, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The most nodes a syntax tree has.
const NODES_MAX: usize = 4096;
/// How deep a syntax tree, and the parentheses in its text, may nest.
const DEPTH_MAX: usize = 64;
