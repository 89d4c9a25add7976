//! One row that is changed, deleted or brought back.

use std::sync::Arc;

use app::App;
use app::operations::{Action, Objects, Patch, Precondition, Prepared as _, Write};
use expr::{Caller, FieldId, Value};
use model::Model;
use plan::RuleRef;
use plan::read::Archived;
use serde_json::{Map, Value as Json};

use super::cells::{self, Cells};
use super::effects;
use super::sight::Sight;
use super::writes::{Answer, Asked, Belief, Expected};
use crate::entropy::Entropy;
use crate::world::{At, Cell, World};

/// A row that is to be changed.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Update { row: At, cells: Cells, belief: Belief, merges: bool },
    Delete { row: At, belief: Belief },
    Restore { row: At },
}

impl Change {
    pub(crate) fn random(world: &World, row: At, entropy: &mut Entropy<'_>) -> Self {
        let belief = Belief::random(entropy);
        match entropy.pick(4) {
            0 => Self::Delete { row, belief },
            1 if world.guards(row.0).archive => Self::Restore { row },
            _ => {
                let merges = entropy.pick(3) == 0;
                Self::Update { row, cells: cells::some(world, row, entropy), belief, merges }
            }
        }
    }

    /// Makes up a change or a deletion, as they stand in batches.
    pub(crate) fn in_batch(world: &World, row: At, entropy: &mut Entropy<'_>) -> Self {
        let belief = entropy.of(&[Belief::Nothing, Belief::Nothing, Belief::Wrong]);
        match entropy.pick(4) {
            0 => Self::Delete { row, belief },
            _ => {
                let merges = entropy.pick(3) == 0;
                Self::Update { row, cells: cells::some(world, row, entropy), belief, merges }
            }
        }
    }

    /// Returns the change as an operation of a batch.
    pub(crate) async fn action(&self, sight: Sight<'_>, app: &App) -> Action {
        let row = self.row();
        let key = cells::batch_key(sight.world, row);
        let precondition = self.precondition(sight, app).await;
        match self {
            Self::Update { cells, .. } => {
                let body = cells::body(sight.world, row.0, cells);
                let patch = Patch { body, objects: self.objects() };
                Action::Update { entity: row.0, key, patch, precondition }
            }
            Self::Delete { .. } | Self::Restore { .. } => {
                Action::Delete { entity: row.0, key, precondition }
            }
        }
    }

    /// Returns what rules say of the row as it is, each by itself.
    pub(crate) fn judged(&self, sight: Sight<'_>) -> Vec<bool> {
        match self {
            Self::Update { row, cells, .. } => {
                let fields = cells.iter().map(|(field, _)| RuleRef::UpdateField(row.0, *field));
                let rules = fields.chain([RuleRef::Update(row.0)]);
                rules.map(|rule| sight.holds(rule, *row)).collect()
            }
            Self::Delete { row, .. } | Self::Restore { row } => {
                vec![sight.holds(RuleRef::Delete(row.0), *row)]
            }
        }
    }

    async fn precondition(&self, sight: Sight<'_>, app: &App) -> Precondition {
        let hash = match self {
            Self::Update { row, belief, .. } | Self::Delete { row, belief } => {
                belief.hash(sight, app, *row).await
            }
            Self::Restore { .. } => None,
        };
        hash.map_or(Precondition::None, |hash| Precondition::Hashes(vec![hash]))
    }

    fn objects(&self) -> Objects {
        match self {
            Self::Update { merges: true, .. } => Objects::Merge,
            _ => Objects::Replace,
        }
    }

    pub(crate) fn row(&self) -> At {
        match self {
            Self::Update { row, .. } | Self::Delete { row, .. } | Self::Restore { row } => *row,
        }
    }

    pub(crate) async fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (row, caller, app) = (self.row(), super::lasting(sight.caller), Arc::clone(app));
        let key = sight.world.key(row);
        let belief = self.precondition(sight, &app).await;
        let body = match self {
            Self::Update { cells, .. } => Some(cells::body(sight.world, row.0, cells)),
            Self::Delete { .. } | Self::Restore { .. } => None,
        };
        let deletes = matches!(self, Self::Delete { .. });
        let objects = self.objects();
        let answer = Box::pin(async move {
            let write = match body {
                Some(body) => {
                    let patch = Patch { body, objects };
                    Write::update(&app, &caller, row.0, key, patch, belief)?
                }
                None if deletes => Write::delete(&app, &caller, row.0, key, belief),
                None => Write::restore(&app, &caller, row.0, key, belief)?,
            };
            let saved = write.run(&app).await?;
            Ok(if deletes { Answer { count: 1, row: None } } else { cells::saved(saved) })
        });
        Asked { answer, filter: None, row: Some(row) }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        let row = self.row();
        let sight = Sight { world, written, caller };
        match self {
            Self::Update { belief: Belief::Wrong, .. }
            | Self::Delete { belief: Belief::Wrong, .. } => Expected::Refused,
            Self::Update { cells, merges: true, .. } => {
                let merged: Cells =
                    cells.iter().map(|(id, cell)| (*id, merged(world, row, *id, cell))).collect();
                update(world, written, caller, row, &merged)
            }
            Self::Update { cells, .. } => update(world, written, caller, row, cells),
            Self::Delete { .. } => {
                let may =
                    sight.sees(row, Archived::Without) && sight.holds(RuleRef::Delete(row.0), row);
                if !may {
                    return Expected::Refused;
                }
                let is_held = effects::delete(world, row);
                if is_held { Expected::Either(1) } else { Expected::Done(1) }
            }
            Self::Restore { .. } => {
                if !sight.sees(row, Archived::Only) {
                    return Expected::Refused;
                }
                effects::restore(world, row);
                // What else is archived may keep it.
                Expected::Either(1)
            }
        }
    }
}

/// Changes a row, and says what should come of it.
pub(crate) fn update(
    world: &mut World,
    written: &Model,
    caller: &Caller<'_>,
    row: At,
    cells: &[(FieldId, Cell)],
) -> Expected {
    let sight = Sight { world, written, caller };
    if !sight.sees(row, Archived::Without) || !sight.may_update(row, cells) {
        return Expected::Refused;
    }
    let refers_well = cells::put(world, written, caller, row, cells);
    let may = Sight { world, written, caller }.may_update(row, cells);
    if refers_well && may { Expected::Done(1) } else { Expected::Refused }
}

/// Returns what a cell is when an object is merged into it.
fn merged(world: &World, row: At, field: FieldId, cell: &Cell) -> Cell {
    let Cell::Value(Value::Json(sent)) = cell else { return cell.clone() };
    if !sent.is_object() {
        return cell.clone();
    }
    let mut json = match world.stored(row, field) {
        Some(Cell::Value(Value::Json(stored))) => Json::clone(stored),
        _ => Json::Null,
    };
    merge(&mut json, sent);
    Cell::Value(Value::Json(json.into()))
}

/// Merges as RFC 7396 says.
fn merge(target: &mut Json, patch: &Json) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Json::Null), value);
        }
    }
}
