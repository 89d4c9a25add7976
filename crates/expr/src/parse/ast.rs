//! The syntax tree: what was written, before any name is looked up.

use crate::tree::{ArithOp, CompareOp, Span};

/// An expression as written. Equality ignores spans.
#[derive(Clone, Debug)]
pub struct Ast {
    /// What it is.
    pub kind: AstKind,
    /// Where it stands in the text.
    pub span: Span,
}

/// The kinds of expressions as written. Parentheses leave no trace.
#[derive(Clone, Debug, PartialEq)]
pub enum AstKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// `42`, with its sign
    Int(i64),
    /// `19.90` or `1e3`, as written with its sign, so that a decimal keeps its digits
    Float(String),
    /// A text between quotes, unescaped
    Text(String),
    /// `[a, b]`
    List(Vec<Ast>),
    /// A name
    Name(String),
    /// `a.b`
    Member(Box<Ast>, Name),
    /// `a[b]`
    Index(Box<Ast>, Box<Ast>),
    /// `f(a, b)`
    Call(Name, Vec<Ast>),
    /// `a.f(b, c)`
    Method(Box<Ast>, Name, Vec<Ast>),
    /// `!a`
    Not(Box<Ast>),
    /// `-a`, where `a` is not a number as written
    Neg(Box<Ast>),
    /// `a * b` and its like
    Arith(ArithOp, Box<Ast>, Box<Ast>),
    /// `a < b` and its like
    Compare(CompareOp, Box<Ast>, Box<Ast>),
    /// `a in b`
    In(Box<Ast>, Box<Ast>),
    /// `a && b && c`: at least two, kept flat so that a long chain is not a deep tree
    And(Vec<Ast>),
    /// `a || b || c`: at least two
    Or(Vec<Ast>),
    /// `a ? b : c`
    Cond(Box<Ast>, Box<Ast>, Box<Ast>),
}

/// A name of a member or function, with its place.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands in the text.
    pub span: Span,
}

impl PartialEq for Ast {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
