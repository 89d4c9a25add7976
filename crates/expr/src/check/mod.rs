//! Syntax tree to checked expression: names, types, nulls and conversions.
//!
//! All mistakes are reported: a part that cannot be typed is `None`, and its neighbours go on.

mod arith;
mod call;
mod compare;
mod convert;
mod describe;
mod json;
mod literal;
mod logic;
mod names;
mod quantify;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::mistake::Mistake;
use crate::parse::{Ast, AstKind, parse};
use crate::schema::{EntityId, FieldId, FieldInfo, Scope};
use crate::tree::{Kind, Node, Span};
use crate::types::Type;
use crate::value::Value;

use quantify::Loop;

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
pub fn check(ast: &Ast, scope: &Scope<'_>) -> Result<Node, Vec<Mistake>> {
    run(scope, |checker| checker.node(ast))
}

/// Parses and checks an expression and converts it to what is expected.
///
/// # Errors
/// Returns every mistake found, in the order of the text.
pub fn compile(text: &str, scope: &Scope<'_>, expect: Expect) -> Result<Node, Vec<Mistake>> {
    let ast = parse(text).map_err(|mistake| vec![mistake])?;
    run(scope, move |checker| {
        let node = match expect {
            Expect::Type(Type::Bool) => checker.condition(&ast),
            Expect::Type(ty) => {
                let node = checker.node(&ast)?;
                checker.convert(node, &ast, &ty)
            }
            Expect::AnyScalar => checker.one_scalar(&ast),
        }?;
        checker.renderable(node)
    })
}

fn run(
    scope: &Scope<'_>,
    work: impl FnOnce(&mut Checker<'_>) -> Option<Node>,
) -> Result<Node, Vec<Mistake>> {
    let mut checker =
        Checker { scope, mistakes: Vec::new(), loops: Vec::new(), relations: HashMap::new() };
    let node = work(&mut checker);
    let mut mistakes = checker.mistakes;
    match node {
        Some(node) if mistakes.is_empty() => Ok(node),
        _ => {
            mistakes.sort_by_key(|mistake| (mistake.span.start, mistake.span.end));
            mistakes.dedup();
            Err(mistakes)
        }
    }
}

struct Checker<'s> {
    scope: &'s Scope<'s>,
    mistakes: Vec<Mistake>,
    /// The loops around the place being checked, outer to inner.
    loops: Vec<Loop>,
    /// The to-one relations met, as a hop keeps only their id.
    relations: HashMap<(EntityId, FieldId), FieldInfo>,
}

/// A checked part and how it was written, which literals need for their conversion.
#[derive(Clone)]
struct Operand<'a> {
    node: Node,
    ast: &'a Ast,
}

impl Checker<'_> {
    fn node(&mut self, ast: &Ast) -> Option<Node> {
        let span = ast.span;
        match &ast.kind {
            AstKind::Null => Some(Node::literal(Value::Null, Type::Null, span)),
            AstKind::Bool(truth) => Some(Node::literal(Value::Bool(*truth), Type::Bool, span)),
            AstKind::Int(int) => Some(Node::literal(Value::Int(*int), Type::Int, span)),
            AstKind::Float(digits) => self.float(digits, span),
            AstKind::Text(text) => Some(Node::literal(Value::Text(text.clone()), Type::Text, span)),
            AstKind::List(items) => self.list(items, span),
            AstKind::Name(name) => self.name(name, span),
            AstKind::Member(of, name) => self.member(of, name, span),
            AstKind::Index(of, index) => self.index(of, index, span),
            AstKind::Call(name, arguments) => self.call(name, arguments, span),
            AstKind::Method(of, name, arguments) => self.method(of, name, arguments, span),
            AstKind::Not(of) => self.not(of, span),
            AstKind::Neg(of) => self.neg(of, span),
            AstKind::Arith(op, left, right) => self.arith(*op, left, right, span),
            AstKind::Compare(op, left, right) => self.compare(*op, left, right, span),
            AstKind::In(needle, list) => self.contained(needle, list, span),
            AstKind::And(items) => self.chain(items, Kind::And),
            AstKind::Or(items) => self.chain(items, Kind::Or),
            AstKind::Cond(condition, then, otherwise) => {
                self.conditional(condition, then, otherwise, span)
            }
        }
    }

    fn operand<'a>(&mut self, ast: &'a Ast) -> Option<Operand<'a>> {
        Some(Operand { node: self.node(ast)?, ast })
    }

    /// Checks what must be one value: a to-one relation stands for its key.
    fn scalar(&mut self, ast: &Ast) -> Option<Node> {
        let node = self.node(ast)?;
        let node = self.key_for_row(node)?;
        match &node.ty {
            Type::Rows(_) => self.fail(
                node.span,
                "a relation to many rows is not a value",
                "use .exists(x, …), .all(x, …) or .size()",
            ),
            _ => Some(node),
        }
    }

    fn one_scalar(&mut self, ast: &Ast) -> Option<Node> {
        let node = self.scalar(ast)?;
        match &node.ty {
            Type::Null => self.refuse(node.span, "null alone has no type"),
            Type::List(_) => self.refuse(node.span, "expected one value here, but this is a list"),
            _ => Some(node),
        }
    }

    /// Refuses a list that SQL would have to build from columns.
    fn renderable(&mut self, node: Node) -> Option<Node> {
        match &node.kind {
            Kind::List(_) if uses_rows(&node) => {
                self.refuse(node.span, "a list of a row's fields can only stand behind `in`")
            }
            _ => Some(node),
        }
    }

    /// Reports a mistake.
    fn refuse<T>(&mut self, span: Span, message: impl Into<String>) -> Option<T> {
        self.mistakes.push(Mistake::new(span, message));
        None
    }

    /// Reports a mistake with its remedy.
    fn fail<T>(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.mistakes.push(Mistake::new(span, message).with_help(help));
        None
    }
}

/// Returns whether a part depends on a row, or on an element of a loop around it.
fn uses_rows(node: &Node) -> bool {
    if matches!(node.kind, Kind::Row(_) | Kind::Element(_)) {
        return true;
    }
    let mut found = false;
    node.each_child(&mut |child| found |= uses_rows(child));
    found
}
