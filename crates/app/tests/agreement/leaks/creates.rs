//! New rows, one or an array of them.

use std::sync::Arc;

use app::App;
use app::input::Body;
use app::operations::{Action, Prepared as _, Write, WriteRows};
use expr::{Caller, EntityId};
use model::Model;
use plan::RuleRef;

use super::cells::{self, numbered, targets_seen};
use super::sight::Sight;
use super::writes::{Answer, Asked, Expected};
use crate::entropy::Entropy;
use crate::world::{At, Cell, World};

/// Rows that are to be created.
#[derive(Clone, Debug)]
pub(crate) struct CreateRows {
    pub(crate) entity: EntityId,
    pub(crate) rows: Vec<Vec<Option<Cell>>>,
}

impl CreateRows {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let count = 1 + entropy.pick(2);
        let rows = world.rows(entity)..world.rows(entity) + count;
        let rows = rows.map(|row| cells::new_row(world, (entity, row), entropy));
        Self { entity, rows: rows.collect() }
    }

    /// Makes up a row that is created alone.
    pub(crate) fn one(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let rows = vec![cells::new_row(world, (entity, world.rows(entity)), entropy)];
        Self { entity, rows }
    }

    /// Returns the first row as an operation of a batch.
    pub(crate) fn action(&self, sight: Sight<'_>) -> Action {
        Action::Create { entity: self.entity, body: self.bodies(sight.world).remove(0) }
    }

    pub(crate) fn bodies(&self, world: &World) -> Vec<Body> {
        self.rows.iter().map(|row| cells::body(world, self.entity, &numbered(row))).collect()
    }

    pub(crate) fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (entity, caller, app) = (self.entity, super::lasting(sight.caller), Arc::clone(app));
        let mut bodies = self.bodies(sight.world);
        let answer = Box::pin(async move {
            if bodies.len() == 1 {
                let write = Write::create(&app, &caller, entity, bodies.remove(0))?;
                return Ok(cells::saved(write.run(&app).await?));
            }
            let many = WriteRows::create_many(&app, &caller, entity, bodies, true)?;
            Ok(Answer { count: many.run(&app).await?.count, row: None })
        });
        let row = (entity, sight.world.rows(entity) + self.rows.len() - 1);
        Asked { answer, filter: None, row: Some(row) }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        let mut places: Vec<At> = Vec::new();
        for cells in &self.rows {
            let sight = Sight { world, written, caller };
            if !targets_seen(sight, self.entity, &numbered(cells)) {
                return Expected::Refused;
            }
            places.push(cells::add(world, caller, self.entity, cells.clone()));
        }
        let sight = Sight { world, written, caller };
        if !places.iter().all(|row| sight.holds(RuleRef::Create(self.entity), *row)) {
            return Expected::Refused;
        }
        Expected::Done(places.len())
    }
}
