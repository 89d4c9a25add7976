//! `expand=category,reviews(filter:rating > 3,limit:5,sort:-createdAt).author`

use expr::{EntityId, FieldId, Node};
use model::FieldKind;
use plan::read::{Cursor, Expand, ExpandAfter, Selection, target_of};

use super::filter_op::FilterOp;
use super::short_filter::ShortFilter;
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
        let Some(field) = self.find_readable(entity, wish.name) else {
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
        let mut at = 0;
        while let Some(argument) = arguments.get(at) {
            at += 1;
            let named = argument.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
            match named {
                Some(("sort", value)) => {
                    sorts.push(value);
                    let further = without_names(&arguments[at..]);
                    sorts.extend(further);
                    at += further.len();
                }
                Some(("limit", value)) => self.expand_limit(expand, value),
                Some(("filter", value)) => self.expand_filter(expand, target, value),
                Some(("after", value)) => self.expand_after(expand, value),
                Some(("count", "exact")) => expand.count = true,
                Some(("count", _)) => self.mistake("expand", "invalid", "use `count:exact`"),
                Some((name, value)) if self.is_filter(target, name) => {
                    let further = without_names(&arguments[at..]);
                    self.expand_short_filter(expand, target, name, value, further);
                    at += further.len();
                }
                _ => {
                    let detail = format!(
                        "`{argument}` is not an argument; use `filter`, `sort`, `limit`, `after`, \
                         `count` and fields, such as `name[in]:a,b`"
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

    /// Whether an argument's name is that of a short filter: it has an operator, or begins with a
    /// field's name.
    fn is_filter(&self, target: EntityId, name: &str) -> bool {
        let field = name.split('.').next().unwrap_or(name);
        name.ends_with(']') || self.find_readable(target, field).is_some()
    }

    /// Reads `rating[gte]:3`, and `status[in]:NEW,PAID` with what its commas split off.
    fn expand_short_filter(
        &mut self,
        expand: &mut Expand,
        target: EntityId,
        name: &str,
        value: &str,
        further: &[&str],
    ) {
        let (path, op) = match name.strip_suffix(']').and_then(|open| open.split_once('[')) {
            Some((path, op)) => (path, FilterOp::parse(op)),
            None => (name, Some(FilterOp::EQUAL)),
        };
        let Some(op) = op else {
            let detail = format!("`{name}`: the operators are {}", FilterOp::names());
            self.mistake("expand", "unknown_operator", detail);
            return;
        };
        let text = std::iter::once(value).chain(further.iter().copied()).collect::<Vec<_>>();
        let filter = ShortFilter { parameter: "expand", path, op, text: &text.join(",") };
        let condition = self.short_condition(target, filter);
        self.add_to_expand(expand, condition);
    }

    fn add_to_expand(&mut self, expand: &mut Expand, condition: Option<Node>) {
        if condition.is_some() {
            self.further_conditions += 1;
            expand.filter = all_of(expand.filter.take().into_iter().chain(condition).collect());
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
        let schema = self.schema();
        let condition = self.condition("expand", text, &schema, target);
        let condition = condition.map(|condition| self.take_atoms(condition));
        self.add_to_expand(expand, condition);
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

/// Returns the first arguments without a name: they belong to the value before them.
fn without_names<'a, 't>(arguments: &'a [&'t str]) -> &'a [&'t str] {
    let named = arguments.iter().position(|argument| argument.contains(':'));
    &arguments[..named.unwrap_or(arguments.len())]
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
