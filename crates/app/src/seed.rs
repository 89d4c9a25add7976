//! Sample rows: `seed/*.json`, one file for each entity, loaded into an empty database.
//!
//! Rows are in the form of the API. A relation may be given as `{"slug": "books"}`, by a unique
//! field of its target, so that seeds can be written by hand.

use std::collections::HashMap;

use expr::{EntityId, FieldId};
use model::{Entity, FieldKind, Model, Relation, Side, Via};
use plan::Bind;
use serde_json::{Map, Value as Json};

use crate::application::App;
use crate::input::Body;
use crate::operations::{Prepared, TrustedPlans, Write};
use crate::strict_json::Strict;

/// A seed file.
#[derive(Debug, Clone)]
pub struct SeedFile {
    /// Its name, `Product.json`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why seeds cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file is not what a seed file should be.
    #[error("seed/{file}: {detail}")]
    File {
        /// The file's name.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// A row is refused.
    #[error("seed/{file}: row {row}: {detail}")]
    Row {
        /// The file's name.
        file: String,
        /// The row, counted from 1.
        row: usize,
        /// What is wrong.
        detail: String,
    },
    /// Required relations of the seeded entities form a circle.
    #[error("seed: the required relations of {0} form a circle, so none can be loaded first")]
    Circle(String),
}

/// Returns whether no entity has a row.
///
/// # Errors
/// The store's failure.
pub async fn is_empty(app: &App) -> Result<bool, store::Error> {
    for entity in &app.model.entities {
        let table = app.dialect.quote(&entity.table);
        let probe =
            Probe { sql: format!("SELECT 1 FROM {table} LIMIT 1").into(), ..Probe::default() };
        if app.store.read(probe).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Loads seed files, targets before what refers to them. Returns the number of rows.
///
/// # Errors
/// The first row that is refused; the rows before it stay.
pub async fn load(app: &App, files: &[SeedFile]) -> Result<usize, SeedError> {
    let mut seeds: Vec<(EntityId, &SeedFile, Vec<Json>)> = Vec::new();
    for file in files {
        let (entity, rows) = parse(&app.model, file)?;
        seeds.push((entity, file, rows));
    }
    let order = order(&app.model, &seeds.iter().map(|seed| seed.0).collect::<Vec<_>>())?;
    let mut keys = Keys::default();
    let mut count = 0;
    for entity in order {
        for (_, file, rows) in seeds.iter().filter(|seed| seed.0 == entity) {
            for (index, row) in rows.iter().enumerate() {
                insert(app, entity, row, &mut keys).await.map_err(|detail| SeedError::Row {
                    file: file.name.clone(),
                    row: index + 1,
                    detail,
                })?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn parse(model: &Model, file: &SeedFile) -> Result<(EntityId, Vec<Json>), SeedError> {
    let fail = |detail: String| SeedError::File { file: file.name.clone(), detail };
    let name = file.name.strip_suffix(".json").unwrap_or(&file.name);
    let entity = model.entity_named(name).ok_or_else(|| {
        fail(format!("there is no entity `{name}`; a seed file is named after one"))
    })?;
    let rows: Vec<Strict> = serde_json::from_str(&file.text)
        .map_err(|error| fail(format!("not a JSON array of rows: {error}")))?;
    Ok((entity.id, rows.into_iter().map(|Strict(row)| row).collect()))
}

/// Orders entities so that the targets of required relations come first.
fn order(model: &Model, seeded: &[EntityId]) -> Result<Vec<EntityId>, SeedError> {
    let mut left: Vec<EntityId> = seeded.to_vec();
    left.dedup();
    let mut done = Vec::new();
    while !left.is_empty() {
        let free = left.iter().position(|entity| {
            model.entity(*entity).fields.iter().all(|field| match &field.kind {
                FieldKind::ToOne(Relation { target, .. })
                | FieldKind::ToMany { target, via: Via::Join { near: Side::Left, .. }, .. } => {
                    target == entity || !left.contains(target)
                }
                _ => true,
            })
        });
        let Some(free) = free else {
            let names: Vec<&str> =
                left.iter().map(|entity| model.entity(*entity).name.as_str()).collect();
            return Err(SeedError::Circle(names.join(", ")));
        };
        done.push(left.remove(free));
    }
    Ok(done)
}

/// The keys of loaded rows, by entity, unique field and value; what is unique in a tenant also by the
/// tenant's key.
#[derive(Default)]
struct Keys {
    of: HashMap<(EntityId, FieldId, String, Option<String>), String>,
    plans: TrustedPlans,
}

async fn insert(app: &App, entity: EntityId, row: &Json, keys: &mut Keys) -> Result<(), String> {
    let model = &app.model;
    let described = model.entity(entity);
    let Json::Object(members) = row else { return Err("a row is a JSON object".to_owned()) };
    let members = resolved(model, described, members, keys)?;
    let body = Body(members.clone().into_iter().collect());
    let write = Write::trusted(app, entity, body, &mut keys.plans);
    let write = write.map_err(|refusal| refusal.in_words())?;
    let saved = write.run(app).await.map_err(|refusal| refusal.in_words())?;
    remember(described, &members, &saved.key, keys);
    Ok(())
}

/// Replaces `{"slug": "books"}` by the key of the row that has it.
fn resolved(
    model: &Model,
    entity: &Entity,
    members: &Map<String, Json>,
    keys: &Keys,
) -> Result<Map<String, Json>, String> {
    let mut resolved = Map::new();
    let mut tenant = None;
    let is_tenant = |name: &String| names_tenant(entity, name);
    let (first, others): (Vec<_>, Vec<_>) = members.iter().partition(|member| is_tenant(member.0));
    for (name, value) in first.into_iter().chain(others) {
        let target = entity.field_named(name).and_then(|(_, field)| match &field.kind {
            FieldKind::ToOne(relation) => Some(model.entity(relation.target)),
            FieldKind::ToMany { target, via: Via::Join { .. } } => Some(model.entity(*target)),
            _ => None,
        });
        let find = |target: &Entity, value: &Json| match value {
            Json::Object(by) => keys
                .find(target, by, tenant.as_ref())
                .ok_or_else(|| format!("{name}: no {} with {value} among the seeds", target.name)),
            value => Ok(value.clone()),
        };
        let value = match (target, value) {
            (Some(target), Json::Array(items)) => {
                items.iter().map(|item| find(target, item)).collect::<Result<Json, _>>()?
            }
            (Some(target), value) => find(target, value)?,
            (None, value) => value.clone(),
        };
        if is_tenant(name) {
            tenant = Some(value.to_string());
        }
        resolved.insert(name.clone(), value);
    }
    Ok(resolved)
}

/// Says whether a member names the row's tenant.
fn names_tenant(entity: &Entity, name: &str) -> bool {
    entity.tenant.as_ref().is_some_and(|tenant| entity.field(tenant.field).goes_by(name))
}

impl Keys {
    /// Finds the key of the row with a value of a unique field, in the tenant where it has one.
    fn find(
        &self,
        target: &Entity,
        by: &Map<String, Json>,
        tenant: Option<&String>,
    ) -> Option<Json> {
        let (name, value) = by.iter().next().filter(|_| by.len() == 1)?;
        let (field, _) = target.field_named(name)?;
        let own = target.tenant.as_ref().and_then(|_| tenant.cloned());
        let key = self.of.get(&(target.id, field, value.to_string(), own))?;
        Some(Json::String(key.clone()))
    }
}

fn remember(entity: &Entity, members: &Map<String, Json>, key: &[Bind], keys: &mut Keys) {
    let key = plan::reference_text(entity, key);
    let tenant = members.iter().find(|member| names_tenant(entity, member.0));
    for (index, field) in entity.fields.iter().enumerate() {
        if let Some(value) = members.get(&field.name).filter(|_| field.unique) {
            let field = FieldId(index as u32);
            let mut remember = |tenant| {
                keys.of.insert((entity.id, field, value.to_string(), tenant), key.clone());
            };
            // A row without a tenant may refer to one of any.
            remember(None);
            tenant.iter().for_each(|(_, tenant)| remember(Some(tenant.to_string())));
        }
    }
}

/// Asks whether a statement returns a row.
struct Probe {
    sql: std::sync::Arc<str>,
    asked: bool,
    found: bool,
}

impl Default for Probe {
    fn default() -> Self {
        Self { sql: "".into(), asked: false, found: false }
    }
}

impl plan::Program for Probe {
    type Output = bool;

    fn next(&mut self) -> Option<plan::Statement<'_>> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        Some(plan::Statement { sql: &self.sql, binds: &[] })
    }

    fn row<R: plan::Row>(&mut self, _: &R) {
        self.found = true;
    }

    fn refused(&mut self, _: plan::Constraint) {}

    fn restart(&mut self) {
        (self.asked, self.found) = (false, false);
    }

    fn verdict(&self) -> plan::Verdict {
        plan::Verdict::Rollback
    }

    fn finish(self) -> bool {
        self.found
    }
}
