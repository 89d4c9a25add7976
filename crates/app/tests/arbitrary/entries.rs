//! Where text from clients enters: each takes any bytes, and neither panics nor takes long.
//!
//! The property test calls these, and so do the fuzz targets in `fuzz/`.

use std::sync::LazyLock;

use app::input::{self, Address, scalar_from_json, scalar_from_text};
use app::query::{AggregateQuery, FilterOp, Query, ReadBounds};
use app::transfer::{Format, Rows, Wanted};
use expr::{AtomShape, Caller, EntityId, Expect, Scope, Timestamp, Type};
use model::{FieldKind, Model, Sources};
use plan::aggregate::{self, AggregateFunc};
use plan::read::{Cursor, PlanError, ReadPlan};
use plan::{AtomValues, Dialect, RuleBook, SearchTerm, Show};

/// An entry for bytes.
pub(crate) type Entry = fn(&[u8]);

/// All of them, with the names of their targets and seeds.
pub(crate) const ENTRIES: [(&str, Entry); 8] = [
    ("aggregate", aggregate),
    ("body", body),
    ("cursor", cursor),
    ("expression", expression),
    ("filter", filter),
    ("query", query),
    ("rows", rows),
    ("value", value),
];

/// Every scalar, relations in both directions, rules that hide rows and fields.
const SCHEMA: &str = r#"
enum Status { DRAFT PUBLISHED }
type User @entity @allow(read: "true") {
  name: String! @length(min: 1, max: 40)
  email: Email @unique @allow(read: "row.id == user.id")
  secret: String @private
  posts: [Post!]! @inverse(of: "author")
}
type Post @entity @archive @search(on: ["title^2", "site"]) @allow(read: "row.status == 'PUBLISHED' || row.author == user.id") {
  author: User!
  title: String!
  status: Status! @default(value: "PUBLISHED")
  rating: Float
  price: Decimal
  stock: Int
  views: BigInt
  tags: [String!]! @default(value: [])
  extra: JSON
  site: URL
  day: Date
  open: Boolean
  soldAt: DateTime
  shout: String! @computed(expr: "row.title.upperAscii()")
}
type Line @entity @key(on: ["shelf", "place"]) @allow(read: "true") {
  shelf: String!
  place: Int!
}
"#;

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let sources = Sources::new([("modules/app/schema.graphql", SCHEMA)]);
    match model::load(&sources) {
        Ok(loaded) => loaded.model,
        Err(report) => panic!("{}", report.to_human(false)),
    }
});

fn entity(name: &str) -> EntityId {
    MODEL.entities.iter().find(|entity| entity.name == name).expect("it is in the schema").id
}

const BOUNDS: ReadBounds = ReadBounds {
    page_default: 20,
    page_max: 200,
    expand_depth_max: 3,
    expand_rows_max: 100,
    filter_bytes_max: 8 * 1024,
};

fn caller() -> Caller<'static> {
    Caller { user: None, now: Timestamp(1_700_000_000_000_000), input: &[], request: None }
}

/// What is parsed prints as text that is parsed to the same, and can be checked.
pub(crate) fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(ast) = expr::parse(text) else { return };
    let printed = ast.to_string();
    // Escapes make text longer, which the bound of texts may refuse.
    if let Ok(again) = expr::parse(&printed) {
        assert_eq!(again.to_string(), printed, "{text}");
    }
    let scope = Scope {
        schema: &*MODEL,
        row: Some(entity("Post")),
        bare_fields: false,
        input: None,
        user: true,
        now: true,
    };
    for expect in [Expect::Type(Type::Bool), Expect::AnyScalar] {
        if let Ok(node) = expr::check(&ast, &scope) {
            drop(expr::prepare(node));
        }
        drop(expr::compile(text, &scope, expect));
    }
}

/// A filter is taken, and becomes a plan, or is refused.
pub(crate) fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let caller = caller();
    let mut query = Query::new(&MODEL, &caller, entity("Post"), BOUNDS);
    query.filter(&text);
    finish(query);
}

/// A query string, decoded already, is taken, and becomes a plan, or is refused with no more mistakes
/// than are named.
pub(crate) fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let caller = caller();
    let mut query = Query::new(&MODEL, &caller, entity("Post"), BOUNDS);
    for (name, value) in pairs(&text) {
        match name {
            "sort" => query.sort(value),
            "expand" => query.expand(value),
            "fields" => query.fields(value),
            "count" => query.count(value),
            "archived" => query.archived(value),
            "highlight" => query.highlight(value),
            _ => common(&mut query, name, value),
        }
    }
    finish(query);
}

