//! `expand=category,reviews(filter:rating > 3,limit:5,sort:-createdAt).author`

use expr::{EntityId, FieldId};
use model::FieldKind;
use plan::read::{Cursor, Expand, ExpandAfter, Selection, target_of};

use super::client_schema::ClientSchema;
use super::{EXPAND_COUNT_MAX, EXPAND_ROWS_DEFAULT, Query, all_of, nesting, sort};

/// One relation as written, with its arguments and what follows the dot.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'t> {
    name: &'t str,
    arguments: Option<Vec<&'t str>>,
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
        if let Some(arguments) = &wish.arguments {
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
        Expand {
            field,
            selection: Selection::default(),
            order,
            limit: EXPAND_ROWS_DEFAULT.min(self.bounds.expand_rows_max),
            filter: None,
            after: None,
            count: false,
        }
    }

    /// Reads `filter:rating > 3,limit:5,sort:-createdAt,name`.
    fn arguments(&mut self, expand: &mut Expand, target: EntityId, arguments: &[&str]) {
        let mut sorts: Vec<&str> = Vec::new();
        let mut sorting = false;
        for argument in arguments {
            let named = argument.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
            // `sort:-createdAt,name`: the second term of the same sort.
            if named.is_none() && sorting {
                sorts.push(argument);
                continue;
            }
            sorting = false;
            match named {
                Some(("sort", value)) => {
                    sorting = true;
                    sorts.push(value);
                }
                Some(("limit", value)) => self.expand_limit(expand, value),
                Some(("filter", value)) => self.expand_filter(expand, target, value),
                Some(("after", value)) => self.expand_after(expand, value),
                Some(("count", "exact")) => expand.count = true,
                Some(("count", _)) => self.mistake("expand", "invalid", "use `count:exact`"),
                _ => {
                    let detail = format!(
                        "`{argument}` is not an argument; use `filter`, `sort`, `limit`, `after` \
                         and `count`"
                    );
                    self.mistake("expand", "syntax", detail);
                }
            }
        }
        if !sorts.is_empty() {
            let order = self.order_of("expand", target, &sorts.join(","));
            expand.order = sort::with_key(self.model.entity(target), order);
        }
        if expand.limit == 0 && !expand.count {
            let detail = "a list without rows is for `count:exact` alone";
            self.mistake("expand", "out_of_range", detail);
        }
    }

    fn expand_limit(&mut self, expand: &mut Expand, text: &str) {
        let max = self.bounds.expand_rows_max;
        match text.parse() {
            Ok(limit) if (0..=max).contains(&limit) => expand.limit = limit,
            _ => {
                let detail = format!("use a limit from 1 to {max}, or 0 with `count:exact`");
                self.mistake("expand", "out_of_range", detail);
            }
        }
    }

    fn expand_filter(&mut self, expand: &mut Expand, target: EntityId, text: &str) {
        if self.is_too_long("expand", text) {
            return;
        }
        let schema = ClientSchema(self.model, self.caller);
        if let Some(condition) = self.condition("expand", text, &schema, target) {
            let condition = self.take_atoms(condition);
            expand.filter = all_of(expand.filter.take().into_iter().chain([condition]).collect());
        }
    }

    fn expand_after(&mut self, expand: &mut Expand, text: &str) {
        match Cursor::read(text) {
            Ok(cursor) => {
                let after =
                    ExpandAfter { cursor: self.expand_cursors.len(), nulls: cursor.nulls() };
                expand.after = Some(after);
                self.expand_cursors.push(cursor);
            }
            Err(error) => self.mistake("expand", "invalid_cursor", error.to_string()),
        }
    }
}

fn count(selection: &Selection) -> usize {
    selection.expand.iter().map(|expand| 1 + count(&expand.selection)).sum()
}

/// Splits a list of relations at its commas. `None` when parentheses or quotes do not match.
fn wishes(text: &str) -> Option<Vec<Wish<'_>>> {
    nesting::split(text)?.into_iter().map(wish).collect()
}

fn wish(text: &str) -> Option<Wish<'_>> {
    let end = text.find(['(', '.']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let (arguments, rest) = match rest.strip_prefix('(') {
        Some(_) => {
            let (arguments, rest) = rest.split_at(nesting::end(rest)?);
            let arguments = arguments.strip_prefix('(')?.strip_suffix(')')?;
            (Some(nesting::split(arguments)?), rest)
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
                    arguments: Some(vec!["limit:5", "sort:-createdAt"]),
                    below: Some("author")
                },
            ]
        );
    }

    #[test]
    fn expressions_keep_their_commas_parentheses_and_quotes() {
        let found = wishes(
            r"a(filter:x in [1, 2] && (t == ')' || t == 'it\'s, (' || t == r'\'),limit:5).b(limit:1)",
        );
        let [wish] = &found.expect("well formed")[..] else { panic!("one relation") };
        let arguments = wish.arguments.as_deref().expect("arguments");
        let filter = r"filter:x in [1, 2] && (t == ')' || t == 'it\'s, (' || t == r'\')";
        assert_eq!(arguments, [filter, "limit:5"]);
        assert_eq!(wish.below, Some("b(limit:1)"));
    }

    #[test]
    fn malformed_lists_are_refused() {
        let malformed = [
            "",
            "a,,b",
            "a(",
            "a)",
            "a.",
            "(limit:5)",
            "a(limit:5)b",
            "a(limit:5]",
            "a(filter:'x)",
            "a(x",
            "a(,)",
        ];
        for text in malformed {
            assert_eq!(wishes(text), None, "{text}");
        }
    }
}
