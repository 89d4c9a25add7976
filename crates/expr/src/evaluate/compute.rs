//! Arithmetic, functions and order on values: the way to `ops`.

use std::cmp::Ordering;

use crate::ops;
use crate::tree::{ArithOp, Func, Kind, Node};
use crate::types::Type;
use crate::value::{Timestamp, Value};

use super::{Env, Evaluator};

impl<E: Env> Evaluator<'_, E> {
    /// Evaluates what is computed from values, with null for any null among them.
    pub(super) fn computed(&mut self, node: &Node) -> Value {
        let result = match &node.kind {
            Kind::Convert(of) => convert(&self.value(of), &node.ty),
            Kind::Neg(of) => negate(&self.value(of)),
            Kind::Arith(op, left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                arith(*op, &left, &right)
            }
            Kind::Call(Func::SizeRows, arguments) => Some(self.count_rows(&arguments[0])),
            Kind::Call(Func::SizeList, arguments) if arguments[0].ty == Type::Json => self
                .with_json(&arguments[0], |json| Some(Value::Int(json?.as_array()?.len() as i64))),
            Kind::Call(func, arguments) => {
                let first = arguments.first().map_or(Value::Null, |first| self.value(first));
                let second = arguments.get(1).map(|second| self.value(second));
                call(*func, &first, second.as_ref())
            }
            _ => None,
        };
        result.unwrap_or(Value::Null)
    }

    fn count_rows(&mut self, relation: &Node) -> Value {
        let Kind::ToMany { of, field } = &relation.kind else { return Value::Int(0) };
        let count = self.row(of).map_or(0, |row| self.env.rows(&row, *field).len());
        Value::Int(count as i64)
    }
}

/// Orders two values of one type; none where one is null.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => return a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => return None,
    })
}

pub(crate) fn convert(value: &Value, to: &Type) -> Option<Value> {
    match to {
        Type::Float => ops::to_float(value).map(Value::Float),
        Type::Decimal => ops::to_decimal(value).map(Value::Decimal),
        Type::Timestamp => ops::to_timestamp(value).map(Value::Timestamp),
        _ => None,
    }
}

pub(crate) fn negate(value: &Value) -> Option<Value> {
    match value {
        Value::Int(int) => ops::int_neg(*int).map(Value::Int),
        Value::Float(float) => ops::float_neg(*float).map(Value::Float),
        Value::Decimal(decimal) => ops::decimal_neg(*decimal).map(Value::Decimal),
        Value::Duration(micros) => ops::int_neg(*micros).map(Value::Duration),
        _ => None,
    }
}

pub(crate) fn arith(op: ArithOp, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => {
            let run = match op {
                ArithOp::Add => ops::int_add,
                ArithOp::Sub => ops::int_sub,
                ArithOp::Mul => ops::int_mul,
                ArithOp::Div => ops::int_div,
                ArithOp::Rem => ops::int_rem,
            };
            run(*a, *b).map(Value::Int)
        }
        (Value::Float(a), Value::Float(b)) => {
            let run = match op {
                ArithOp::Add => ops::float_add,
                ArithOp::Sub => ops::float_sub,
                ArithOp::Mul => ops::float_mul,
                ArithOp::Div => ops::float_div,
                ArithOp::Rem => ops::float_rem,
            };
            run(*a, *b).map(Value::Float)
        }
        (Value::Decimal(a), Value::Decimal(b)) => {
            let run = match op {
                ArithOp::Add => ops::decimal_add,
                ArithOp::Sub => ops::decimal_sub,
                ArithOp::Mul => ops::decimal_mul,
                ArithOp::Div => ops::decimal_div,
                ArithOp::Rem => ops::decimal_rem,
            };
            run(*a, *b).map(Value::Decimal)
        }
        (Value::Text(a), Value::Text(b)) => Some(Value::Text([a.as_str(), b].concat())),
        (Value::Timestamp(at), Value::Duration(by)) => {
            let run = if op == ArithOp::Sub { ops::timestamp_sub } else { ops::timestamp_add };
            run(at.0, *by).map(|at| Value::Timestamp(Timestamp(at)))
        }
        (Value::Timestamp(to), Value::Timestamp(from)) => {
            ops::timestamp_diff(to.0, from.0).map(Value::Duration)
        }
        (Value::Duration(a), Value::Duration(b)) => {
            let run = if op == ArithOp::Sub { ops::int_sub } else { ops::int_add };
            run(*a, *b).map(Value::Duration)
        }
        _ => None,
    }
}

pub(crate) fn call(func: Func, first: &Value, second: Option<&Value>) -> Option<Value> {
    if *first == Value::Null {
        return None;
    }
    Some(match (func, first, second) {
        (Func::StartsWith, Value::Text(a), Some(Value::Text(b))) => {
            Value::Bool(ops::starts_with(a, b))
        }
        (Func::EndsWith, Value::Text(a), Some(Value::Text(b))) => Value::Bool(ops::ends_with(a, b)),
        (Func::Contains, Value::Text(a), Some(Value::Text(b))) => Value::Bool(ops::contains(a, b)),
        (Func::Matches, Value::Text(a), Some(Value::Text(b))) => Value::Bool(ops::matches(a, b)?),
        (Func::Before, Value::Text(a), Some(Value::Text(b))) => {
            Value::Text(ops::before(a, b).to_owned())
        }
        (Func::After, Value::Text(a), Some(Value::Text(b))) => {
            Value::Text(ops::after(a, b).to_owned())
        }
        (Func::LowerAscii, Value::Text(text), _) => Value::Text(ops::lower_ascii(text)),
        (Func::UpperAscii, Value::Text(text), _) => Value::Text(ops::upper_ascii(text)),
        (Func::Trim, Value::Text(text), _) => Value::Text(ops::trim(text).to_owned()),
        (Func::SizeText, Value::Text(text), _) => Value::Int(ops::size(text)),
        (Func::SizeList, Value::List(items), _) => Value::Int(items.len() as i64),
        (Func::ToText, value, _) => Value::Text(ops::to_text(value)?),
        (Func::ToInt, value, _) => Value::Int(ops::to_int(value)?),
        (Func::ToFloat, value, _) => Value::Float(ops::to_float(value)?),
        (Func::ToDecimal, value, _) => Value::Decimal(ops::to_decimal(value)?),
        (Func::ToTimestamp, value, _) => Value::Timestamp(ops::to_timestamp(value)?),
        (Func::ToDate, value, _) => Value::Date(ops::to_date(value)?),
        (Func::Year, Value::Timestamp(at), _) => Value::Int(ops::year(*at)),
        (Func::Month, Value::Timestamp(at), _) => Value::Int(ops::month(*at)),
        (Func::DayOfMonth, Value::Timestamp(at), _) => Value::Int(ops::day_of_month(*at)),
        (Func::DayOfWeek, Value::Timestamp(at), _) => Value::Int(ops::day_of_week(*at)),
        (Func::Hours, Value::Timestamp(at), _) => Value::Int(ops::hours(*at)),
        (Func::Minutes, Value::Timestamp(at), _) => Value::Int(ops::minutes(*at)),
        (Func::Seconds, Value::Timestamp(at), _) => Value::Int(ops::seconds(*at)),
        (Func::Abs, Value::Int(int), _) => Value::Int(ops::int_abs(*int)?),
        (Func::Abs, Value::Float(float), _) => Value::Float(ops::float_abs(*float)?),
        (Func::Abs, Value::Decimal(decimal), _) => Value::Decimal(ops::decimal_abs(*decimal)?),
        _ => return None,
    })
}
