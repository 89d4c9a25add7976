//! Expressions put together from parts, as if they had been written.

use expr::{Ast, AstKind, CompareOp, Name, Span};

pub(super) fn ast(kind: AstKind) -> Ast {
    Ast { kind, span: Span::default() }
}

/// `name`
pub(super) fn variable(name: &str) -> Ast {
    ast(AstKind::Name(name.to_owned()))
}

/// `of.name`
pub(super) fn member(of: Ast, name: &str) -> Ast {
    ast(AstKind::Member(of.into(), called(name)))
}

/// `'text'`
pub(super) fn text(text: &str) -> Ast {
    ast(AstKind::Text(text.to_owned()))
}

/// `left == right` and its like
pub(super) fn compare(op: CompareOp, left: Ast, right: Ast) -> Ast {
    ast(AstKind::Compare(op, left.into(), right.into()))
}

/// `needle in list`
pub(super) fn contained(needle: Ast, list: Ast) -> Ast {
    ast(AstKind::In(needle.into(), list.into()))
}

/// `[a, b]`
pub(super) fn list(items: Vec<Ast>) -> Ast {
    ast(AstKind::List(items))
}

/// `!of`
pub(super) fn not(of: Ast) -> Ast {
    ast(AstKind::Not(of.into()))
}

/// `a && b`; one part is itself.
pub(super) fn and(parts: Vec<Ast>) -> Ast {
    chain(parts, AstKind::And)
}

/// `a || b`; one part is itself.
pub(super) fn or(parts: Vec<Ast>) -> Ast {
    chain(parts, AstKind::Or)
}

fn chain(mut parts: Vec<Ast>, kind: fn(Vec<Ast>) -> AstKind) -> Ast {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            ast(kind(parts))
        }
    }
}

/// `size(of)`
pub(super) fn size(of: Ast) -> Ast {
    ast(AstKind::Call(called("size"), vec![of]))
}

/// `of.name(arguments)`
pub(super) fn method(of: Ast, name: &str, arguments: Vec<Ast>) -> Ast {
    ast(AstKind::Method(of.into(), called(name), arguments))
}

fn called(name: &str) -> Name {
    Name { text: name.to_owned(), span: Span::default() }
}
