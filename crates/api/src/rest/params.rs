//! Query strings: names, operators and values.

use std::borrow::Cow;

use app::BadParameter;
use app::query::{AggregateQuery, FilterOp, HistoryQuery, Query};
use app::transfer::{Format, OnError};
use percent_encoding::percent_decode_str;
use plan::aggregate::AggregateFunc;

/// A decoded parameter, `price[gte]=10` as (`price`, `gte`, `10`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Param<'q> {
    pub(super) name: Cow<'q, str>,
    pub(super) op: Option<Cow<'q, str>>,
    pub(super) value: Cow<'q, str>,
}

/// Splits a query string as HTML forms write it. Text that is not UTF-8 is replaced, and so refused
/// wherever it is used.
pub(super) fn split(query: &str) -> impl Iterator<Item = Param<'_>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        let (name, op) = match name.strip_suffix(']').and_then(|open| open.split_once('[')) {
            Some((field, op)) => (Cow::Owned(field.to_owned()), Some(Cow::Owned(op.to_owned()))),
            None => (name, None),
        };
        Param { name, op, value: decode(value) }
    })
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// Parameters of an import that are looked at; more than it takes, so that mistakes are told.
const IMPORT_PARAMS_MAX: usize = 20;

/// The parameters of lists that may stand only once.
const OF_LISTS: [&str; 9] =
    ["filter", "sort", "limit", "after", "before", "offset", "expand", "fields", "count"];

/// The parameters of aggregates that may stand only once.
const OF_AGGREGATES: [&str; 14] = [
    "filter",
    "sort",
    "limit",
    "after",
    "before",
    "offset",
    "group",
    "having",
    "count",
    "countDistinct",
    "sum",
    "avg",
    "min",
    "max",
];

/// The parameters met so far that may stand only once.
struct Once {
    known: &'static [&'static str],
    seen: Vec<&'static str>,
}

impl Once {
    fn new(known: &'static [&'static str]) -> Self {
        Self { known, seen: Vec::new() }
    }

    /// Returns whether the parameter stands for the first time, or may be repeated.
    fn admits(&mut self, query: &mut Query<'_>, name: &str) -> bool {
        let Some(known) = self.known.iter().find(|known| **known == name) else { return true };
        if self.seen.contains(known) {
            query.refuse(name, "repeated", "give it only once");
            return false;
        }
        self.seen.push(known);
        true
    }
}

/// Feeds a list's parameters into a query. `limit[eq]=5` filters by a field named `limit`.
pub(super) fn list(query: &mut Query<'_>, text: &str) {
    let mut once = Once::new(&OF_LISTS);
    for param in split(text) {
        let (name, value) = (param.name.as_ref(), param.value.as_ref());
        if let Some(op) = &param.op {
            operator(query, name, op, value);
        } else if once.admits(query, name) {
            match name {
                "expand" => query.expand(value),
                "fields" => query.fields(value),
                "count" => query.count(value),
                "sort" => query.sort(value),
                "archived" if query.is_archived() => query.archived(value),
                "highlight" if query.is_searched() => query.highlight(value),
                _ => rows(query, name, value),
            }
        }
    }
}

/// Feeds an export's parameters into a query: those of a list, but for what only a page has.
pub(super) fn export(query: &mut Query<'_>, text: &str, format: Format) {
    for param in split(text).filter(|param| param.op.is_none()) {
        let detail = match (param.name.as_ref(), format) {
            ("before", _) => "an export goes forward: use `after`, or turn `sort` around",
            ("count", _) => "an export has all rows; count its lines",
            ("expand", Format::Csv) => "a line of CSV has one row; take NDJSON to embed others",
            ("highlight", Format::Csv) if query.is_searched() => "CSV shows fields; take NDJSON",
            _ => continue,
        };
        query.refuse(&param.name, "unsupported", detail);
    }
    query.unranked();
    list(query, text);
}

/// What the parameters of an import say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ImportParams {
    pub(super) on_error: OnError,
    pub(super) columns: Option<Vec<String>>,
    pub(super) replace: Option<Vec<String>>,
}

/// Reads the parameters of an import.
pub(super) fn import(text: &str) -> Result<ImportParams, Vec<BadParameter>> {
    let mut read = ImportParams { on_error: OnError::Undo, columns: None, replace: None };
    let mut seen: Vec<String> = Vec::new();
    let mut bad = Vec::new();
    for param in split(text).take(IMPORT_PARAMS_MAX) {
        let name = match &param.op {
            Some(op) => format!("{}[{op}]", param.name),
            None => param.name.into_owned(),
        };
        let wrong = match (name.as_str(), param.value.as_ref()) {
            _ if seen.contains(&name) => Some(("repeated", "give it only once")),
            ("onError", "undo") => None,
            ("onError", "skip") => {
                read.on_error = OnError::Skip;
                None
            }
            ("onError", _) => Some(("invalid", "use `undo` or `skip`")),
            ("columns", names) => {
                read.columns = Some(listed(names));
                None
            }
            ("replace", names) => {
                read.replace = Some(listed(names));
                None
            }
            _ => Some(("unknown_parameter", "an import takes `onError`, `columns` and `replace`")),
        };
        if let Some((code, detail)) = wrong {
            bad.push(BadParameter { name: name.clone(), code, detail: detail.to_owned() });
        }
        seen.push(name);
    }
    if bad.is_empty() { Ok(read) } else { Err(bad) }
}

