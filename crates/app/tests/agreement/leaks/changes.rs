//! One row that is changed, deleted or brought back.

use std::sync::Arc;

use app::App;
use app::operations::{Objects, Patch, Precondition, Prepared as _, Write};
use expr::Caller;
use model::Model;
use plan::RuleRef;
use plan::read::Archived;

use super::cells::{self, Cells};
use super::effects;
use super::sight::Sight;
use super::writes::{Answer, Asked, Belief, Expected};
use crate::entropy::Entropy;
use crate::world::{At, World};

/// A row that is to be changed.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Update { row: At, cells: Cells, belief: Belief },
    Delete { row: At, belief: Belief },
    Restore { row: At },
}

impl Change {
    pub(crate) fn random(world: &World, row: At, entropy: &mut Entropy<'_>) -> Self {
        let belief = Belief::random(entropy);
        match entropy.pick(4) {
            0 => Self::Delete { row, belief },
            1 if world.guards(row.0).archive => Self::Restore { row },
            _ => Self::Update { row, cells: cells::some(world, row, entropy), belief },
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
        let belief = match self {
            Self::Update { belief, .. } | Self::Delete { belief, .. } => {
                belief.hash(sight, &app, row).await
            }
            Self::Restore { .. } => None,
        };
        let belief = belief.map_or(Precondition::None, |hash| Precondition::Hashes(vec![hash]));
        let body = match self {
            Self::Update { cells, .. } => Some(cells::body(sight.world, row.0, cells)),
            Self::Delete { .. } | Self::Restore { .. } => None,
        };
        let deletes = matches!(self, Self::Delete { .. });
        let answer = Box::pin(async move {
            let write = match body {
                Some(body) => {
                    let patch = Patch { body, objects: Objects::Replace };
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
        fn sight<'a>(world: &'a World, written: &'a Model, caller: &'a Caller<'a>) -> Sight<'a> {
            Sight { world, written, caller }
        }
        let row = self.row();
        let (rule, belief, archived) = match self {
            Self::Update { belief, .. } => {
                (Some(RuleRef::Update(row.0)), *belief, Archived::Without)
            }
            Self::Delete { belief, .. } => {
                (Some(RuleRef::Delete(row.0)), *belief, Archived::Without)
            }
            Self::Restore { .. } => (None, Belief::Nothing, Archived::Only),
        };
        let may =
            |world: &World| rule.is_none_or(|rule| sight(world, written, caller).holds(rule, row));
        let is_seen = sight(world, written, caller).sees(row, archived);
        if belief == Belief::Wrong || !is_seen || !may(world) {
            return Expected::Refused;
        }
        match self {
            Self::Update { cells, .. } => {
                let refers_well = cells::put(world, written, caller, row, cells);
                if !may(world) {
                    return Expected::Refused;
                }
                let sight = sight(world, written, caller);
                cells::referring(refers_well, cells::targets_seen(sight, row.0, cells), 1)
            }
            Self::Delete { .. } => {
                let is_held = effects::delete(world, row);
                if is_held { Expected::Either(1) } else { Expected::Done(1) }
            }
            Self::Restore { .. } => {
                effects::restore(world, row);
                // What else is archived may keep it.
                Expected::Either(1)
            }
        }
    }
}
