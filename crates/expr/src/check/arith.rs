//! Arithmetic on numbers, texts and times.

use crate::ops;
use crate::parse::Ast;
use crate::tree::{ArithOp, Kind, LiteralValue, Node, Span};
use crate::types::Type;
use crate::value::Value;

use super::convert::json_as;
use super::literal::text_of;
use super::{Checker, Operand};

impl Checker<'_> {
    pub(super) fn arith(
        &mut self,
        op: ArithOp,
        left: &Ast,
        right: &Ast,
        span: Span,
    ) -> Option<Node> {
        let (left, right) = (self.key_operand(left), self.key_operand(right));
        let (left, right) = (left?, right?);
        for operand in [&left, &right] {
            if operand.node.is_null() {
                return self.refuse(operand.node.span, "null cannot be computed with");
            }
        }
        if is_time(&left.node.ty) || is_time(&right.node.ty) {
            return self.time(op, left, right, span);
        }
        if left.node.ty == Type::Json && right.node.ty == Type::Json {
            return self.fail(
                span,
                "the types of two JSON values are not known",
                "say what one of them is: string(x), double(x) or decimal(x)",
            );
        }
        let (left, right) = self.common(left, right, "compute with")?;
        let nullable = match left.ty {
            Type::Int | Type::Float | Type::Decimal => true,
            Type::Text if op == ArithOp::Add => left.nullable || right.nullable,
            ref ty => {
                let message = format!("{} cannot be computed with", self.describe(ty));
                return self.refuse(span, message);
            }
        };
        let ty = left.ty.clone();
        Some(Node::new(Kind::Arith(op, left.into(), right.into()), ty, nullable, span))
    }

    fn key_operand<'a>(&mut self, ast: &'a Ast) -> Option<Operand<'a>> {
        let node = self.node(ast)?;
        Some(Operand { node: self.key_for_row(node)?, ast })
    }

    /// Checks moments moved by durations, spans between moments, and sums of durations.
    fn time(
        &mut self,
        op: ArithOp,
        left: Operand<'_>,
        right: Operand<'_>,
        span: Span,
    ) -> Option<Node> {
        let left = self.day_as_moment(left)?;
        let right = self.day_as_moment(right)?;
        let (left, right, ty) = match (&left.ty, op, &right.ty) {
            (Type::Timestamp, ArithOp::Add | ArithOp::Sub, Type::Duration) => {
                (left, right, Type::Timestamp)
            }
            (Type::Duration, ArithOp::Add, Type::Timestamp) => (right, left, Type::Timestamp),
            (Type::Timestamp, ArithOp::Sub, Type::Timestamp)
            | (Type::Duration, ArithOp::Add | ArithOp::Sub, Type::Duration) => {
                (left, right, Type::Duration)
            }
            (a, _, b) => {
                let message = format!(
                    "cannot compute this with {} and {}",
                    self.describe(a),
                    self.describe(b)
                );
                let text = text_of(&left).or_else(|| text_of(&right));
                return match text.filter(|text| ops::parse_duration(text).is_some()) {
                    Some(text) => {
                        let help = format!("write duration('{text}')");
                        self.fail(span, message, help)
                    }
                    None if left.ty == Type::Json || right.ty == Type::Json => {
                        self.fail(span, message, "say what the JSON value is: timestamp(x)")
                    }
                    None => self.refuse(span, message),
                };
            }
        };
        Some(Node::new(Kind::Arith(op, left.into(), right.into()), ty, true, span))
    }

    fn day_as_moment(&mut self, operand: Operand<'_>) -> Option<Node> {
        if operand.node.ty == Type::Date {
            self.convert(operand.node, operand.ast, &Type::Timestamp)
        } else {
            Some(operand.node)
        }
    }

    pub(super) fn neg(&mut self, of: &Ast, span: Span) -> Option<Node> {
        let mut of = self.scalar(of)?;
        if of.ty == Type::Json {
            of = json_as(of, &Type::Float);
        }
        match (&of.ty, &of.kind) {
            (Type::Duration, Kind::Literal(LiteralValue(Value::Duration(micros)))) => {
                match ops::int_neg(*micros) {
                    Some(micros) => {
                        Some(Node::literal(Value::Duration(micros), Type::Duration, span))
                    }
                    None => self.refuse(span, "this duration is too long"),
                }
            }
            (Type::Int | Type::Float | Type::Decimal | Type::Duration, _) => {
                let ty = of.ty.clone();
                let nullable = of.nullable || matches!(ty, Type::Int | Type::Duration);
                Some(Node::new(Kind::Neg(of.into()), ty, nullable, span))
            }
            (ty, _) => {
                let message = format!("{} has no negative", self.describe(ty));
                self.refuse(span, message)
            }
        }
    }
}

fn is_time(ty: &Type) -> bool {
    matches!(ty, Type::Timestamp | Type::Date | Type::Duration)
}
