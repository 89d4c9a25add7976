//! Syntax tree to text, with no more parentheses than needed.

use std::fmt::{self, Display, Formatter};

use crate::tree::{ArithOp, CompareOp};

use super::ast::{Ast, AstKind};
use super::escape;

/// How tight a node binds; what stands at a place of a tighter one needs parentheses.
const CONDITIONAL: u8 = 0;
const OR: u8 = 1;
const AND: u8 = 2;
const RELATION: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
const UNARY: u8 = 6;
const POSTFIX: u8 = 7;

impl Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            AstKind::Null => f.write_str("null"),
            AstKind::Bool(truth) => write!(f, "{truth}"),
            AstKind::Int(int) => write!(f, "{int}"),
            AstKind::Float(digits) => f.write_str(digits),
            AstKind::Text(text) => {
                let mut quoted = String::with_capacity(text.len() + 2);
                escape::quote(text, &mut quoted);
                f.write_str(&quoted)
            }
            AstKind::List(items) => {
                f.write_str("[")?;
                separated(f, items, ", ", CONDITIONAL)?;
                f.write_str("]")
            }
            AstKind::Name(name) => f.write_str(name),
            AstKind::Member(of, name) => {
                at(f, of, POSTFIX)?;
                write!(f, ".{}", name.text)
            }
            AstKind::Index(of, index) => {
                at(f, of, POSTFIX)?;
                write!(f, "[{index}]")
            }
            AstKind::Call(name, arguments) => call(f, &name.text, arguments),
            AstKind::Method(of, name, arguments) => {
                at(f, of, POSTFIX)?;
                f.write_str(".")?;
                call(f, &name.text, arguments)
            }
            AstKind::Not(of) => {
                f.write_str("!")?;
                at(f, of, UNARY)
            }
            AstKind::Neg(of) => {
                f.write_str("-")?;
                // A sign before digits would be read as part of the number.
                let digits = matches!(leftmost(of).kind, AstKind::Int(_) | AstKind::Float(_));
                at(f, of, if digits { u8::MAX } else { UNARY })
            }
            AstKind::Arith(op, left, right) => {
                let (sign, power) = arith(*op);
                binary(f, left, sign, right, power)
            }
            AstKind::Compare(op, left, right) => binary(f, left, compare(*op), right, RELATION),
            AstKind::In(left, right) => binary(f, left, "in", right, RELATION),
            AstKind::And(items) => separated(f, items, " && ", AND + 1),
            AstKind::Or(items) => separated(f, items, " || ", OR + 1),
            AstKind::Cond(condition, then, otherwise) => {
                at(f, condition, OR)?;
                write!(f, " ? {then} : {otherwise}")
            }
        }
    }
}

fn power(ast: &Ast) -> u8 {
    match &ast.kind {
        AstKind::Cond(..) => CONDITIONAL,
        AstKind::Or(_) => OR,
        AstKind::And(_) => AND,
        AstKind::Compare(..) | AstKind::In(..) => RELATION,
        AstKind::Arith(op, ..) => arith(*op).1,
        AstKind::Not(_) | AstKind::Neg(_) => UNARY,
        _ => POSTFIX,
    }
}

/// Returns the node whose text comes first behind a unary sign.
fn leftmost(ast: &Ast) -> &Ast {
    match &ast.kind {
        AstKind::Member(of, _) | AstKind::Index(of, _) | AstKind::Method(of, ..) => leftmost(of),
        _ => ast,
    }
}

fn at(f: &mut Formatter<'_>, ast: &Ast, least: u8) -> fmt::Result {
    if power(ast) < least { write!(f, "({ast})") } else { write!(f, "{ast}") }
}

fn binary(f: &mut Formatter<'_>, left: &Ast, sign: &str, right: &Ast, power: u8) -> fmt::Result {
    at(f, left, power)?;
    write!(f, " {sign} ")?;
    at(f, right, power + 1)
}

fn separated(f: &mut Formatter<'_>, items: &[Ast], by: &str, least: u8) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(by)?;
        }
        at(f, item, least)?;
    }
    Ok(())
}

fn call(f: &mut Formatter<'_>, name: &str, arguments: &[Ast]) -> fmt::Result {
    write!(f, "{name}(")?;
    separated(f, arguments, ", ", CONDITIONAL)?;
    f.write_str(")")
}

fn arith(op: ArithOp) -> (&'static str, u8) {
    match op {
        ArithOp::Add => ("+", SUM),
        ArithOp::Sub => ("-", SUM),
        ArithOp::Mul => ("*", PRODUCT),
        ArithOp::Div => ("/", PRODUCT),
        ArithOp::Rem => ("%", PRODUCT),
    }
}

pub(crate) fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
