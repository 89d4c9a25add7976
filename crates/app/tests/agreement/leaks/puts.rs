//! Rows that are put where their address says: by their key, or by a unique one.

use std::sync::Arc;

use app::App;
use app::input::{Address, Body};
use app::operations::{Action, Place, Precondition, Prepared as _, Put, PutWrite};
use app::transfer::{Format, OnError};
use expr::{Caller, EntityId, FieldId, Value};
use model::{FieldKind, Model};
use plan::RuleRef;
use plan::read::Archived;

use super::cells::{self, FIXED, numbered, targets_seen};
use super::imports;
use super::sight::Sight;
use super::writes::{Answer, Asked, Belief, Expected};
use crate::entropy::Entropy;
use crate::values;
use crate::world::{At, Cell, World};

/// A row that is to be put.
#[derive(Clone, Debug)]
pub(crate) struct PutRow {
    /// The row whose address it is, perhaps the next one that there will be.
    row: At,
    /// Whether the address is the row's code, rather than its key.
    by_code: bool,
    /// Nothing in fields that are left out.
    cells: Vec<Option<Cell>>,
    condition: Condition,
    /// Whether it comes as the line of an import.
    imported: bool,
}

const NO_CONDITION: Condition = Condition::Belief(Belief::Nothing);

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// What the caller believes of the row.
    Belief(Belief),
    /// That there is one (`If-Match: *`).
    Exists,
    /// That there is none (`If-None-Match: *`).
    Absent,
}

impl PutRow {
    pub(crate) fn random(world: &World, row: At, entropy: &mut Entropy<'_>) -> Self {
        let described = world.model.entity(row.0);
        let code = described.field_named("code").map(|(id, _)| id);
        let is_unique = described.indexes.iter().any(|index| {
            index.unique && index.fields.len() == 1 && index.fields.first() == code.as_ref()
        });
        let by_code = is_unique && entropy.pick(2) == 0;
        let mut cells = cells::new_row(world, row, entropy);
        for (cell, field) in cells.iter_mut().zip(&described.fields) {
            let is_link = matches!(field.kind, FieldKind::ToMany { .. });
            let may_miss = is_link || !field.required;
            if may_miss && !FIXED.contains(&field.name.as_str()) && entropy.pick(3) == 0 {
                *cell = None;
            }
        }
        let condition = match entropy.pick(8) {
            0 => Condition::Absent,
            1 => Condition::Exists,
            2 => Condition::Belief(Belief::Right),
            3 => Condition::Belief(Belief::Wrong),
            _ => Condition::Belief(Belief::Nothing),
        };
        let imported = by_code && condition == NO_CONDITION && entropy.pick(2) == 0;
        Self { row, by_code, cells, condition, imported }
    }

    /// Returns the row at the address, where the caller sees one.
    fn target(&self, sight: Sight<'_>) -> Option<At> {
        let mut all = (0..sight.world.rows(self.row.0)).map(|row| (self.row.0, row));
        all.find(|row| {
            let is_there =
                if self.by_code { self.has_code(sight.world, *row) } else { *row == self.row };
            is_there && sight.sees(*row, Archived::Without)
        })
    }

    fn has_code(&self, world: &World, row: At) -> bool {
        let Some((code, _)) = world.model.entity(row.0).field_named("code") else { return false };
        let own = match self.cells.get(code.0 as usize) {
            Some(Some(Cell::Value(value))) => value,
            _ => return false,
        };
        *own == world.value(&row, code)
    }

    /// Says whether a row that the caller does not see has the key already.
    fn is_taken(&self, sight: Sight<'_>) -> bool {
        let world = sight.world;
        let is_there = |row: At| row.1 < world.rows(row.0) && world.is_kept(row);
        if !self.by_code {
            return is_there(self.row);
        }
        let mut all = (0..world.rows(self.row.0)).map(|row| (self.row.0, row));
        // What is unique is free again when a row is archived, and unique within the tenant.
        all.any(|row| world.is_live(row) && sight.is_in_reach(row) && self.has_code(world, row))
    }