/// Reads names that are separated by commas.
fn listed(names: &str) -> Vec<String> {
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Feeds an aggregate's parameters into a query. `sum[eq]=5` filters by a field named `sum`.
pub(super) fn aggregate(query: &mut AggregateQuery<'_>, text: &str) {
    let mut once = Once::new(&OF_AGGREGATES);
    for param in split(text) {
        let (name, value) = (param.name.as_ref(), param.value.as_ref());
        if let Some(op) = &param.op {
            operator(query.rows(), name, op, value);
        } else if once.admits(query.rows(), name) {
            match (name, AggregateFunc::named(name)) {
                (_, Some(func)) => query.measure(func, value),
                ("group", _) => query.group(value),
                ("count", _) => query.count(value),
                ("having", _) => query.having(value),
                ("sort", _) => query.sort(value),
                _ => rows(query.rows(), name, value),
            }
        }
    }
}

/// Feeds a parameter that says which rows count, and which page of the answer is wanted.
fn rows(query: &mut Query<'_>, name: &str, value: &str) {
    match name {
        "filter" => query.filter(value),
        "limit" => query.limit(value),
        "after" => query.after(value),
        "before" => query.before(value),
        "offset" => query.offset(value),
        "q" if query.is_searched() => query.search(value),
        _ => query.short_filter(name, FilterOp::EQUAL, value),
    }
}

/// Feeds filters into a query; nothing else says which rows are written.
pub(super) fn filters(query: &mut Query<'_>, text: &str) {
    let mut once = Once::new(&["filter"]);
    for param in split(text) {
        match (param.name.as_ref(), &param.op) {
            (name, Some(op)) => operator(query, name, op, &param.value),
            (name, None) if !once.admits(query, name) => {}
            ("filter", None) => query.filter(&param.value),
            (name, None) if OF_LISTS.contains(&name) || (query.is_searched() && name == "q") => {
                query.refuse(name, "unknown_parameter", "a write of many rows takes only filters");
            }
            (name, None) => {
                query.short_filter(name, FilterOp::EQUAL, &param.value);
            }
        }
    }
}

fn operator(query: &mut Query<'_>, name: &str, op: &str, value: &str) {
    match FilterOp::parse(op) {
        Some(op) => query.short_filter(name, op, value),
        None => {
            let detail = format!("the operators are {}", FilterOp::names());
            query.refuse(name, "unknown_operator", &detail);
        }
    }
}

/// Feeds the parameters of a history into a query.
pub(super) fn history(query: &mut HistoryQuery, text: &str) {
    for param in split(text) {
        query.parameter(&param.name, param.op.as_deref(), &param.value);
    }
}

/// Feeds the parameters of one row into a query.
pub(super) fn one(query: &mut Query<'_>, text: &str) {
    let mut once = Once::new(&["expand", "fields"]);
    for param in split(text) {
        match (param.name.as_ref(), &param.op) {
            (name, None) if !once.admits(query, name) => {}
            ("expand", None) => query.expand(&param.value),
            ("fields", None) => query.fields(&param.value),
            ("archived", None) if query.is_archived() => query.archived(&param.value),
            (name, _) => query.refuse(
                name,
                "unknown_parameter",
                "a single row takes only `expand` and `fields`",
            ),
        }
    }
}

/// Returns a query string with another place to start from.
pub(super) fn moved(query: &str, start: &str, cursor: &str) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !matches!(name, "after" | "before" | "offset")
        })
        .collect();
    let start = format!("{start}={cursor}");
    if kept.is_empty() { start } else { format!("{}&{start}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: &[(&str, Option<&str>, &str)]) {
        let found: Vec<_> = split(query).collect();
        let found: Vec<_> =
            found.iter().map(|p| (p.name.as_ref(), p.op.as_deref(), p.value.as_ref())).collect();
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn names_operators_and_values_are_decoded() {
        check("a=1&b[gte]=2", &[("a", None, "1"), ("b", Some("gte"), "2")]);
        check("b%5Bgte%5D=2", &[("b", Some("gte"), "2")]);
        check("filter=a%20%3D%3D+%22x%22", &[("filter", None, "a == \"x\"")]);
        check("&&a", &[("a", None, "")]);
    }

    #[test]
    fn imports_take_few_parameters() {
        let check = |query: &str, expected: Result<(OnError, Option<&str>), &[&str]>| {
            let found = match import(query) {
                Ok(params) => Ok((params.on_error, params.columns.map(|names| names.join("|")))),
                Err(bad) => Err(bad.iter().map(|bad| bad.code).collect::<Vec<_>>()),
            };
            let expected = expected
                .map(|(on_error, names)| (on_error, names.map(str::to_owned)))
                .map_err(<[&str]>::to_vec);
            assert_eq!(found, expected, "{query}");
        };
        check("", Ok((OnError::Undo, None)));
        check("onError=undo", Ok((OnError::Undo, None)));
        check("onError=skip&columns=a,%20b,", Ok((OnError::Skip, Some("a|b"))));
        check(
            "onError=stop&x=1&columns[in]=a",
            Err(&["invalid", "unknown_parameter", "unknown_parameter"]),
        );
        check("onError=skip&onError=skip", Err(&["repeated"]));
    }

    #[test]
    fn the_next_page_keeps_the_other_parameters() {
        assert_eq!(moved("limit=5&after=x&sort=-a", "after", "y"), "limit=5&sort=-a&after=y");
        assert_eq!(moved("", "before", "y"), "before=y");
    }
}
