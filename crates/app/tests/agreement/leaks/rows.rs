//! Single rows, read by their key.

use app::query::{Query, Ready};
use app::{App, BadParameter, Refusal, operations};
use expr::EntityId;
use plan::read::Archived;

use super::Seen;
use super::answers::{hidden_names, is_expected, one};
use super::sight::Sight;
use super::wishes::{EXPAND_DEPTH_MAX, Wish, archived, ask_for, understand, wish};
use crate::entropy::Entropy;
use crate::world::{At, World};

/// A row that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct RowRead {
    row: At,
    archived: Archived,
    wish: Wish,
}

impl RowRead {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let model = &world.model;
        let row = (entity, entropy.pick(world.rows(entity)));
        let archived = archived(model, entity, entropy);
        Self { row, archived, wish: wish(model, entity, EXPAND_DEPTH_MAX, entropy) }
    }

    async fn ask(
        &self,
        app: &App,
        sight: Sight<'_>,
    ) -> Result<(Ready, Result<plan::read::RowBody, Refusal>), Vec<BadParameter>> {
        let mut query = Query::new(&app.model, sight.caller, self.row.0, app.read_bounds());
        ask_for(&mut query, &app.model, self.row.0, self.archived, &self.wish);
        let ready = query.one()?;
        let key = sight.world.key(self.row);
        let answer = operations::get(app, sight.caller, ready.clone(), key).await;
        Ok((ready, answer))
    }

    pub(crate) async fn told(&self, app: &App, sight: Sight<'_>) -> String {
        match self.ask(app, sight).await {
            Ok((_, Ok(row))) => format!("{} {}", String::from_utf8_lossy(&row.json), row.hash),
            Ok((_, Err(refusal))) => format!("{refusal:?}"),
            Err(mistakes) => format!("{mistakes:?}"),
        }
    }

    pub(crate) async fn check(
        &self,
        app: &App,
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let (ready, answer) = match self.ask(app, sight).await {
            Ok(answered) => answered,
            Err(mistakes) => return hidden_names(&mistakes, seen),
        };
        let mut wish = self.wish.clone();
        understand(&mut wish, &ready.shape.selection);
        let is_seen = sight.sees(self.row, self.archived);
        match answer {
            Ok(row) if is_seen => {
                seen.rows += 1;
                is_expected(&[one(&row)?], &[sight.shown(self.row, &wish, &ready.atoms)])
            }
            Ok(row) => Err(format!("{} is hidden", String::from_utf8_lossy(&row.json))),
            Err(Refusal::Parameters(mistakes)) => hidden_names(&mistakes, seen),
            Err(Refusal::NotFound) if !is_seen => Ok(()),
            Err(other) => Err(format!("{other:?}")),
        }
    }
}
