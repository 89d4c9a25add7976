//! Literals, and what they become where another type is wanted.

use crate::ops;
use crate::parse::{Ast, AstKind};
use crate::schema::EnumId;
use crate::tree::{Kind, LiteralValue, Node, Span};
use crate::types::Type;
use crate::value::Value;

use super::describe::{did_you_mean, enumerate, nearest};
use super::{Checker, Operand};

impl Checker<'_> {
    pub(super) fn float(&mut self, digits: &str, span: Span) -> Option<Node> {
        match digits.parse::<f64>() {
            Ok(float) if float.is_finite() => {
                Some(Node::literal(Value::Float(float), Type::Float, span))
            }
            _ => self.refuse(span, "this number is too large"),
        }
    }

    /// Checks a list that no neighbour gives a type: its elements must agree among themselves.
    pub(super) fn list(&mut self, items: &[Ast], span: Span) -> Option<Node> {
        let operands = self.list_items(items)?;
        let element = self.list_type(&operands)?;
        self.list_of(operands, element, span)
    }

    pub(super) fn list_items<'a>(&mut self, items: &'a [Ast]) -> Option<Vec<Operand<'a>>> {
        let checked: Vec<_> = items.iter().map(|item| self.list_item(item)).collect();
        checked.into_iter().collect()
    }

    fn list_item<'a>(&mut self, ast: &'a Ast) -> Option<Operand<'a>> {
        let node = self.scalar(ast)?;
        if node.is_null() {
            return self.fail(node.span, "null equals no element", "ask for it with `x == null`");
        }
        if matches!(node.ty, Type::List(_)) {
            return self.refuse(node.span, "a list holds scalars, not lists");
        }
        Some(Operand { node, ast })
    }

    /// Returns the type that all elements can be converted to.
    pub(super) fn list_type(&mut self, operands: &[Operand<'_>]) -> Option<Type> {
        // What adapts to its neighbours has no say before them.
        let (loose, firm): (Vec<_>, Vec<_>) =
            operands.iter().map(|operand| &operand.node).partition(|node| is_loose(node));
        let mut common = Type::Null;
        for node in firm.into_iter().chain(loose) {
            let Some(wider) = wider(&common, node) else {
                let (a, b) = (self.describe(&common), self.describe(&node.ty));
                return self.refuse(node.span, format!("cannot compare {a} and {b}"));
            };
            common = wider;
        }
        Some(common)
    }

    pub(super) fn list_of(
        &mut self,
        operands: Vec<Operand<'_>>,
        element: Type,
        span: Span,
    ) -> Option<Node> {
        let items: Vec<_> = operands
            .into_iter()
            .map(|Operand { node, ast }| self.convert(node, ast, &element))
            .collect();
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Node::new(Kind::List(items), Type::List(element.into()), false, span))
    }

    /// Reads a text literal as another type.
    pub(super) fn text_as(&mut self, text: &str, ty: &Type, span: Span) -> Option<Node> {
        let read = match ty {
            Type::Uuid => ops::parse_uuid(text).map(Value::Uuid),
            Type::Timestamp => ops::parse_timestamp(text)
                .or_else(|| ops::parse_date(text).map(ops::date_to_timestamp))
                .map(Value::Timestamp),
            Type::Date => ops::parse_date(text).map(Value::Date),
            Type::Duration => ops::parse_duration(text).map(Value::Duration),
            Type::Decimal => ops::parse_decimal(text).map(Value::Decimal),
            Type::Enum(id) => return self.enum_value(text, *id, span),
            _ => None,
        };
        if let Some(value) = read {
            return Some(Node::literal(value, ty.clone(), span));
        }
        let example = match ty {
            Type::Uuid => "an ID is a UUID: '01890a5d-ac96-774b-bcce-b302099a8057'",
            Type::Timestamp => "a DateTime is written '2026-11-24T03:04:05Z'",
            Type::Date => "a Date is written '2026-11-24'",
            Type::Duration => "a duration is written '1h30m', '250ms' or '7d'",
            Type::Decimal => "a Decimal is written '19.90', with at most 28 digits",
            _ => "a text cannot stand here",
        };
        let message = format!("'{text}' cannot be read as {}", self.describe(ty));
        self.fail(span, message, example)
    }

    fn enum_value(&mut self, text: &str, id: EnumId, span: Span) -> Option<Node> {
        let values = self.scope.schema.enum_values(id);
        if values.iter().any(|value| value == text) {
            return Some(Node::literal(Value::Text(text.to_owned()), Type::Enum(id), span));
        }
        let names = || values.iter().map(String::as_str);
        let help = did_you_mean(nearest(text, names()), || {
            format!("its values are {}", enumerate(names()))
        });
        let message = format!("{} has no value '{text}'", self.scope.schema.enum_name(id));
        self.fail(span, message, help)
    }

    /// Reads a number literal as a Decimal from its digits, so that nothing is lost.
    pub(super) fn number_as_decimal(&mut self, ast: &Ast) -> Option<Node> {
        let decimal = match &ast.kind {
            AstKind::Float(digits) => ops::parse_decimal(digits),
            AstKind::Int(int) => Some((*int).into()),
            _ => None,
        };
        match decimal {
            Some(decimal) => Some(Node::literal(Value::Decimal(decimal), Type::Decimal, ast.span)),
            None => self.refuse(ast.span, "a Decimal has at most 28 digits"),
        }
    }
}

/// Returns the text of a text literal.
pub(super) fn text_of(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Literal(LiteralValue(Value::Text(text))) if node.ty == Type::Text => Some(text),
        _ => None,
    }
}

/// Returns whether a value was written out, also as a choice between such values.
pub(super) fn is_written(node: &Node) -> bool {
    match &node.kind {
        Kind::Literal(_) => true,
        Kind::Cond(_, then, otherwise) => is_written(then) && is_written(otherwise),
        _ => false,
    }
}

/// Returns whether a part takes on the type of what it is compared with.
pub(super) fn is_loose(node: &Node) -> bool {
    match node.ty {
        Type::Json => true,
        Type::Text | Type::Int | Type::Float => is_written(node),
        _ => false,
    }
}

/// Returns the type that both elements of one type so far and the next one have or can be given.
fn wider(common: &Type, next: &Node) -> Option<Type> {
    let ty = &next.ty;
    match (common, ty) {
        (Type::Null, _) => Some(ty.clone()),
        _ if common == ty => Some(ty.clone()),
        (Type::Json, _) => Some(if *ty == Type::Int { Type::Float } else { ty.clone() }),
        (Type::Int, Type::Json) => Some(Type::Float),
        (_, Type::Json) => Some(common.clone()),
        (Type::Int, Type::Float | Type::Decimal) => Some(ty.clone()),
        (Type::Float | Type::Decimal, Type::Int) => Some(common.clone()),
        (Type::Decimal, Type::Float) if is_written(next) => Some(Type::Decimal),
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Some(Type::Timestamp),
        (
            Type::Uuid | Type::Timestamp | Type::Date | Type::Duration | Type::Enum(_),
            Type::Text,
        ) if is_written(next) => Some(common.clone()),
        _ => None,
    }
}
