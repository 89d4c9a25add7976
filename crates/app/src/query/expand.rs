//! `expand=category,reviews(limit:5,sort:-createdAt).author`

use expr::{EntityId, FieldId};
use model::FieldKind;
use plan::read::{Expand, Selection, target_of};

use super::{EXPAND_COUNT_MAX, EXPAND_ROWS_DEFAULT, Query, sort};

/// One relation as written, with its arguments and what follows the dot.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'t> {
    name: &'t str,
    arguments: Option<&'t str>,
    below: Option<&'t str>,
}

impl Query<'_> {
    /// Embeds relations.
    pub fn expand(&mut self, text: &str) {
        let mut selection = std::mem::take(&mut self.selection);
        self.expand_into(&mut selection, self.entity, text, 1);
        self.selection = selection;
        if count(&self.selection) > EXPAND_COUNT_MAX {
            let detail = format!("embed at most {EXPAND_COUNT_MAX} relations");
            self.mistake("expand", "too_many", detail);
        }
    }

    fn expand_into(&mut self, selection: &mut Selection, entity: EntityId, text: &str, depth: u32) {
        if depth > self.bounds.expand_depth_max {
            let detail =
                format!("relations are embedded {} deep at most", self.bounds.expand_depth_max);
            self.mistake("expand", "too_deep", detail);
            return;
        }
        let Some(wishes) = wishes(text) else {
            self.mistake(
                "expand",
                "syntax",
                "write names separated by commas, such as `category,reviews(limit:5).author`",
            );
            return;
        };
        for wish in wishes {
            self.wish(selection, entity, &wish, depth);
        }
    }

    fn wish(&mut self, selection: &mut Selection, entity: EntityId, wish: &Wish<'_>, depth: u32) {
        let Some(field) = self.find(entity, wish.name) else {
            self.unknown("expand", entity, wish.name);
            return;
        };
        let many = match &self.model.entity(entity).field(field).kind {
            FieldKind::ToOne(_) => false,
            FieldKind::ToMany { .. } => true,
            _ => {
                let detail = format!("`{}` is not a relation", wish.name);
                self.mistake("expand", "not_a_relation", detail);
                return;
            }
        };
        let target = target_of(self.model, entity, field);
        let known = selection.expand.iter().position(|expand| expand.field == field);
        let at = known.unwrap_or_else(|| {
            selection.expand.push(self.plain_expand(field, target, many));
            selection.expand.len() - 1
        });
        if let Some(arguments) = wish.arguments {
            if many {
                self.arguments(&mut selection.expand[at], target, arguments);
            } else {
                let detail = format!("`{}` is one row and takes no arguments", wish.name);
                self.mistake("expand", "syntax", detail);
            }
        }
        if let Some(below) = wish.below {
            self.expand_into(&mut selection.expand[at].selection, target, below, depth + 1);
        }
    }

    fn plain_expand(&self, field: FieldId, target: EntityId, many: bool) -> Expand {
        let order =
            if many { sort::with_key(self.model.entity(target), Vec::new()) } else { Vec::new() };
        let limit = EXPAND_ROWS_DEFAULT.min(self.bounds.expand_rows_max);
        Expand { field, selection: Selection::default(), order, limit }
    }

    fn arguments(&mut self, expand: &mut Expand, target: EntityId, arguments: &str) {
        let mut sorts: Vec<&str> = Vec::new();
        let mut sorting = false;
        for argument in arguments.split(',').map(str::trim) {
            match argument.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some(("limit", value)) => {
                    sorting = false;
                    let max = self.bounds.expand_rows_max;
                    match value.parse() {
                        Ok(limit) if (1..=max).contains(&limit) => expand.limit = limit,
                        _ => {
                            let detail = format!("use a limit from 1 to {max}");
                            self.mistake("expand", "out_of_range", detail);
                        }
                    }
                }
                Some(("sort", value)) => {
                    sorting = true;
                    sorts.push(value);
                }
                // `sort:-createdAt,name`: the second term of the same sort.
                None if sorting => sorts.push(argument),
                _ => {
                    let detail = format!("`{argument}` is not an argument; use `limit` and `sort`");
                    self.mistake("expand", "syntax", detail);
                }
            }
        }
        if !sorts.is_empty() {
            let order = self.order_of("expand", target, &sorts.join(","));
            expand.order = sort::with_key(self.model.entity(target), order);
        }
    }
}

fn count(selection: &Selection) -> usize {
    selection.expand.iter().map(|expand| 1 + count(&expand.selection)).sum()
}

/// Splits a list of relations at its top-level commas. `None` when parentheses do not match.
fn wishes(text: &str) -> Option<Vec<Wish<'_>>> {
    let mut wishes = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return None,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                wishes.push(wish(text[start..at].trim())?);
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return None;
    }
    wishes.push(wish(text[start..].trim())?);
    Some(wishes)
}

fn wish(text: &str) -> Option<Wish<'_>> {
    let end = text.find(['(', '.']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let (arguments, rest) = match rest.strip_prefix('(') {
        Some(inner) => {
            let close = inner.find(')')?;
            (Some(&inner[..close]), &inner[close + 1..])
        }
        None => (None, rest),
    };
    let below = match rest {
        "" => None,
        rest => Some(rest.strip_prefix('.').filter(|below| !below.is_empty())?),
    };
    Some(Wish { name, arguments, below })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_split_at_commas_outside_parentheses() {
        let found =
            wishes("category, reviews(limit:5,sort:-createdAt).author").expect("well formed");
        assert_eq!(
            found,
            [
                Wish { name: "category", arguments: None, below: None },
                Wish {
                    name: "reviews",
                    arguments: Some("limit:5,sort:-createdAt"),
                    below: Some("author")
                },
            ]
        );
    }

    #[test]
    fn malformed_lists_are_refused() {
        for text in ["", "a,,b", "a(", "a)", "a.", "(limit:5)", "a(limit:5)b"] {
            assert_eq!(wishes(text), None, "{text}");
        }
    }
}
