//! What clients see of a database: each row with its relations, whether it is archived, and its
//! history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use app::query::{HistoryQuery, Query};
use app::{App, operations};
use expr::{Caller, EntityId};
use plan::Bind;
use serde_json::{Map, Value as Json, json};

use crate::draft::{Draft, Id, Key, Kind, Type, inverse_name};

/// The tenants there are. Who asks sees the rows of one.
pub(crate) const TENANTS: [&str; 2] = ["t1", "t2"];

/// All rows by type and number.
pub(crate) type Picture = BTreeMap<Id, BTreeMap<i64, Seen>>;

/// What is seen of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) archived: bool,
    /// The row's key as texts and paths have it.
    pub(crate) key: String,
    pub(crate) values: BTreeMap<Id, Json>,
    /// To-one relations: the number of the row they lead to.
    pub(crate) one: BTreeMap<Id, Option<i64>>,
    pub(crate) many: BTreeMap<Id, BTreeSet<i64>>,
    /// The entries, each change by its field.
    pub(crate) history: Vec<(Json, BTreeMap<String, Json>)>,
}

/// Who asks, in a tenant.
pub(crate) fn caller(app: &App, tenant: &str) -> Caller<'static> {
    let claims = json!({"sub": "01890a5d-ac96-774b-bcce-b302099a8001", "org": tenant});
    Caller { user: Some(Arc::new(claims)), now: app.clock.now(), input: &[], request: None }
}

pub(crate) fn entity(app: &App, ty: &Type) -> EntityId {
    app.model.entity_named(&ty.name).expect("its own type").id
}

/// Reads everything.
pub(crate) async fn take(app: &App, draft: &Draft) -> Picture {
    let mut picture = Picture::new();
    let mut shown: Vec<(Id, Json)> = Vec::new();
    for ty in &draft.types {
        let rows = picture.entry(ty.id).or_default();
        for tenant in TENANTS {
            let caller = caller(app, tenant);
            for archived in [false, true] {
                if archived && !ty.archive {
                    continue;
                }
                for row in list(app, &caller, draft, ty, archived).await {
                    let seen = rows.entry(number(&row)).or_default();
                    seen.archived = archived;
                    seen.key = key_text(ty, &row);
                    if ty.audit {
                        let history = history(app, &caller, draft, ty, &seen.key).await;
                        merge_history(&mut seen.history, history);
                    }
                    shown.push((ty.id, row));
                }
            }
        }
    }
    for (id, row) in shown {
        let ty = draft.ty(id).expect("a type of the model");
        let numbers = |to: Id, key: &Json| {
            let text = plain(key);
            let found = picture[&to].iter().find(|(_, seen)| seen.key == text);
            found.map(|(number, _)| *number)
        };
        let (mut values, mut one, mut many) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for field in &ty.fields {
            match field.kind {
                Kind::One(to, _) => {
                    let key = &row[format!("{}Id", field.name)];
                    one.insert(field.id, numbers(to, key));
                }
                Kind::Many(..) => {
                    let linked = row[&field.name].as_array().into_iter().flatten();
                    many.insert(field.id, linked.map(number).collect::<BTreeSet<i64>>());
                }
                _ if field.private => {}
                _ => {
                    values.insert(field.id, row[&field.name].clone());
                }
            }
        }
        let seen = picture.get_mut(&id).and_then(|rows| rows.get_mut(&number(&row)));
        let seen = seen.expect("it was listed");
        seen.values = values;
        for (field, to) in one {
            let known = seen.one.entry(field).or_default();
            *known = known.or(to);
        }
        for (field, to) in many {
            seen.many.entry(field).or_default().extend(to);
        }
    }
    picture
}

fn number(row: &Json) -> i64 {
    row["n"].as_i64().expect("a number")
}

fn plain(key: &Json) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

fn key_text(ty: &Type, row: &Json) -> String {
    match ty.key {
        Key::Id => plain(&row["id"]),
        Key::Code => plain(&row["code"]),
        Key::N => plain(&row["n"]),
        Key::Both => format!("{},{}", plain(&row["org"]), row["n"]),
    }
}

