//! Comparisons and `in`: the two sides are brought to one type.

use crate::parse::{Ast, AstKind};
use crate::tree::{CompareOp, Kind, Node, Span};
use crate::types::Type;

use super::convert::conversion;
use super::literal::{is_loose, is_written, text_of};
use super::{Checker, Operand};

impl Checker<'_> {
    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        left: &Ast,
        right: &Ast,
        span: Span,
    ) -> Option<Node> {
        let (left, right) = (self.operand(left), self.operand(right));
        let (left, right) = self.common(left?, right?, "compare")?;
        let null = left.is_null() || right.is_null();
        let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
        if ordered && null {
            return self.fail(span, "nothing is less or greater than null", "use == or !=");
        }
        match &left.ty {
            Type::Json if !null => {
                return self.fail(
                    span,
                    "the types of two JSON values are not known",
                    "say what one of them is: string(x), double(x), decimal(x) or timestamp(x)",
                );
            }
            Type::List(_) if !null => {
                return self.fail(span, "lists cannot be compared", "use `in`, .exists or .all");
            }
            Type::Bool | Type::Enum(_) if ordered => {
                let message = format!("{} has no order", self.describe(&left.ty));
                return self.fail(span, message, "use == or !=, or `in` with a list");
            }
            _ => {}
        }
        let nullable = ordered && (left.nullable || right.nullable);
        Some(Node::new(Kind::Compare(op, left.into(), right.into()), Type::Bool, nullable, span))
    }

    /// Brings two parts to one type. A literal null takes the other's type.
    pub(super) fn common(
        &mut self,
        left: Operand<'_>,
        right: Operand<'_>,
        verb: &str,
    ) -> Option<(Node, Node)> {
        let (left_ast, right_ast) = (left.ast, right.ast);
        let (left, right) = (self.key_for_row(left.node), self.key_for_row(right.node));
        let (left, right) = (left?, right?);
        for node in [&left, &right] {
            if matches!(node.ty, Type::Rows(_)) {
                let help = "use .exists(x, …), .all(x, …) or .size()";
                return self.fail(node.span, "a relation to many rows is not a value", help);
            }
        }
        if !left.is_null() && !right.is_null() {
            self.has_type(&left)?;
            self.has_type(&right)?;
        }
        let target = self.target(&left, &right);
        let Some(target) = target else {
            let (a, b) = (self.describe(&left.ty), self.describe(&right.ty));
            let span = Span { start: left.span.start, end: right.span.end };
            let message = format!("cannot {verb} {a} and {b}");
            let function =
                conversion(&left.ty, &right.ty).or_else(|| conversion(&right.ty, &left.ty));
            return match function {
                Some(function) => {
                    self.fail(span, message, format!("convert one with {function}(…)"))
                }
                None => self.refuse(span, message),
            };
        };
        let left = self.convert(left, left_ast, &target);
        let right = self.convert(right, right_ast, &target);
        Some((left?, right?))
    }

    /// Returns the type that both sides are converted to.
    fn target(&self, left: &Node, right: &Node) -> Option<Type> {
        let (a, b) = (&left.ty, &right.ty);
        if a == b || right.is_null() {
            return Some(a.clone());
        }
        if left.is_null() {
            return Some(b.clone());
        }
        match (a, b) {
            (Type::Json, Type::List(_)) | (Type::List(_), Type::Json) => None,
            (Type::Json, other) | (other, Type::Json) => {
                Some(if *other == Type::Int { Type::Float } else { other.clone() })
            }
            (Type::Int, Type::Float | Type::Decimal) | (Type::Date, Type::Timestamp) => {
                Some(b.clone())
            }
            (Type::Float | Type::Decimal, Type::Int) | (Type::Timestamp, Type::Date) => {
                Some(a.clone())
            }
            (Type::Float, Type::Decimal) if is_written(left) => Some(Type::Decimal),
            (Type::Decimal, Type::Float) if is_written(right) => Some(Type::Decimal),
            (Type::Text, other) if written_text(left) && reads(other) => Some(other.clone()),
            (other, Type::Text) if written_text(right) && reads(other) => Some(other.clone()),
            _ => None,
        }
    }

    pub(super) fn contained(&mut self, needle: &Ast, list: &Ast, span: Span) -> Option<Node> {
        let needle_ast = needle;
        let needle = self.scalar(needle);
        if let AstKind::List(items) = &list.kind {
            let items = self.list_items(items);
            let needle = Operand { node: needle?, ast: needle_ast };
            return self.among(needle, items?, list.span, span);
        }
        let list = self.node(list);
        let (needle, list) = (needle?, list?);
        self.not_null(&needle)?;
        let target = match &list.ty {
            Type::List(element) => (**element).clone(),
            Type::Json => match &needle.ty {
                Type::Json => {
                    return self.fail(
                        needle.span,
                        "the type of this JSON value is not known",
                        "say what it is: string(x), double(x), decimal(x) or timestamp(x)",
                    );
                }
                Type::Int => Type::Float,
                ty => ty.clone(),
            },
            Type::Rows(_) => {
                return self.fail(
                    list.span,
                    "`in` takes a list, not a relation to many rows",
                    "use .exists(x, x == …)",
                );
            }
            Type::Text => {
                return self.fail(list.span, "`in` takes a list, not a text", "use .contains(…)");
            }
            ty => {
                let message = format!("`in` takes a list, but this is {}", self.describe(ty));
                return self.refuse(list.span, message);
            }
        };
        let needle = self.convert(needle, needle_ast, &target)?;
        let nullable = needle.nullable || list.nullable || list.ty == Type::Json;
        Some(Node::new(Kind::In(needle.into(), list.into()), Type::Bool, nullable, span))
    }

    /// Checks `x in [a, b]`: the needle's type is the elements', as far as they can follow it.
    fn among(
        &mut self,
        needle: Operand<'_>,
        items: Vec<Operand<'_>>,
        list_span: Span,
        span: Span,
    ) -> Option<Node> {
        self.not_null(&needle.node)?;
        let target = if is_loose(&needle.node) {
            let all: Vec<_> = std::iter::once(&needle).chain(&items).cloned().collect();
            self.list_type(&all)?
        } else if needle.node.ty == Type::Int {
            // An element with a fraction makes the comparison one of fractions.
            let has = |ty: &Type| items.iter().any(|item| item.node.ty == *ty);
            match (has(&Type::Decimal), has(&Type::Float) || has(&Type::Json)) {
                (true, _) => Type::Decimal,
                (false, true) => Type::Float,
                (false, false) => Type::Int,
            }
        } else {
            needle.node.ty.clone()
        };
        if target == Type::Json {
            return self.fail(
                span,
                "the types of these JSON values are not known",
                "say what they are: string(x), double(x), decimal(x) or timestamp(x)",
            );
        }
        let node = self.convert(needle.node, needle.ast, &target);
        let list = self.list_of(items, target, list_span);
        let (node, list) = (node?, list?);
        let Kind::List(items) = &list.kind else { return None };
        let nullable = node.nullable || items.iter().any(|item| item.nullable);
        Some(Node::new(Kind::In(node.into(), list.into()), Type::Bool, nullable, span))
    }

    /// Refuses the key of a relation that has several parts.
    fn has_type(&mut self, node: &Node) -> Option<()> {
        if node.ty != Type::Null {
            return Some(());
        }
        self.fail(
            node.span,
            "a key of several parts cannot be compared",
            "compare the fields of the relation one by one",
        )
    }

    fn not_null(&mut self, needle: &Node) -> Option<()> {
        if needle.is_null() {
            return self.refuse(needle.span, "null is in no list");
        }
        self.has_type(needle)?;
        if let Type::List(_) = needle.ty {
            return self.refuse(needle.span, "a list is in no list");
        }
        Some(())
    }
}

/// Returns whether a text was written out, also as a choice between texts.
fn written_text(node: &Node) -> bool {
    match &node.kind {
        Kind::Cond(_, then, otherwise) => written_text(then) && written_text(otherwise),
        _ => text_of(node).is_some(),
    }
}

/// Returns whether a text literal can stand for a value of the type.
fn reads(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Uuid | Type::Timestamp | Type::Date | Type::Duration | Type::Decimal | Type::Enum(_)
    )
}