/// As `query`, of an aggregate.
pub(crate) fn aggregate(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let caller = caller();
    let mut query = AggregateQuery::new(&MODEL, &caller, entity("Post"), BOUNDS);
    for (name, value) in pairs(&text) {
        match (name, AggregateFunc::named(name)) {
            (_, Some(func)) => query.measure(func, value),
            ("group", _) => query.group(value),
            ("count", _) => query.count(value),
            ("having", _) => query.having(value),
            ("sort", _) => query.sort(value),
            _ => common(query.rows(), name, value),
        }
    }
    match query.ready() {
        Ok(ready) => {
            assert!(ready.limit <= BOUNDS.page_max);
            searched(ready.search.as_deref());
            let rules = aggregate::rules_of(&MODEL, &ready.shape);
            planned(&rules, ready.atoms, |atoms| {
                aggregate::build(&MODEL, Dialect::Sqlite, &ready.shape, &rules, atoms)
            });
        }
        Err(mistakes) => assert!((1..=100).contains(&mistakes.len())),
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// What lists and aggregates have in common.
fn common(query: &mut Query<'_>, name: &str, value: &str) {
    match name {
        "filter" => query.filter(value),
        "limit" => query.limit(value),
        "after" => query.after(value),
        "before" => query.before(value),
        "offset" => query.offset(value),
        "q" if query.is_searched() => query.search(value),
        _ => match name.strip_suffix(']').and_then(|open| open.split_once('[')) {
            Some((field, op)) => match FilterOp::parse(op) {
                Some(op) => query.short_filter(field, op, value),
                None => query.unknown_parameter(name),
            },
            None => query.short_filter(name, FilterOp::EQUAL, value),
        },
    }
}

fn finish(query: Query<'_>) {
    match query.many() {
        Ok(ready) => {
            assert!(ready.limit <= BOUNDS.page_max);
            searched(ready.search.as_deref());
            let rules = plan::read::rules_of(&MODEL, &ready.shape);
            planned(&rules, ready.atoms, |atoms| {
                plan::read::build(&MODEL, Dialect::Sqlite, &ready.shape, &rules, atoms)
            });
        }
        Err(mistakes) => assert!((1..=100).contains(&mistakes.len())),
    }
}

/// Nothing of what is searched for stands outside quotes.
fn searched(terms: Option<&[SearchTerm]>) {
    let Some(terms) = terms else { return };
    assert!(terms.iter().any(|term| !term.excluded));
    let query = Dialect::Sqlite.search_query(terms);
    for text in [query.all, query.any] {
        let outside: String = text.split('"').step_by(2).collect();
        let words = ["AND", "OR", "NOT", "(", ")", "*"];
        let rest = words.iter().fold(outside, |rest, word| rest.replace(word, " "));
        assert_eq!(rest.trim(), "", "{text}");
    }
}

/// What is taken becomes statements, each of whose values is known.
fn planned(
    rules: &RuleBook,
    atoms: Vec<expr::Value>,
    build: impl FnOnce(&[AtomShape]) -> Result<ReadPlan, PlanError>,
) {
    let mut atoms = AtomValues::from_vec(atoms);
    rules.evaluate(&MODEL, &caller(), &mut atoms);
    let shapes: Vec<AtomShape> = atoms.iter().map(AtomShape::of).collect();
    // What is refused now is a field that this caller may never read.
    let Ok(plan) = build(&shapes) else { return };
    let statements = plan.levels.iter().map(|level| &level.statement);
    for statement in statements.chain(plan.count.as_ref().map(|(count, _)| count)) {
        for bind in &statement.binds {
            if let plan::BindSource::Atom(index) = bind {
                assert!(usize::from(*index) < atoms.len(), "{}", statement.sql);
            }
        }
    }
}

/// A body is an object without repeated members or an array of them, and each member a value of its
/// field or not.
pub(crate) fn body(bytes: &[u8]) {
    let rows = match input::Rows::parse(bytes) {
        Ok(input::Rows::One(row)) => vec![row],
        Ok(input::Rows::Many(rows)) => rows,
        Err(_) => return,
    };
    for (name, json) in rows.iter().flat_map(|row| &row.0) {
        for entity in &MODEL.entities {
            for field in entity.fields.iter().filter(|field| field.name == *name) {
                if let FieldKind::Scalar { scalar, .. } = field.kind {
                    drop(scalar_from_json(&MODEL, scalar, json));
                }
            }
        }
    }
}

/// A file has the same rows, in their order, whatever the pieces in which it comes.
pub(crate) fn rows(bytes: &[u8]) {
    for format in [Format::Csv, Format::Ndjson] {
        let whole = read(format, bytes, usize::MAX);
        assert_eq!(read(format, bytes, 3), whole);
        assert!(whole.is_sorted());
    }
}

/// Reads rows: the line of each, and whether it is one.
fn read(format: Format, bytes: &[u8], piece: usize) -> Vec<(u64, bool)> {
    let (post, mut found) = (entity("Post"), Vec::new());
    let mut rows = Rows::new(format, 100, Wanted::default());
    for mut input in bytes.chunks(piece) {
        loop {
            match rows.next(&MODEL, post, &mut input) {
                Ok(Some(row)) => found.push((row.line, row.body.is_ok())),
                Ok(None) => break,
                // The names of the columns are wrong, which refuses the file.
                Err(_) => return found,
            }
        }
    }
    let last = rows.finish(&MODEL, post).ok().flatten();
    found.extend(last.map(|row| (row.line, row.body.is_ok())));
    found
}

/// A cursor is one of ours or damaged.
pub(crate) fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(cursor) = Cursor::read(text) else { return };
    let shows = [
        Show::Uuid,
        Show::Text,
        Show::Plain,
        Show::Int,
        Show::BigInt,
        Show::Float,
        Show::Bool,
        Show::Timestamp,
        Show::Json,
    ];
    let count = cursor.nulls().len();
    for first in 0..shows.len() {
        let each: Vec<Show> = shows.iter().cycle().skip(first).take(count).copied().collect();
        drop(cursor.binds(0, &each));
    }
}

/// A text in a path or a short filter is a value of its type or not.
pub(crate) fn value(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for entity in &MODEL.entities {
        drop(Address::of_key(&MODEL, entity.id, &text));
        for field in &entity.fields {
            if let FieldKind::Scalar { scalar, .. } = field.kind {
                drop(scalar_from_text(&MODEL, scalar, &text));
            }
        }
    }
}
