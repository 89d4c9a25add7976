//! Non-interference: what is hidden from a caller may change or go, and each answer to the caller
//! stays what it was, byte for byte.

use std::sync::Arc;

use app::App;
use app::input::Body;
use app::operations::{Objects, Patch, Precondition, Prepared as _, Write};
use expr::{Caller, FieldId};
use model::Model;

use super::Seen;
use super::exports::ExportRead;
use super::groups::GroupRead;
use super::histories::HistoryRead;
use super::lists::ListRead;
use super::rows::RowRead;
use super::sight::Sight;
use crate::entropy::Entropy;
use crate::world::{At, World, random_cell};

/// A request that changes nothing.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    List(ListRead),
    Row(RowRead),
    Groups(GroupRead),
    Export(ExportRead),
    History(HistoryRead),
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
        }
    }

    async fn told(&self, app: &Arc<App>, sight: Sight<'_>) -> String {
        match self {
            Self::List(list) => list.told(app, sight.caller).await,
            Self::Row(row) => row.told(app, sight).await,
            Self::Groups(groups) => groups.told(app, sight.caller).await,
            Self::Export(export) => export.told(app, sight.caller).await,
            Self::History(history) => history.told(app, sight).await,
        }
    }

    /// Returns what rules say that may look at what is hidden, and whose answer is no leak.
    fn premise(&self, sight: Sight<'_>) -> String {
        match self {
            Self::History(history) => history.premise(sight),
            _ => String::new(),
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
        let sight = Sight { world, written, caller };
        before.push((read.premise(sight), read.told(app, sight).await));
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
        if read.premise(Sight { world, written, caller }) != premise {
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
    let anyone = Caller { user: None, now: caller.now, input: &[], request: None };
    let key = world.key(row);
    let described = world.model.entity(entity);
    let fields = described.fields.iter().zip(0..).filter(|(field, _)| {
        !["n", "id", "code", "org", "archivedAt"].contains(&field.name.as_str())
    });
    let fields: Vec<FieldId> = fields
        .map(|(_, id)| FieldId(id))
        .filter(|field| world.stored(row, *field).is_some() && !described.key.contains(field))
        .collect();
    let field = entropy.of(&fields);
    let name = described.field(field).name.clone();
    let cell = random_cell(world, row, field, entropy)?;
    let value = world.client_cell(&cell, described.field(field))?;
    world.set(row, field, cell);
    let shown = Sight { world, written, caller }.everything();
    if shown != everything {
        world.restore_rows(copy);
        return None;
    }
    let changed = format!("{name} of {row:?} = {value}");
    let patch = Patch { body: Body(vec![(name, value)]), objects: Objects::Replace };
    let write = Write::update(open, &anyone, entity, key, patch, Precondition::None);
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
