//! Conditions: `!`, `&&`, `||` and `? :`.

use crate::parse::Ast;
use crate::tree::{Kind, Node, Span};
use crate::types::Type;

use super::Checker;
use super::convert::json_as;

impl Checker<'_> {
    /// Checks what must be true or false.
    pub(super) fn condition(&mut self, ast: &Ast) -> Option<Node> {
        let node = self.node(ast)?;
        let span = node.span;
        match &node.ty {
            Type::Bool => Some(node),
            Type::Json => Some(json_as(node, &Type::Bool)),
            ty => {
                let help = match ty {
                    Type::Null => return self.refuse(span, "null is not a condition"),
                    Type::Rows(_) => "use .exists(x, …) or .size()",
                    Type::Row(_) => "ask whether there is one with `!= null`",
                    Type::Text | Type::Enum(_) => "compare it: `== '…'`",
                    _ => "compare it with something",
                };
                let message = format!("expected a condition, but this is {}", self.describe(ty));
                self.fail(span, message, help)
            }
        }
    }

    pub(super) fn not(&mut self, of: &Ast, span: Span) -> Option<Node> {
        let of = self.condition(of)?;
        let nullable = of.nullable;
        Some(Node::new(Kind::Not(of.into()), Type::Bool, nullable, span))
    }

    /// Checks `a && b && c` into a balanced tree, so that a long chain is not a deep one.
    pub(super) fn chain(
        &mut self,
        items: &[Ast],
        kind: fn(Box<Node>, Box<Node>) -> Kind,
    ) -> Option<Node> {
        let checked: Vec<_> = items.iter().map(|item| self.condition(item)).collect();
        let mut level = checked.into_iter().collect::<Option<Vec<_>>>()?;
        while level.len() > 1 {
            let mut next = Vec::with_capacity(level.len().div_ceil(2));
            let mut rest = level.into_iter();
            while let Some(left) = rest.next() {
                let Some(right) = rest.next() else {
                    next.push(left);
                    break;
                };
                let span = Span { start: left.span.start, end: right.span.end };
                let nullable = left.nullable || right.nullable;
                next.push(Node::new(kind(left.into(), right.into()), Type::Bool, nullable, span));
            }
            level = next;
        }
        level.pop()
    }

    pub(super) fn conditional(
        &mut self,
        condition: &Ast,
        then: &Ast,
        otherwise: &Ast,
        span: Span,
    ) -> Option<Node> {
        let condition = self.condition(condition);
        let (then, otherwise) = (self.operand(then), self.operand(otherwise));
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let (then, otherwise) = self.common(then, otherwise, "choose between")?;
        if let Type::List(_) | Type::Rows(_) = then.ty {
            return self.fail(
                span,
                "`? :` chooses between scalars, not lists",
                "choose between conditions on the lists instead",
            );
        }
        let ty = then.ty.clone();
        let nullable = then.nullable || otherwise.nullable;
        let kind = Kind::Cond(condition.into(), then.into(), otherwise.into());
        Some(Node::new(kind, ty, nullable, span))
    }
}
