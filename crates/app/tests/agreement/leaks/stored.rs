//! What the database holds, read through a model that hides nothing.

use std::sync::Arc;

use app::query::Query;
use app::{App, operations};
use expr::{Caller, EntityId, FieldId, Value};
use model::FieldKind;
use serde_json::{Map, Value as Json};

use super::answers::same;
use crate::values;
use crate::world::{At, Cell, World, client_value};

/// Says in what the database differs from the world.
pub(crate) async fn differs(world: &World, open: &App) -> Result<(), String> {
    for entity in &world.model.entities {
        let mut found = rows(open, entity.id).await;
        let all = (0..world.rows(entity.id)).map(|row| (entity.id, row));
        for row in all.filter(|row| world.is_kept(*row)) {
            let expected = expected(world, row);
            let at = found.iter().position(|found| same(&found["n"], &expected["n"]));
            let Some(at) = at else { return Err(format!("{} is gone", Json::from(expected))) };
            let found = found.swap_remove(at);
            for (name, expected) in &expected {
                if !same(&found[name], expected) {
                    let row = format!("{} {}", entity.name, row.1);
                    return Err(format!("{name} of {row} is {}, not {expected}", found[name]));
                }
            }
        }
        if let Some(more) = found.first() {
            return Err(format!("a {} is there that should not: {more}", entity.name));
        }
    }
    Ok(())
}

/// Learns the keys that the server has made.
pub(crate) async fn learn_keys(world: &mut World, open: &App) {
    let model = Arc::clone(&world.model);
    for entity in &model.entities {
        let Some((id, _)) = entity.field_named("id") else { continue };
        let is_unknown = |row: &At| {
            let is_made = matches!(world.value(row, id), Value::Uuid(id) if values::is_unknown(id));
            is_made && world.is_kept(*row)
        };
        let all = (0..world.rows(entity.id)).map(|row| (entity.id, row));
        let unknown: Vec<At> = all.filter(is_unknown).collect();
        if unknown.is_empty() {
            continue;
        }
        let found = rows(open, entity.id).await;
        for row in unknown {
            let key = found.iter().find(|found| found["n"] == world.number(row));
            let key = key.and_then(|found| found["id"].as_str()?.parse().ok());
            if let Some(key) = key {
                world.set(row, id, Cell::Value(Value::Uuid(key)));
            }
        }
    }
}

async fn rows(open: &App, entity: EntityId) -> Vec<Json> {
    let caller = Caller { user: None, now: open.clock.now(), input: &[], request: None };
    let mut query = Query::new(&open.model, &caller, entity, open.read_bounds());
    query.limit("200");
    let described = open.model.entity(entity);
    let lists: Vec<String> = described
        .fields
        .iter()
        .filter(|field| matches!(field.kind, FieldKind::ToMany { .. }))
        .map(|field| format!("{}(limit:100)", field.name))
        .collect();
    if !lists.is_empty() {
        query.expand(&lists.join(","));
    }
    let ready = query.many().expect("a plain list");
    let page = operations::list(open, &caller, ready, b"").await.expect("a plain list");
    serde_json::from_slice(&page.json).expect("a page is JSON")
}

/// Returns a row in the form of the plain list: of linked rows only their numbers.
fn expected(world: &World, row: At) -> Map<String, Json> {
    let mut expected = Map::new();
    let entity = world.model.entity(row.0);
    for (id, field) in (0..).map(FieldId).zip(&entity.fields) {
        match (world.stored(row, id), &field.kind) {
            (Some(Cell::Value(value)), _) => {
                expected.insert(field.name.clone(), client_value(value, field));
            }
            (Some(Cell::One(to)), FieldKind::ToOne(relation)) => {
                let key = to.map(|to| world.key_text((relation.target, to)));
                expected.insert(relation.id_name.clone(), key.into());
            }
            _ => {}
        }
    }
    expected
}

/// Says in what the links that the database holds differ from the world's.
pub(crate) async fn links_differ(world: &World, open: &App) -> Result<(), String> {
    for entity in &world.model.entities {
        let found = rows(open, entity.id).await;
        for (id, field) in (0..).map(FieldId).zip(&entity.fields) {
            let FieldKind::ToMany { target, .. } = field.kind else { continue };
            for row in (0..world.rows(entity.id)).map(|row| (entity.id, row)) {
                let number = |row: At| world.number(row);
                let Some(shown) = found.iter().find(|found| found["n"] == number(row)) else {
                    continue;
                };
                let mut shown: Vec<i64> = shown[&field.name]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|row| row["n"].as_i64())
                    .collect();
                let rows = world.many(&row, id).into_iter();
                let mut expected: Vec<i64> = rows.map(|other| number((target, other.1))).collect();
                shown.sort_unstable();
                expected.sort_unstable();
                if shown != expected {
                    let row = format!("{} {}", entity.name, row.1);
                    return Err(format!("{} of {row} are {shown:?}, not {expected:?}", field.name));
                }
            }
        }
    }
    Ok(())
}