    /// Returns what is sent: to a row that is there with its key, to a new one with a key of its own.
    fn sent(&self, world: &World, target: Option<At>) -> Vec<Option<Cell>> {
        let entity = world.model.entity(self.row.0);
        let mut cells = self.cells.clone();
        for (index, field) in entity.fields.iter().enumerate() {
            let id = FieldId(index as u32);
            let new = world.rows(self.row.0);
            cells[index] = match (target, field.name.as_str()) {
                (Some(_), "id") => None,
                (Some(row), "n" | "code") => world.stored(row, id).cloned(),
                (None, "id") if self.by_code => Some(Cell::Value(Value::Uuid(values::id(new)))),
                (None, "n") if self.by_code => Some(Cell::Value(Value::Int(new as i64))),
                _ => continue,
            };
        }
        cells
    }

    fn address(&self, sight: Sight<'_>, model: &Model) -> Option<Address> {
        let described = model.entity(self.row.0);
        let own = |field: &FieldId| match &self.cells[field.0 as usize] {
            Some(Cell::Value(value)) => value.clone(),
            _ => Value::Null,
        };
        if self.by_code {
            let (code, _) = described.field_named("code")?;
            let Value::Text(code) = own(&code) else { return None };
            let parameters = [("code", code.as_str())].into_iter();
            return Address::of_unique_key(model, self.row.0, parameters).ok();
        }
        let key = match self.row.1 < sight.world.rows(self.row.0) {
            true => sight.world.key(self.row),
            false => described.key.iter().map(|field| plan::bind(own(field))).collect(),
        };
        Address::of_key(model, self.row.0, &plan::key_text(described, &key))
    }

    async fn precondition(&self, sight: Sight<'_>, app: &App) -> Precondition {
        match self.condition {
            Condition::Absent => Precondition::Absent,
            Condition::Exists => Precondition::Exists,
            Condition::Belief(belief) => {
                let hash = match self.target(sight) {
                    Some(row) => belief.hash(sight, app, row).await,
                    None => (belief != Belief::Nothing).then_some(0),
                };
                hash.map_or(Precondition::None, |hash| Precondition::Hashes(vec![hash]))
            }
        }
    }

    fn body(&self, sight: Sight<'_>) -> Body {
        let sent = self.sent(sight.world, self.target(sight));
        cells::body(sight.world, self.row.0, &numbered(&sent))
    }

    /// Returns the put as an operation of a batch.
    pub(crate) async fn action(&self, sight: Sight<'_>, app: &App) -> Action {
        let entity = self.row.0;
        let place = match self.by_code {
            true => Place::Unique(self.address(sight, &app.model).expect("the address of a row")),
            false => Place::Key(cells::batch_key(sight.world, self.row)),
        };
        let precondition = self.precondition(sight, app).await;
        Action::Put { entity, place, body: self.body(sight), precondition }
    }

    /// Returns what rules say of the row at the address as it is, each by itself.
    pub(crate) fn judged(&self, sight: Sight<'_>) -> Vec<bool> {
        let Some(row) = self.target(sight) else { return Vec::new() };
        let fields = (0..).map(FieldId).zip(&self.cells).map(|(field, _)| field);
        let rules = fields.map(|field| RuleRef::UpdateField(row.0, field));
        rules.chain([RuleRef::Update(row.0)]).map(|rule| sight.holds(rule, row)).collect()
    }

