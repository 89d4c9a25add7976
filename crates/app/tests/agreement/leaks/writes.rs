//! Writes: what may happen, whether it did, and what the database holds then.

use std::pin::Pin;
use std::sync::Arc;

use app::query::Query;
use app::{App, BadParameter, Refusal, operations};
use expr::{Caller, EntityId, Node, Value};
use model::Model;
use plan::RuleRef;
use plan::read::Archived;
use serde_json::Value as Json;

use super::answers::{hidden_names, is_expected};
use super::batches::BatchWrite;
use super::bulk::ChangeMany;
use super::changes::Change;
use super::creates::CreateRows;
use super::imports::ImportRows;
use super::nested::Nest;
use super::puts::PutRow;
use super::sight::Sight;
use super::wishes::Wish;
use super::{Seen, stored};
use crate::entropy::Entropy;
use crate::world::{At, World};

/// Rows of a type at most, so that reads stay quick.
const ROWS_MAX: usize = 14;

/// A write that is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    ChangeMany(ChangeMany),
    Change(Change),
    Create(CreateRows),
    Put(PutRow),
    Nest(Nest),
    Import(ImportRows),
    Batch(BatchWrite),
}

/// A write on its way.
pub(crate) struct Asked {
    pub(crate) answer: Pin<Box<dyn Future<Output = Result<Answer, Refusal>>>>,
    /// The filter as it was understood.
    pub(crate) filter: Option<(Node, Vec<Value>)>,
    /// The row that is answered by itself.
    pub(crate) row: Option<At>,
}

/// What was answered.
pub(crate) struct Answer {
    /// How many rows were written.
    pub(crate) count: usize,
    /// The row, where one is answered; nothing inside where it is not shown.
    pub(crate) row: Option<Option<Json>>,
}

/// What should come of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// So many rows are written.
    Done(usize),
    /// Nothing is.
    Refused,
    /// Either, for a reason that has nothing to do with what is hidden.
    Either(usize),
}

impl Write {
    pub(crate) fn random(sight: Sight<'_>, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let world = sight.world;
        match entropy.pick(17) {
            0 | 1 => Self::ChangeMany(ChangeMany::random(world, entity, entropy)),
            2..=4 => Self::Change(Change::random(world, some_row(sight, entity, entropy), entropy)),
            12 => Self::Import(ImportRows::random(world, entity, entropy)),
            13 | 14 => {
                let rows = (some_row(sight, entity, entropy), some_row(sight, entity, entropy));
                match BatchWrite::random(world, rows, entropy) {
                    Some(batch) => Self::Batch(batch),
                    None => Self::Import(ImportRows::random(world, entity, entropy)),
                }
            }
            15 | 16 if world.guards(entity).archive => {
                Self::Change(Change::random(world, some_row(sight, entity, entropy), entropy))
            }
            5 => Self::Create(CreateRows::random(world, entity, entropy)),
            6..=8 => {
                let next = (entity, world.rows(entity));
                let there = some_row(sight, entity, entropy);
                // One that is gone would be another row in its place.
                let is_new = entropy.pick(4) == 0 || !world.is_kept(there);
                let row = if is_new { next } else { there };
                Self::Put(PutRow::random(world, row, entropy))
            }
            _ => {
                let parent = some_row(sight, entity, entropy);
                match Nest::random(sight, parent, entropy) {
                    Some(nest) => Self::Nest(nest),
                    None => Self::Create(CreateRows::random(world, entity, entropy)),
                }
            }
        }
    }

    pub(crate) fn deletion(row: At) -> Self {
        Self::Change(Change::Delete { row, belief: Belief::Nothing })
    }

    /// Asks for the write, and compares what came of it and what the database holds.
    pub(crate) async fn check(
        &self,
        world: &mut World,
        (app, open, written): (&Arc<App>, &App, &Model),
        caller: &Caller<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let is_full = |entity: &model::Entity| world.rows(entity.id) >= ROWS_MAX;
        if self.adds_rows() && world.model.entities.iter().any(is_full) {
            return Ok(());
        }
        let before = world.copy_rows();
        let asked = match self.ask(Sight { world, written, caller }, app).await {
            Err(mistakes) => return hidden_names(&mistakes, seen),
            Ok(asked) => asked,
        };
        let filter = asked.filter.as_ref().map(|(tree, atoms)| (tree, atoms.as_slice()));
        let expected = self.expect(world, written, caller, filter);
        let answer = asked.answer.await;
        let wrong = |what: &str| Err(format!("{what}; expected {expected:?}"));
        match (answer, &expected) {
            (Ok(answer), Expected::Done(expected) | Expected::Either(expected)) => {
                if answer.count != *expected {
                    return wrong(&format!("{} rows were written", answer.count));
                }
                seen.written += answer.count;
                match self {
                    Self::Put(_) => seen.put += 1,
                    Self::Nest(_) => seen.nested += 1,
                    Self::Import(_) => seen.imported += answer.count,
                    Self::Batch(_) => seen.batches += 1,
                    _ => {}
                }
                stored::learn_keys(world, open).await;
                if let Some(shown) = answer.row {
                    self.is_shown(Sight { world, written, caller }, asked.row, shown)?;
                }
            }
            (Ok(answer), Expected::Refused) => {
                return wrong(&format!("{} rows were written", answer.count));
            }
            (Err(Refusal::Parameters(mistakes)), _) => {
                world.restore_rows(before);
                hidden_names(&mistakes, seen)?;
            }
            (Err(_), Expected::Refused | Expected::Either(_)) => {
                seen.refused += 1;
                world.restore_rows(before);
            }
            // To whom no row is open, this is said instead of a number of rows.
            (Err(Refusal::Forbidden | Refusal::Unauthenticated), Expected::Done(0)) => {
                world.restore_rows(before);
            }
            (Err(refusal), Expected::Done(_)) => return wrong(&format!("{refusal:?}")),
        }
        stored::differs(world, open).await?;
        stored::links_differ(world, open).await
    }

