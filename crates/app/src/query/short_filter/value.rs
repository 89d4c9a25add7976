//! The values of short filters, as an expression writes them.

use expr::{Ast, AstKind, CompareOp, Value};
use model::Scalar;

use super::ShortFilter;
use crate::input::scalar_from_text;
use crate::query::{Query, syntax};

/// Values in one `[in]=a,b,c` at most.
const IN_VALUES_MAX: usize = 200;

impl Query<'_> {
    /// Splits a value at its commas.
    pub(super) fn texts<'t>(
        &mut self,
        filter: &ShortFilter<'t>,
        max: usize,
    ) -> Option<Vec<&'t str>> {
        let texts: Vec<&str> = filter.text.split(',').collect();
        if texts.len() > max {
            let detail = format!("list at most {max} values");
            self.mistake(filter.parameter, "too_many", detail);
            return None;
        }
        Some(texts)
    }

    pub(super) fn literals(
        &mut self,
        filter: &ShortFilter<'_>,
        scalar: Scalar,
    ) -> Option<Vec<Ast>> {
        let texts = self.texts(filter, IN_VALUES_MAX)?;
        texts.into_iter().map(|text| self.literal(filter, scalar, text)).collect()
    }

    /// Reads a value as it is written in an expression.
    pub(super) fn literal(
        &mut self,
        filter: &ShortFilter<'_>,
        scalar: Scalar,
        text: &str,
    ) -> Option<Ast> {
        match scalar_from_text(self.model, scalar, text) {
            Ok(Value::Bool(truth)) => Some(syntax::ast(AstKind::Bool(truth))),
            Ok(Value::Int(number)) => Some(syntax::ast(AstKind::Int(number))),
            Ok(Value::Float(number)) => Some(syntax::ast(AstKind::Float(number.to_string()))),
            Ok(_) => Some(syntax::text(text)),
            Err(expected) => {
                self.mistake(filter.parameter, "invalid_value", format!("expected {expected}"));
                None
            }
        }
    }

    /// Reads a value that is compared with JSON: as text, and as the number or truth value that it
    /// may be just as well.
    pub(super) fn json_literals(
        &mut self,
        filter: &ShortFilter<'_>,
        text: &str,
    ) -> Option<(Ast, Option<Ast>)> {
        let literal = self.literal(filter, Scalar::String, text)?;
        let scalar = match text {
            "true" | "false" => Scalar::Boolean,
            _ => Scalar::Float,
        };
        let reads = scalar_from_text(self.model, scalar, text).is_ok();
        Some((literal, if reads { self.literal(filter, scalar, text) } else { None }))
    }

    /// The lists that `in` and `any` compare JSON with: of texts, numbers, and truth values.
    pub(super) fn json_lists(&mut self, filter: &ShortFilter<'_>) -> Option<Vec<Vec<Ast>>> {
        let texts = self.texts(filter, IN_VALUES_MAX)?;
        let (mut all, mut numbers, mut truths) = (Vec::new(), Vec::new(), Vec::new());
        for text in texts {
            let (text, other) = self.json_literals(filter, text)?;
            all.push(text);
            match other {
                Some(Ast { kind: AstKind::Bool(truth), .. }) => {
                    truths.push(syntax::ast(AstKind::Bool(truth)));
                }
                other => numbers.extend(other),
            }
        }
        Some([all, numbers, truths].into_iter().filter(|list| !list.is_empty()).collect())
    }
}

/// Compares JSON with a text, and with what else the text may be.
pub(super) fn compare_json(op: CompareOp, value: Ast, (text, other): (Ast, Option<Ast>)) -> Ast {
    match (op, other) {
        (_, None) => syntax::compare(op, value, text),
        (CompareOp::Eq, Some(other)) => syntax::or(vec![
            syntax::compare(op, value.clone(), text),
            syntax::compare(op, value, other),
        ]),
        (CompareOp::Ne, Some(other)) => syntax::and(vec![
            syntax::compare(op, value.clone(), text),
            syntax::compare(op, value, other),
        ]),
        // Only numbers have an order besides texts.
        (_, Some(Ast { kind: AstKind::Bool(_), .. })) => syntax::compare(op, value, text),
        (_, Some(number)) => syntax::compare(op, value, number),
    }
}

/// `value in ['5'] || value in [5.0]`
pub(super) fn among(value: &Ast, lists: Vec<Vec<Ast>>) -> Ast {
    let parts = lists.into_iter().map(|list| syntax::contained(value.clone(), syntax::list(list)));
    syntax::or(parts.collect())
}