    pub(crate) async fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (caller, app) = (super::lasting(sight.caller), Arc::clone(app));
        let (entity, target) = (self.row.0, self.target(sight));
        let address = self.address(sight, &app.model).expect("the address of a row");
        let body = self.body(sight);
        let condition = self.precondition(sight, &app).await;
        let row = target.unwrap_or((entity, sight.world.rows(entity)));
        if self.imported {
            let answer = Box::pin(async move {
                let how = (entity, Format::Ndjson, OnError::Undo, Some(vec!["code".to_owned()]));
                let count = imports::run(&app, caller, how, imports::lines(vec![body])).await?;
                Ok(Answer { count, row: None })
            });
            return Asked { answer, filter: None, row: None };
        }
        let answer = Box::pin(async move {
            let put = PutWrite::prepare(&app, caller, entity, address, body, condition)?;
            Ok(match put.run(&app).await? {
                Put::Created(saved) | Put::Replaced(saved) => cells::saved(saved),
            })
        });
        Asked { answer, filter: None, row: Some(row) }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        let sight = Sight { world, written, caller };
        let target = self.target(sight);
        let wanted = match self.condition {
            Condition::Belief(Belief::Nothing) => true,
            Condition::Belief(Belief::Wrong) => false,
            Condition::Belief(Belief::Right) | Condition::Exists => target.is_some(),
            Condition::Absent => target.is_none(),
        };
        if !wanted || target.is_none() && self.is_taken(sight) {
            return Expected::Refused;
        }
        let cells = self.sent(world, target);
        match target {
            Some(row) => replace(world, written, caller, row, &cells),
            None => create(world, written, caller, self.row.0, &cells),
        }
    }
}

/// Replaces a row. What is left out becomes null, but for what the caller does not see.
fn replace(
    world: &mut World,
    written: &Model,
    caller: &Caller<'_>,
    row: At,
    cells: &[Option<Cell>],
) -> Expected {
    let sight = Sight { world, written, caller };
    let entity = world.model.entity(row.0);
    let is_plain = |field: &model::Field| !field.private && !FIXED.contains(&field.name.as_str());
    let fields = (0..)
        .map(FieldId)
        .zip(&entity.fields)
        .filter(|(id, field)| is_plain(field) && !entity.key.contains(id));
    let (mut sent, mut reset) = (cells::Cells::new(), cells::Cells::new());
    for (id, field) in fields {
        let may_change = || {
            let rule = RuleRef::UpdateField(row.0, id);
            sight.sees_field(row, id) && sight.holds(rule, row)
        };
        match (&cells[id.0 as usize], &field.kind) {
            (Some(cell), _) => sent.push((id, cell.clone())),
            (None, FieldKind::ToOne(_)) if may_change() => reset.push((id, Cell::One(None))),
            (None, FieldKind::Scalar { .. }) if may_change() => {
                reset.push((id, Cell::Value(Value::Null)));
            }
            _ => {}
        }
    }
    if !sight.may_update(row, &sent) {
        return Expected::Refused;
    }
    let put: cells::Cells = sent.iter().cloned().chain(reset).collect();
    let refers_well = cells::put(world, written, caller, row, &put);
    let may = Sight { world, written, caller }.may_update(row, &sent);
    if refers_well && may { Expected::Done(1) } else { Expected::Refused }
}

fn create(
    world: &mut World,
    written: &Model,
    caller: &Caller<'_>,
    entity: EntityId,
    cells: &[Option<Cell>],
) -> Expected {
    let described = world.model.entity(entity);
    let missing = cells.iter().zip(&described.fields).map(|(cell, field)| match &field.kind {
        _ if cell.is_some() => cell.clone(),
        FieldKind::ToOne(_) => Some(Cell::One(None)),
        FieldKind::ToMany { .. } if cells::is_stored(&field.kind) => Some(Cell::Links(Vec::new())),
        FieldKind::ToMany { .. } | FieldKind::Computed { .. } => None,
        _ => Some(Cell::Value(Value::Null)),
    });
    let cells: Vec<Option<Cell>> = missing.collect();
    if !targets_seen(Sight { world, written, caller }, entity, &numbered(&cells)) {
        return Expected::Refused;
    }
    let row = cells::add(world, caller, entity, cells);
    let may = Sight { world, written, caller }.holds(RuleRef::Create(entity), row);
    if may { Expected::Done(1) } else { Expected::Refused }
}
