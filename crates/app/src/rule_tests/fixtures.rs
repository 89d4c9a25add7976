//! The rows of a test file: by name, and by their keys in the database.

use std::collections::BTreeMap;

use model::{Entity, FieldKind, Model};
use plan::Bind;
use serde_json::{Map, Value as Json};

use super::file::TestFile;
use crate::access::find_entity;
use crate::input::key_parts;
use crate::seed::SeedFile;

/// A row's name, and its fields.
type Named = (String, Map<String, Json>);

/// The rows of a file.
pub(super) struct Fixtures<'m> {
    model: &'m Model,
    /// By entity and name: the key as in a path.
    keys: BTreeMap<(String, String), String>,
}

impl<'m> Fixtures<'m> {
    /// Gives each row its key, and returns what is to be loaded.
    pub(super) fn of(model: &'m Model, file: &TestFile) -> Result<(Self, Vec<SeedFile>), String> {
        let mut fixtures = Self { model, keys: BTreeMap::new() };
        let mut tables: Vec<(&Entity, Vec<Named>)> = Vec::new();
        let mut count = 0_u128;
        for (name, rows) in &file.rows {
            let entity = find_entity(model, name)?;
            let mut table = Vec::new();
            for (row, members) in rows {
                let Json::Object(members) = members else {
                    return Err(format!("{name}.{row} is no table of fields"));
                };
                let mut members = members.clone();
                count += 1;
                number(entity, &mut members, count);
                table.push((row.clone(), members));
            }
            tables.push((entity, table));
        }
        // Keys may lead through relations to rows whose keys are known only then.
        let mut open: Vec<(&Entity, &String, &Map<String, Json>)> = tables
            .iter()
            .flat_map(|(entity, rows)| rows.iter().map(|(name, row)| (*entity, name, row)))
            .collect();
        while !open.is_empty() {
            let before = open.len();
            open.retain(|(entity, name, row)| match fixtures.key_of(entity, row) {
                Some(key) => {
                    fixtures.keys.insert((entity.name.clone(), (*name).clone()), key);
                    false
                }
                None => true,
            });
            if open.len() == before {
                let (entity, name, _) = open[0];
                return Err(format!("{}.{name} does not say its key", entity.name));
            }
        }
        let seeds = tables.into_iter().map(|(entity, rows)| fixtures.seed(entity, rows));
        let seeds = seeds.collect();
        Ok((fixtures, seeds))
    }

    /// The rows of an entity in the form of seeds, those first to which others refer.
    fn seed(&self, entity: &Entity, mut left: Vec<Named>) -> SeedFile {
        let mut rows: Vec<Json> = Vec::new();
        while !left.is_empty() {
            let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
            let refers = |row: &Map<String, Json>| {
                row.iter().any(|(member, value)| {
                    self.relation(entity, member).is_some_and(|target| target.id == entity.id)
                        && value.as_str().is_some_and(|to| names.iter().any(|name| name == to))
                })
            };
            // A circle is left to the database to refuse.
            let next = left.iter().position(|(_, row)| !refers(row)).unwrap_or(0);
            let (_, row) = left.remove(next);
            rows.push(Json::Object(self.resolved(entity, row)));
        }
        SeedFile { name: format!("{}.json", entity.name), text: Json::Array(rows).to_string() }
    }

    /// Puts keys in the place of the names of rows.
    pub(super) fn resolved(&self, entity: &Entity, row: Map<String, Json>) -> Map<String, Json> {
        row.into_iter()
            .map(|(member, value)| {
                let target = self.relation(entity, &member);
                let key = target.and_then(|target| {
                    let named = (target.name.clone(), value.as_str()?.to_owned());
                    self.keys.get(&named).map(|key| self.reference(target, key))
                });
                (member, key.unwrap_or(value))
            })
            .collect()
    }

    /// A caller's claims: `User/alice` is the key of a row.
    pub(super) fn claims(&self, claims: &Json) -> Json {
        match claims {
            Json::String(text) => {
                let named = text.split_once('/').and_then(|(entity, row)| {
                    let entity = find_entity(self.model, entity).ok()?;
                    let key = self.keys.get(&(entity.name.clone(), row.to_owned()))?;
                    Some(self.reference(entity, key))
                });
                named.unwrap_or_else(|| claims.clone())
            }
            Json::Array(items) => items.iter().map(|item| self.claims(item)).collect(),
            Json::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.claims(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Finds a row that a test names: one of the file's, or one by its key.
    pub(super) fn row(&self, name: &str) -> Result<(&'m Entity, Option<Vec<Bind>>), String> {
        let Some((entity, row)) = name.split_once('/') else {
            return find_entity(self.model, name).map(|entity| (entity, None));
        };
        let entity = find_entity(self.model, entity)?;
        let key = self.keys.get(&(entity.name.clone(), row.to_owned()));
        match key_parts(entity, key.map_or(row, String::as_str)) {
            Some(key) => Ok((entity, Some(key))),
            None => Err(format!("there is no row `{row}` of {}", entity.name)),
        }
    }

    /// Names a row that a caller was shown.
    pub(super) fn name(&self, entity: &Entity, row: &Map<String, Json>) -> String {
        let key = self.key_of(entity, row).unwrap_or_default();
        let named = self.keys.iter().find(|((of, _), known)| *of == entity.name && **known == key);
        named.map_or(key.clone(), |((_, name), _)| name.clone())
    }

    /// Returns a row's key as in a path; none where it is not all known.
    fn key_of(&self, entity: &Entity, row: &Map<String, Json>) -> Option<String> {
        let parts = entity.key.iter().map(|id| {
            let field = entity.field(*id);
            let (member, target) = match &field.kind {
                FieldKind::ToOne(relation) => {
                    let id_member = row.get(&relation.id_name);
                    let target = self.model.entity(relation.target);
                    (row.get(&field.name).or(id_member)?, Some(target))
                }
                _ => (row.get(&field.name)?, None),
            };
            let text = match member {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let named = |target: &Entity| self.keys.get(&(target.name.clone(), text.clone()));
            match target {
                Some(target) if named(target).is_some() => named(target).cloned(),
                // A name of a row whose key is not known yet is no key of its entity.
                Some(target) => key_parts(target, &text).map(|_| text),
                None if entity.key.len() == 1 => Some(text),
                None => Some(plan::percent_encode(&text)),
            }
        });
        let parts: Option<Vec<String>> = parts.collect();
        parts.map(|parts| parts.join(","))
    }

    /// The entity behind a relation's member, by its name or its key's.
    fn relation(&self, entity: &Entity, member: &str) -> Option<&'m Entity> {
        entity.fields.iter().find_map(|field| match &field.kind {
            FieldKind::ToOne(relation) if field.name == member || relation.id_name == member => {
                Some(self.model.entity(relation.target))
            }
            _ => None,
        })
    }

    /// A key as JSON sends it.
    fn reference(&self, entity: &Entity, key: &str) -> Json {
        match key_parts(entity, key) {
            Some(parts) => Json::String(plan::reference_text(entity, &parts)),
            None => Json::String(key.to_owned()),
        }
    }
}

/// Gives a row without an `id` one that is the same in each run.
fn number(entity: &Entity, members: &mut Map<String, Json>, count: u128) {
    let [key] = entity.key.as_slice() else { return };
    let field = entity.field(*key);
    let is_id = matches!(field.kind, FieldKind::Scalar { scalar: model::Scalar::Id, .. });
    if is_id && !members.contains_key(&field.name) {
        let id = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_7e57_0000_0000 + count);
        members.insert(field.name.clone(), id.to_string().into());
    }
}
