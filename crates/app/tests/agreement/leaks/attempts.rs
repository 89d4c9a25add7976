//! Writes that are asked for and undone: what their refusals tell.

use std::sync::Arc;

use app::App;
use app::operations::{Action, Batch, Key, Operation, Prepared as _};
use app::query::Query;
use expr::{Caller, EntityId};
use model::Model;

use super::changes::Change;
use super::creates::CreateRows;
use super::lasting;
use super::puts::PutRow;
use super::sight::Sight;
use super::writes::Expected;
use crate::entropy::Entropy;
use crate::world::World;

/// A write of one row, in a batch that fails behind it.
#[derive(Clone, Debug)]
pub(crate) enum Attempt {
    Change(Change),
    Create(CreateRows),
    Put(PutRow),
}

impl Attempt {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let row = (entity, entropy.pick(world.rows(entity)));
        match entropy.pick(4) {
            0 => Self::Create(CreateRows::one(world, entity, entropy)),
            1 => Self::Put(PutRow::random(world, row, entropy)),
            _ => Self::Change(Change::in_batch(world, row, entropy)),
        }
    }

    /// Returns all that a caller is told, whatever the write came to.
    pub(crate) async fn told(&self, app: &Arc<App>, sight: Sight<'_>) -> String {
        let caller = lasting(sight.caller);
        let action = match self {
            Self::Change(change) => change.action(sight, app).await,
            Self::Create(create) => create.action(sight),
            Self::Put(put) => put.action(sight, app).await,
        };
        let entity = sight.world.entity(0);
        let nowhere = "01890a5d-0000-7000-8000-000000000000";
        let described = app.model.entity(entity);
        let key = described.key.iter().map(|field| match described.field(*field).name.as_str() {
            "id" => nowhere,
            _ => "999",
        });
        let key = key.collect::<Vec<_>>().join(",");
        let query = Query::new(&app.model, &caller, entity, app.read_bounds());
        let (Ok(ready), Ok(key)) = (query.one(), Key::parse(described, &key)) else {
            return String::new();
        };
        let actions = [action, Action::Get { ready, key }];
        let operations = actions.map(|action| Operation { id: None, action });
        match Batch::prepare(app, caller, operations.into()) {
            Err(failures) => format!("{failures:?}"),
            Ok(batch) => match batch.run(app).await {
                Ok(_) => "done".to_owned(),
                Err(failures) => format!("{failures:?}"),
            },
        }
    }

    /// Returns what the rules say of the write; they may look at what is hidden. What may be refused
    /// for other reasons has no premise.
    pub(crate) fn premise(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Option<String> {
        let sight = Sight { world, written, caller };
        let judged = match self {
            Self::Change(change) => change.judged(sight),
            Self::Put(put) => put.judged(sight),
            Self::Create(_) => Vec::new(),
        };
        let before = world.copy_rows();
        let expected = match self {
            Self::Change(change) => change.expect(world, written, caller),
            Self::Create(create) => create.expect(world, written, caller),
            Self::Put(put) => put.expect(world, written, caller),
        };
        world.restore_rows(before);
        let is_clear = !matches!(expected, Expected::Either(_));
        is_clear.then(|| format!("{judged:?} {expected:?}"))
    }
}
