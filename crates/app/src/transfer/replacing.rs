//! Rows that take the place of those that are there already.

use expr::EntityId;
use model::Model;
use serde_json::Value as Json;

use crate::input::{Address, Body};
use crate::refusal::{BadMember, BadParameter, Refusal};

/// Looks whether rows can be told apart by these fields.
///
/// # Errors
/// That they are not the fields of a unique key.
pub(super) fn check(model: &Model, entity: EntityId, names: &[String]) -> Result<(), Refusal> {
    Address::is_of_unique_key(model, entity, names).map_err(|bad| {
        let bad = BadParameter { name: "replace".to_owned(), ..bad };
        Refusal::Parameters(vec![bad])
    })
}

/// Reads the unique key out of a row.
///
/// # Errors
/// Which of its fields is not there, or cannot be one.
pub(super) fn address(
    model: &Model,
    entity: EntityId,
    names: &[String],
    body: &Body,
) -> Result<Address, Refusal> {
    let mut bad = Vec::new();
    let mut texts: Vec<(&str, String)> = Vec::with_capacity(names.len());
    for name in names {
        match body.0.iter().find(|(member, _)| is_same(model, entity, name, member)) {
            Some((_, Json::String(text))) => texts.push((name, text.clone())),
            Some((_, json @ (Json::Number(_) | Json::Bool(_)))) => {
                texts.push((name, json.to_string()));
            }
            _ => {
                let detail = format!("{name} is required: it tells which row is replaced");
                bad.push(BadMember::new(name, "required", detail));
            }
        }
    }
    if !bad.is_empty() {
        return Err(Refusal::Body(bad));
    }
    let named = texts.iter().map(|(name, text)| (*name, text.as_str()));
    Address::of_unique_key(model, entity, named).map_err(|bad| {
        let member = |bad: BadParameter| BadMember::new(&bad.name, "type", bad.detail);
        Refusal::Body(bad.into_iter().map(member).collect())
    })
}

/// Whether two names mean one field: a relation goes by two.
fn is_same(model: &Model, entity: EntityId, name: &str, member: &str) -> bool {
    let mut fields = model.entity(entity).fields.iter();
    name == member || fields.any(|field| field.goes_by(name) && field.goes_by(member))
}