    fn adds_rows(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Put(_) | Self::Nest(_) | Self::Import(_))
    }

    async fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Result<Asked, Vec<BadParameter>> {
        match self {
            Self::ChangeMany(many) => many.ask(sight, app),
            Self::Change(change) => Ok(change.ask(sight, app).await),
            Self::Create(create) => Ok(create.ask(sight, app)),
            Self::Put(put) => Ok(put.ask(sight, app).await),
            Self::Nest(nest) => Ok(nest.ask(sight, app).await),
            Self::Import(import) => Ok(import.ask(sight, app)),
            Self::Batch(batch) => Ok(batch.ask(sight, app)),
        }
    }

    /// Does to the world what the write should do, and says what should come of it.
    fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
        filter: Option<(&Node, &[Value])>,
    ) -> Expected {
        match self {
            Self::ChangeMany(many) => many.expect(world, written, caller, filter),
            Self::Change(change) => change.expect(world, written, caller),
            Self::Create(create) => create.expect(world, written, caller),
            Self::Put(put) => put.expect(world, written, caller),
            Self::Nest(nest) => nest.expect(world, written, caller),
            Self::Import(import) => import.expect(world, written, caller),
            Self::Batch(batch) => batch.expect(world, written, caller),
        }
    }

    /// Compares the row that was answered: one that the caller may not read is not shown.
    fn is_shown(
        &self,
        sight: Sight<'_>,
        row: Option<At>,
        shown: Option<Json>,
    ) -> Result<(), String> {
        let row = match (self, row) {
            (Self::Nest(nest), _) => return nest.is_shown(sight, shown),
            (_, Some(row)) => row,
            (_, None) => return Ok(()),
        };
        match (shown, sight.sees(row, Archived::Without)) {
            (Some(shown), true) => {
                is_expected(&[shown], &[sight.shown(row, &Wish::default(), &[])])
            }
            (None, false) => Ok(()),
            (Some(shown), false) => Err(format!("{shown} is hidden")),
            (None, true) => Err("the row is not shown".to_owned()),
        }
    }
}

/// Chooses a row, more often than not one that the caller may change.
fn some_row(sight: Sight<'_>, entity: EntityId, entropy: &mut Entropy<'_>) -> At {
    let all = (0..sight.world.rows(entity)).map(|row| (entity, row));
    let open: Vec<At> = all.filter(|row| may_change(sight, *row)).collect();
    match entropy.pick(3) {
        1 | 2 if !open.is_empty() => entropy.of(&open),
        _ => (entity, entropy.pick(sight.world.rows(entity))),
    }
}

pub(crate) fn may_change(sight: Sight<'_>, row: At) -> bool {
    sight.sees(row, Archived::Without) && sight.holds(RuleRef::Update(row.0), row)
}

/// What the caller believes of the row (`If-Match`).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    Nothing,
    Right,
    Wrong,
}

impl Belief {
    pub(crate) fn random(entropy: &mut Entropy<'_>) -> Self {
        entropy.of(&[Self::Nothing, Self::Nothing, Self::Right, Self::Wrong])
    }

    /// Returns the hash that is sent; of a row that the caller does not see, any.
    pub(crate) async fn hash(self, sight: Sight<'_>, app: &App, row: At) -> Option<u64> {
        let query = Query::new(&app.model, sight.caller, row.0, app.read_bounds());
        let ready = query.one().expect("a plain read");
        let known = operations::get(app, sight.caller, ready, sight.world.key(row)).await;
        let hash = known.map_or(0, |row| row.hash);
        match self {
            Self::Nothing => None,
            Self::Right => Some(hash),
            Self::Wrong => Some(hash ^ 1),
        }
    }
}
