//! Rows that a filter matches, changed or deleted together.

use std::sync::Arc;

use app::operations::{self, ChangeMatching, Objects, Patch, Prepared as _};
use app::query::Query;
use app::{App, BadParameter};
use expr::{Caller, EntityId, Node, Value};
use model::Model;
use plan::RuleRef;
use plan::read::Archived;

use super::cells::{self, Cells};
use super::effects;
use super::sight::Sight;
use super::writes::{Answer, Asked, Expected};
use crate::entropy::Entropy;
use crate::world::{At, World};
use crate::writer::{Reach, Writer};

/// Rows that are to be changed, or deleted where there are no cells.
#[derive(Clone, Debug)]
pub(crate) struct ChangeMany {
    entity: EntityId,
    filter: String,
    cells: Option<Cells>,
}

impl ChangeMany {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let row = (entity, entropy.pick(world.rows(entity)));
        let filter = match entropy.pick(3) {
            0 => "true".to_owned(),
            _ => Writer::new(&world.model, entity, entropy, Reach::Bare).condition(),
        };
        let cells = (entropy.pick(3) > 0).then(|| cells::some(world, row, entropy));
        Self { entity, filter, cells }
    }

    pub(crate) fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Result<Asked, Vec<BadParameter>> {
        let mut query = Query::new(&app.model, sight.caller, self.entity, app.read_bounds());
        query.filter(&self.filter);
        let ready = query.many()?;
        let filter = ready.shape.filter.clone().map(|tree| (tree, ready.atoms.clone()));
        let (caller, app) = (super::lasting(sight.caller), Arc::clone(app));
        let body = self.cells.as_ref().map(|cells| cells::body(sight.world, self.entity, cells));
        let answer = Box::pin(async move {
            let change = match body {
                Some(body) => operations::Change::Update(Patch { body, objects: Objects::Replace }),
                None => operations::Change::Delete,
            };
            let many = ChangeMatching::prepare(&app, &caller, ready, change, false).await?;
            Ok(Answer { count: many.run(&app).await?.count, row: None })
        });
        Ok(Asked { answer, filter, row: None })
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
        filter: Option<(&Node, &[Value])>,
    ) -> Expected {
        let selected = |world: &World, row: At| {
            let sight = Sight { world, written, caller };
            sight.sees(row, Archived::Without)
                && filter.is_none_or(|(tree, atoms)| sight.selects(tree, atoms, row))
        };
        let may = |world: &World, row: At| {
            let sight = Sight { world, written, caller };
            match &self.cells {
                Some(cells) => sight.may_update(row, cells),
                None => sight.holds(RuleRef::Delete(self.entity), row),
            }
        };
        let all = (0..world.rows(self.entity)).map(|row| (self.entity, row));
        let mut rows: Vec<At> = all.filter(|row| selected(world, *row)).collect();
        Sight { world, written, caller }.sort(&mut rows, &[]);
        let (mut touched, mut in_doubt) = (Vec::new(), false);
        for row in rows {
            if !selected(world, row) {
                continue;
            }
            if !may(world, row) {
                return Expected::Refused;
            }
            match &self.cells {
                Some(cells) => in_doubt |= !cells::put(world, written, caller, row, cells),
                None => in_doubt |= effects::delete(world, row),
            }
            touched.push(row);
        }
        if self.cells.is_some() && !touched.iter().all(|row| may(world, *row)) {
            return Expected::Refused;
        }
        // References that nobody can make are mistakes whatever matches.
        if in_doubt || self.cells.as_ref().is_some_and(|cells| cells::has_references(cells)) {
            return Expected::Either(touched.len());
        }
        Expected::Done(touched.len())
    }
}
