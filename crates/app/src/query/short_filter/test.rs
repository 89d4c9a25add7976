//! What a filter asks of the value that its path leads to.

use expr::{Ast, AstKind, CompareOp};
use model::Scalar;

use super::value::{among, compare_json};
use super::{End, ShortFilter, Way, exists};
use crate::query::filter_op::Test;
use crate::query::{Query, syntax};

/// Values in one `[all]=a,b,c` at most; each is a condition of its own.
const ALL_VALUES_MAX: usize = 20;

impl Query<'_> {
    /// Asks what the filter asks of the value at the end of its path.
    pub(super) fn test(
        &mut self,
        filter: &ShortFilter<'_>,
        end: End,
        value: Ast,
        way: Way,
    ) -> Option<Ast> {
        match (filter.op.test, end) {
            (Test::Null, End::Rows(_)) => {
                self.not_comparable(filter, "a list of rows; use `empty`")
            }
            (Test::Null, _) => {
                let op = if self.truth(filter)? { CompareOp::Eq } else { CompareOp::Ne };
                Some(syntax::compare(op, value, syntax::ast(AstKind::Null)))
            }
            (Test::Empty, End::Rows(_)) => {
                let some = exists(value, way, |_, _| Some(syntax::ast(AstKind::Bool(true))))?;
                Some(if self.truth(filter)? { syntax::not(some) } else { some })
            }
            (Test::Empty, End::List(_) | End::Documents | End::Json) => {
                let op = if self.truth(filter)? { CompareOp::Eq } else { CompareOp::Gt };
                Some(syntax::compare(op, syntax::size(value), syntax::ast(AstKind::Int(0))))
            }
            (Test::Compare(op), End::One(scalar)) => {
                let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
                if ordered && matches!(scalar, Scalar::Boolean | Scalar::Enum(_)) {
                    return self.not_comparable(filter, "without an order; use `eq` or `in`");
                }
                let right = self.literal(filter, scalar, filter.text)?;
                Some(syntax::compare(op, value, right))
            }
            (Test::Compare(op), End::Json) => {
                let right = self.json_literals(filter, filter.text)?;
                Some(compare_json(op, value, right))
            }
            (Test::Compare(op @ (CompareOp::Eq | CompareOp::Ne)), End::Rows(key)) => {
                let right = self.literal(filter, key, filter.text)?;
                exists(value, way, |row, _| Some(syntax::compare(op, row, right)))
            }
            (Test::In, End::One(scalar)) => {
                let values = self.literals(filter, scalar)?;
                Some(syntax::contained(value, syntax::list(values)))
            }
            (Test::In, End::Json) => {
                let values = self.json_lists(filter)?;
                Some(among(&value, values))
            }
            (Test::In | Test::Any, End::Rows(scalar)) | (Test::Any, End::List(scalar)) => {
                let values = syntax::list(self.literals(filter, scalar)?);
                exists(value, way, |element, _| Some(syntax::contained(element, values)))
            }
            (Test::Any, End::Json) => {
                let values = self.json_lists(filter)?;
                exists(value, way, |element, _| Some(among(&element, values)))
            }
            (Test::Has, End::List(_) | End::Rows(_) | End::Json) => {
                self.holds(filter, end, value, filter.text, way)
            }
            (Test::All, End::List(_) | End::Rows(_) | End::Json) => {
                let texts = self.texts(filter, ALL_VALUES_MAX)?;
                self.further_conditions += texts.len() - 1;
                let held = texts
                    .into_iter()
                    .map(|text| self.holds(filter, end, value.clone(), text, way))
                    .collect::<Option<Vec<_>>>()?;
                Some(syntax::and(held))
            }
            (Test::Text { method, any_case }, End::One(_) | End::Json) => {
                let (value, right) = self.as_text(filter, end, value, any_case)?;
                Some(syntax::method(value, method, vec![right]))
            }
            (Test::SameLetters, End::One(_) | End::Json) => {
                let (value, right) = self.as_text(filter, end, value, true)?;
                Some(syntax::compare(CompareOp::Eq, value, right))
            }
            (_, End::List(_) | End::Rows(_)) => {
                self.not_comparable(filter, "a list; use `has`, `any`, `all` or `empty`")
            }
            (_, End::Document | End::Documents) => {
                self.not_comparable(filter, "of a nested type; name one of its members")
            }
            (_, End::One(_)) => self.not_comparable(filter, "one value and no list"),
        }
    }

    /// `'sharp' in tags`, or a row of that key among the related ones.
    fn holds(
        &mut self,
        filter: &ShortFilter<'_>,
        end: End,
        list: Ast,
        text: &str,
        way: Way,
    ) -> Option<Ast> {
        match end {
            End::Rows(key) => {
                let right = self.literal(filter, key, text)?;
                exists(list, way, |row, _| Some(syntax::compare(CompareOp::Eq, row, right)))
            }
            End::List(scalar) => Some(syntax::contained(self.literal(filter, scalar, text)?, list)),
            _ => {
                let (text, other) = self.json_literals(filter, text)?;
                let held = [Some(text), other].into_iter().flatten();
                let held = held.map(|value| syntax::contained(value, list.clone())).collect();
                Some(syntax::or(held))
            }
        }
    }

    /// Returns both sides of a test of text.
    fn as_text(
        &mut self,
        filter: &ShortFilter<'_>,
        end: End,
        value: Ast,
        any_case: bool,
    ) -> Option<(Ast, Ast)> {
        if let End::One(scalar) = end
            && !matches!(scalar, Scalar::String | Scalar::Email | Scalar::Url)
        {
            return self.not_comparable(filter, "no text");
        }
        // Text is text, whatever is asked of it: an address need not be whole.
        self.literal(filter, Scalar::String, filter.text)?;
        Some(if any_case {
            let folded = filter.text.to_ascii_lowercase();
            (syntax::method(value, "lowerAscii", Vec::new()), syntax::text(&folded))
        } else {
            (value, syntax::text(filter.text))
        })
    }

    fn not_comparable<T>(&mut self, filter: &ShortFilter<'_>, what: &str) -> Option<T> {
        let detail = format!("`{}` is {what}", filter.path);
        self.mistake(filter.parameter, "not_comparable", detail);
        None
    }

    fn truth(&mut self, filter: &ShortFilter<'_>) -> Option<bool> {
        let truth = filter.text.parse().ok();
        if truth.is_none() {
            self.mistake(filter.parameter, "invalid", "use `true` or `false`");
        }
        truth
    }
}
