//! A rule's parts in the words of the model, with private values masked.

use std::sync::Arc;

use expr::{Item, Quantifier, Seen, Step, Trace, Value};
use model::{Model, Rule};
use serde_json::Value as Json;

use super::stored::Stored;

/// Rows of one `exists` or `all` that are shown.
const ROWS_SHOWN_MAX: usize = 3;

/// What is shown in place of a value that never leaves the server.
const MASK: &str = "(private)";

/// A rule traced on stored rows.
type Traced = Trace<Arc<Stored>>;

/// A part of a rule, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The part as it is written.
    pub text: String,
    /// Its truth; `None` is unknown, which allows nothing.
    pub truth: Option<bool>,
    /// The values it met, by how they are written.
    pub saw: Vec<(String, String)>,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// The rows or elements that `exists` or `all` looked at, those that decided first.
    pub rows: Vec<(String, Part)>,
    /// How many of them are not shown.
    pub rows_left_out: usize,
}

/// Puts a traced rule into words.
pub(super) fn part(model: &Model, rule: &Rule, trace: &Traced) -> Part {
    Words { model, text: &rule.text }.part(trace, false)
}

struct Words<'a> {
    model: &'a Model,
    text: &'a str,
}

impl Words<'_> {
    fn part(&self, trace: &Traced, masked: bool) -> Part {
        let mut part = Part {
            text: self.slice(trace.span),
            truth: trace.truth,
            saw: trace.seen.iter().map(|seen| self.saw(seen, masked)).collect(),
            parts: Vec::new(),
            rows: Vec::new(),
            rows_left_out: 0,
        };
        match &trace.step {
            Step::Leaf => {}
            Step::Not(of) => part.parts.push(self.part(of, masked)),
            Step::And(parts) | Step::Or(parts) => {
                part.parts = parts.iter().map(|of| self.part(of, masked)).collect();
            }
            Step::Choice(both) => {
                part.parts = both.iter().map(|of| self.part(of, masked)).collect();
            }
            Step::Each(quantifier, items) => {
                let masked = masked || trace.seen.iter().any(|seen| self.is_private(seen));
                self.rows(&mut part, *quantifier, items, masked);
            }
        }
        part
    }

    /// Shows the rows that decided, or a few of those that did not.
    fn rows(
        &self,
        part: &mut Part,
        quantifier: Quantifier,
        items: &[(Item<Arc<Stored>>, Traced)],
        masked: bool,
    ) {
        let wanted = quantifier == Quantifier::Exists;
        let decides = |of: &Traced| (of.truth == Some(true)) == wanted;
        let decided = items.iter().any(|(_, of)| decides(of));
        let chosen = items.iter().filter(|(_, of)| !decided || decides(of));
        part.rows = chosen
            .take(ROWS_SHOWN_MAX)
            .map(|(item, of)| (self.item(item, masked), self.part(of, masked)))
            .collect();
        part.rows_left_out = items.len() - part.rows.len();
    }

    fn item(&self, item: &Item<Arc<Stored>>, masked: bool) -> String {
        match item {
            Item::Row(row) => {
                let entity = self.model.entity(row.entity);
                format!("{}/{}", entity.name, plan::key_text(entity, &row.key(entity)))
            }
            Item::Element(_) if masked => MASK.to_owned(),
            Item::Element(value) => shown(value),
        }
    }

    fn saw(&self, seen: &Seen, masked: bool) -> (String, String) {
        let hidden = masked || self.is_private(seen);
        let value = if hidden { MASK.to_owned() } else { shown(&seen.value) };
        (self.slice(seen.span), value)
    }

    fn is_private(&self, seen: &Seen) -> bool {
        seen.field.is_some_and(|(entity, field)| self.model.entity(entity).field(field).private)
    }

    fn slice(&self, span: expr::Span) -> String {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Shows a value as JSON does; a number that JSON shows as text stays a text.
fn shown(value: &Value) -> String {
    match value {
        Value::Duration(_) => format!("{value:?}"),
        value => match plan::client_form(value) {
            Json::Null => "null".to_owned(),
            json => json.to_string(),
        },
    }
}