/// Returns a key as the database has it.
pub(crate) fn key(ty: &Type, text: &str) -> Vec<Bind> {
    let number = |text: &str| Bind::Int(text.parse().expect("a number"));
    match ty.key {
        Key::Id => {
            let id = uuid::Uuid::parse_str(text).expect("an id");
            vec![Bind::Blob(id.as_bytes().as_slice().into())]
        }
        Key::Code => vec![Bind::Text(text.to_owned())],
        Key::N => vec![number(text)],
        Key::Both => {
            let (org, n) = text.split_once(',').expect("two parts");
            vec![Bind::Text(org.to_owned()), number(n)]
        }
    }
}

async fn list(
    app: &App,
    caller: &Caller<'_>,
    draft: &Draft,
    ty: &Type,
    archived: bool,
) -> Vec<Json> {
    let mut query = Query::new(&app.model, caller, entity(app, ty), app.read_bounds());
    query.limit("200");
    if archived {
        query.archived("only");
    }
    let many = ty.fields.iter().filter(|field| matches!(field.kind, Kind::Many(..)));
    let mut many: Vec<String> = many.map(|field| format!("{}(limit:100)", field.name)).collect();
    many.extend(draft.inverses(ty.id).map(|(_, field)| inverse_name(field.id)));
    if !many.is_empty() {
        query.expand(&many.join(","));
    }
    let ready = query.many().expect("a plain list");
    let page = operations::list(app, caller, ready, b"").await.expect("a plain list");
    serde_json::from_slice(&page.json).expect("a page is JSON")
}

/// Lists the numbers of the rows in which a word is found.
pub(crate) async fn found(app: &App, ty: &Type, word: &str) -> BTreeSet<i64> {
    let mut numbers = BTreeSet::new();
    for tenant in TENANTS {
        let caller = caller(app, tenant);
        let mut query = Query::new(&app.model, &caller, entity(app, ty), app.read_bounds());
        query.limit("200");
        query.search(word);
        let ready = query.many().expect("a search");
        let page = operations::list(app, &caller, ready, b"").await.expect("a search");
        let rows: Vec<Json> = serde_json::from_slice(&page.json).expect("a page is JSON");
        numbers.extend(rows.iter().map(number));
    }
    numbers
}

async fn history(
    app: &App,
    caller: &Caller<'_>,
    draft: &Draft,
    ty: &Type,
    text: &str,
) -> Vec<(Json, BTreeMap<String, Json>)> {
    let mut query = HistoryQuery::new(app.read_bounds());
    query.parameter("limit", None, "200");
    let ready = query.ready(entity(app, ty)).expect("a plain history");
    let page = operations::history(app, caller, ready, key(ty, text), b"").await;
    let page = page.unwrap_or_else(|refusal| panic!("history of {text}: {refusal:?}"));
    let entries: Vec<Map<String, Json>> =
        serde_json::from_slice(&page.json).expect("a page is JSON");
    let told = |mut entry: Map<String, Json>| {
        let changes = entry.remove("changes").unwrap_or_default();
        let changes = changes.as_object().into_iter().flatten();
        let by_field = changes.map(|(name, change)| (told_name(draft, ty, name), change.clone()));
        (Json::Object(entry), by_field.collect())
    };
    entries.into_iter().map(told).collect()
}

/// Names a change by what stays when its field is renamed.
fn told_name(draft: &Draft, ty: &Type, name: &str) -> String {
    let of = |field: &&crate::draft::Field| match field.kind {
        Kind::One(..) => name.strip_suffix("Id") == Some(&field.name),
        _ => name == field.name,
    };
    if let Some(field) = ty.fields.iter().find(of) {
        return format!("#{}", field.id);
    }
    let mut inverses = draft.inverses(ty.id);
    let inverse = inverses.find(|(_, field)| inverse_name(field.id) == name);
    inverse.map_or_else(|| name.to_owned(), |(_, field)| format!("back #{}", field.id))
}

/// What one caller sees of links, another may not.
fn merge_history(
    known: &mut Vec<(Json, BTreeMap<String, Json>)>,
    other: Vec<(Json, BTreeMap<String, Json>)>,
) {
    if known.is_empty() {
        *known = other;
        return;
    }
    for ((_, changes), (_, more)) in known.iter_mut().zip(other) {
        for (name, change) in more {
            changes.entry(name).or_insert(change);
        }
    }
}
