//! Conversions to a wanted type.

use crate::ops;
use crate::parse::{Ast, AstKind};
use crate::tree::{Kind, LiteralValue, Node};
use crate::types::Type;
use crate::value::Value;

use super::Checker;
use super::literal::text_of;

impl Checker<'_> {
    /// Converts a part to a type where nothing is lost, and reports a mistake elsewhere.
    pub(super) fn convert(&mut self, node: Node, ast: &Ast, to: &Type) -> Option<Node> {
        let node = self.key_for_row(node)?;
        if node.ty == *to {
            return Some(node);
        }
        if node.is_null() {
            return Some(Node { ty: to.clone(), ..node });
        }
        if let Some(text) = text_of(&node)
            && reads_text(to)
        {
            return self.text_as(text, to, node.span);
        }
        let span = node.span;
        match (node.kind, ast) {
            (Kind::Literal(LiteralValue(Value::Int(int))), _) if *to == Type::Float => {
                Some(Node::literal(Value::Float(int as f64), Type::Float, span))
            }
            (Kind::Literal(LiteralValue(Value::Int(_) | Value::Float(_))), _)
                if *to == Type::Decimal
                    && matches!(ast.kind, AstKind::Int(_) | AstKind::Float(_)) =>
            {
                self.number_as_decimal(ast)
            }
            (Kind::Literal(LiteralValue(Value::Date(date))), _) if *to == Type::Timestamp => {
                let at = Value::Timestamp(ops::date_to_timestamp(date));
                Some(Node::literal(at, Type::Timestamp, span))
            }
            (
                Kind::Cond(condition, then, otherwise),
                Ast { kind: AstKind::Cond(_, then_ast, otherwise_ast), .. },
            ) => {
                let then = self.convert(*then, then_ast, to);
                let otherwise = self.convert(*otherwise, otherwise_ast, to);
                let (then, otherwise) = (then?, otherwise?);
                let nullable = then.nullable || otherwise.nullable;
                let kind = Kind::Cond(condition, then.into(), otherwise.into());
                Some(Node::new(kind, to.clone(), nullable, span))
            }
            (Kind::List(items), Ast { kind: AstKind::List(asts), .. })
                if matches!(to, Type::List(_)) && items.len() == asts.len() =>
            {
                let Type::List(element) = to else { return None };
                let items: Vec<_> = items
                    .into_iter()
                    .zip(asts)
                    .map(|(item, ast)| self.convert(item, ast, element))
                    .collect();
                let items = items.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Node::new(Kind::List(items), to.clone(), false, span))
            }
            (kind, _) => self.wrap(Node { kind, ..node }, to),
        }
    }

    /// Converts at run time.
    fn wrap(&mut self, node: Node, to: &Type) -> Option<Node> {
        let span = node.span;
        match (&node.ty, to) {
            (Type::Json, Type::Row(_) | Type::Rows(_) | Type::Null) => {}
            (Type::Json, _) => return Some(json_as(node, to)),
            (Type::Int, Type::Float | Type::Decimal) | (Type::Date, Type::Timestamp) => {
                let nullable = node.nullable;
                return Some(Node::new(Kind::Convert(node.into()), to.clone(), nullable, span));
            }
            _ => {}
        }
        let message =
            format!("expected {} here, but this is {}", self.describe(to), self.describe(&node.ty));
        match conversion(&node.ty, to) {
            Some(function) => self.fail(span, message, format!("convert it with {function}(…)")),
            None => self.refuse(span, message),
        }
    }

    /// Puts the key in the place of a row.
    pub(super) fn key_for_row(&mut self, node: Node) -> Option<Node> {
        let Type::Row(entity) = node.ty else { return Some(node) };
        let span = node.span;
        match node.kind {
            Kind::Hop { of, field } => self.ref_key(*of, field, span),
            kind => {
                let schema = self.scope.schema;
                let key = schema
                    .field_names(entity)
                    .into_iter()
                    .filter_map(|name| schema.field(entity, name))
                    .find(|info| info.is_sole_key);
                let Some(info) = key else {
                    let name = schema.entity_name(entity);
                    return self.fail(
                        span,
                        format!("{name} has a key of several parts"),
                        "compare its fields one by one",
                    );
                };
                let row = Node { kind, ..node };
                let kind = Kind::Field { of: row.into(), field: info.id };
                Some(Node::new(kind, info.ty, info.nullable, span))
            }
        }
    }
}

/// Reads JSON as a scalar.
pub(super) fn json_as(node: Node, ty: &Type) -> Node {
    let span = node.span;
    Node::new(Kind::JsonAs(node.into()), ty.clone(), true, span)
}

fn reads_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Uuid | Type::Timestamp | Type::Date | Type::Duration | Type::Decimal | Type::Enum(_)
    )
}

/// Returns the function that converts from one type to another.
pub(super) fn conversion(from: &Type, to: &Type) -> Option<&'static str> {
    match (from, to) {
        (Type::Rows(_) | Type::Row(_) | Type::List(_) | Type::Json | Type::Null, _) => None,
        (_, Type::Text) => Some("string"),
        (Type::Float | Type::Decimal | Type::Text, Type::Int) => Some("int"),
        (Type::Decimal | Type::Text, Type::Float) => Some("double"),
        (Type::Float | Type::Text, Type::Decimal) => Some("decimal"),
        (Type::Text, Type::Timestamp) => Some("timestamp"),
        (Type::Text | Type::Timestamp, Type::Date) => Some("date"),
        _ => None,
    }
}
