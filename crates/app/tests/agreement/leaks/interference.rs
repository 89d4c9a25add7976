//! Non-interference: what is hidden from a caller may change or go, and each answer to the caller
//! stays what it was, byte for byte.

use std::sync::Arc;

use app::App;
use app::input::Body;
use app::operations::{Objects, Patch, Precondition, Prepared as _, Write};
use expr::{Caller, FieldId};
use model::Model;

use super::attempts::Attempt;
use super::cells::FIXED;
use super::exports::ExportRead;
use super::groups::GroupRead;
use super::histories::HistoryRead;
use super::lists::ListRead;
use super::rows::RowRead;
use super::sight::Sight;
use super::{Seen, effects};
use crate::entropy::Entropy;
use crate::world::{At, Cell, World, random_cell};

/// A request that changes nothing.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    List(ListRead),
    Row(RowRead),
    Groups(GroupRead),
    Export(ExportRead),
    History(HistoryRead),
    Attempt(Attempt),
}

impl Read {
    pub(crate) fn random(world: &World, model: &Model, entropy: &mut Entropy<'_>) -> Self {
        let entity = world.entity(entropy.pick(3));
        match entropy.pick(10) {
            9 => Self::History(HistoryRead::random(world, entity, entropy)),
            8 => Self::Export(ExportRead::random(model, entity, entropy)),
            0 => Self::Row(RowRead::random(world, entity, entropy)),
            1 | 2 => Self::Groups(GroupRead::random(model, entity, entropy)),
            _ => Self::List(ListRead::random(model, entity, entropy)),
        }
    }

    /// Makes up one of which only the refusals matter.
    pub(crate) fn random_or_attempt(
        world: &World,
        model: &Model,
        entropy: &mut Entropy<'_>,
    ) -> Self {
        match entropy.pick(4) {
            0 => Self::Attempt(Attempt::random(world, world.entity(entropy.pick(3)), entropy)),
            _ => Self::random(world, model, entropy),
        }
    }

    pub(crate) async fn check(
        &self,
        (app, open): (&Arc<App>, &App),
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        match self {
            Self::List(list) => list.check(app, sight, seen).await,
            Self::Row(row) => row.check(app, sight, seen).await,
            Self::Groups(groups) => groups.check(app, sight, seen).await,
            Self::Export(export) => export.check(app, sight, seen).await,
            Self::History(history) => history.check((app, open), sight, seen).await,
            // It is undone, and `Write` says what should come of it.
            Self::Attempt(_) => Ok(()),
        }
    }

    async fn told(&self, app: &Arc<App>, sight: Sight<'_>) -> String {
        match self {
            Self::List(list) => list.told(app, sight.caller).await,
            Self::Row(row) => row.told(app, sight).await,
            Self::Groups(groups) => groups.told(app, sight.caller).await,
            Self::Export(export) => export.told(app, sight.caller).await,
            Self::History(history) => history.told(app, sight).await,
            Self::Attempt(attempt) => attempt.told(app, sight).await,
        }
    }

    /// Returns what rules say that may look at what is hidden, and whose answer is no leak; nothing
    /// where an answer has other reasons.
    fn premise(&self, world: &mut World, written: &Model, caller: &Caller<'_>) -> Option<String> {
        match self {
            Self::History(history) => Some(history.premise(Sight { world, written, caller })),
            Self::Attempt(attempt) => attempt.premise(world, written, caller),
            _ => Some(String::new()),
        }
    }
}

/// Changes what is hidden, and compares what is told before and after.
pub(crate) async fn check(
    world: &mut World,
    (app, open, written): (&Arc<App>, &App, &Model),
    caller: &Caller<'_>,
    reads: &[Read],
    entropy: &mut Entropy<'_>,
    seen: &mut Seen,
) -> Result<(), String> {
    let mut before = Vec::new();
    for read in reads {
        let premise = read.premise(world, written, caller);
        before.push((premise, read.told(app, Sight { world, written, caller }).await));
    }
    let mut changes = Vec::new();
    for _ in 0..6 {
        changes.extend(change_hidden(world, (open, written), caller, entropy).await);
    }
    seen.hidden_changes += changes.len();
    if changes.is_empty() {
        return Ok(());
    }
    for (read, (premise, before)) in reads.iter().zip(before) {
        if premise.is_none() || read.premise(world, written, caller) != premise {
            continue;
        }
        seen.requests += 1;
        let after = read.told(app, Sight { world, written, caller }).await;
        if after != before {
            return Err(format!(
                "{read:?}\n{before}\nwas told before {changes:?}, and then\n{after}"
            ));
        }
    }
    Ok(())
}

/// Changes a field or deletes a row, if the caller sees nothing of it.
async fn change_hidden(
    world: &mut World,
    (open, written): (&App, &Model),
    caller: &Caller<'_>,
    entropy: &mut Entropy<'_>,
) -> Option<String> {
    let entity = world.entity(entropy.pick(3));
    let row: At = (entity, entropy.pick(world.rows(entity)));
    if !world.is_kept(row) {
        return None;
    }
    let copy = world.copy_rows();
    let everything = Sight { world, written, caller }.everything();
    let key = world.key(row);
    let change = match entropy.pick(4) {
        0 => None,
        _ => Some(random_change(world, row, entropy)?),
    };
    let body = match &change {
        None if effects::delete_for_good(world, row) => None,
        None => Some(Body(Vec::new())),
        Some((field, cell)) => {
            let described = world.model.entity(entity).field(*field);
            let value = world.client_cell(cell, described)?;
            let body = Body(vec![(described.name.clone(), value)]);
            world.set(row, *field, cell.clone());
            Some(body)
        }
    };
    let shown = Sight { world, written, caller }.everything();
    let Some(body) = body.filter(|_| shown == everything) else {
        world.restore_rows(copy);
        return None;
    };
    let changed = format!("{body:?} of {row:?}");
    let anyone = Caller { user: None, now: caller.now, input: &[], request: None };
    let write = match change {
        None => Ok(Write::delete(open, &anyone, entity, key, Precondition::None)),
        Some(_) => {
            let patch = Patch { body, objects: Objects::Replace };
            Write::update(open, &anyone, entity, key, patch, Precondition::None)
        }
    };
    let done = match write {
        Ok(write) => write.run(open).await.map(|_| ()),
        Err(refusal) => Err(refusal),
    };
    if done.is_err() {
        world.restore_rows(copy);
        return None;
    }
    Some(changed)
}

/// Makes up what another request may write into a field of a row.
fn random_change(world: &World, row: At, entropy: &mut Entropy<'_>) -> Option<(FieldId, Cell)> {
    let described = world.model.entity(row.0);
    let fields = described.fields.iter().zip(0..).map(|(field, id)| (field, FieldId(id)));
    let fields = fields
        .filter(|(field, id)| !FIXED.contains(&field.name.as_str()) && !described.key.contains(id));
    let fields: Vec<FieldId> =
        fields.map(|(_, id)| id).filter(|field| world.stored(row, *field).is_some()).collect();
    let field = entropy.of(&fields);
    Some((field, random_cell(world, row, field, entropy)?))
}
