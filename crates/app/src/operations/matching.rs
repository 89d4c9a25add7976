//! Changes or deletes the rows that a filter matches; all of them, or none.
//!
//! The rows are searched for before the transaction, so that the writer is not kept waiting for it.
//! In it each is looked at again: one that no longer matches, because another write came between,
//! is left alone.

use std::sync::Arc;

use expr::{Caller, EntityId};
use model::Model;
use plan::find::{FindRun, FindShape};
use plan::{AtomValues, Bind, Sequence};

use super::find::Find;
use super::prepared::Prepared;
use super::read::{denied, may_read_some};
use super::together::{Many, Rows, TogetherSteps};
use super::write::{Patch, Precondition, Saved, Write};
use crate::application::App;
use crate::query::Ready;
use crate::refusal::Refusal;

/// The bytes that one request may write, the values of all rows together.
const WRITTEN_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is done to the rows.
#[derive(Debug, Clone)]
pub enum Change {
    /// Some fields are changed.
    Update(Patch),
    /// They are deleted.
    Delete,
}

/// A change of the rows that a filter matches, ready to run. Clones share it.
#[derive(Clone)]
pub struct ChangeMatching {
    matching: Arc<Matching>,
    /// Whether the rows are answered.
    answered: bool,
}

impl ChangeMatching {
    /// Searches for the rows and prepares what is done to each.
    ///
    /// # Errors
    /// `TooManyRows`, or what is wrong with the filter, the body or the caller.
    pub async fn prepare(
        app: &App,
        caller: &Caller<'_>,
        ready: Ready,
        change: Change,
        answered: bool,
    ) -> Result<Self, Refusal> {
        let entity = ready.shape.entity;
        if !may_read_some(app, caller, entity) {
            return Err(denied(caller.user.is_some()));
        }
        let (key, precondition) = (Vec::new(), Precondition::None);
        let write = match change {
            Change::Update(patch) => Write::update(app, caller, entity, key, patch, precondition)?,
            Change::Delete if answered => {
                Write::delete_returning(app, caller, entity, key, precondition)
            }
            Change::Delete => Write::delete(app, caller, entity, key, precondition),
        };
        let atoms = AtomValues::from_vec(ready.atoms);
        let mut shape = FindShape {
            entity,
            columns: Vec::new(),
            filter: ready.shape.filter,
            filter_atoms: ready.shape.filter_atoms,
        };
        let of_this_size = WRITTEN_BYTES_MAX / write.bytes().max(1);
        let max = app.config.limits.bulk_rows_max.min(of_this_size.max(1) as u64);
        let limit = u32::try_from(max).unwrap_or(u32::MAX);
        let search = Find::new(app, caller, &shape, atoms.clone(), limit)?;
        let keys = app.store.read(search.run(Vec::new())).await?;
        if keys.len() as u64 > max {
            return Err(Refusal::TooManyRows { max });
        }
        shape.columns.clone_from(&app.model.entity(entity).key_columns);
        let matching = Matching {
            model: Arc::clone(&app.model),
            entity,
            check: Find::new(app, caller, &shape, atoms, 1)?,
            write,
            keys,
        };
        Ok(Self { matching: Arc::new(matching), answered })
    }

    fn sequence(&self) -> Sequence<TogetherSteps<Arc<Matching>>> {
        let matching = Arc::clone(&self.matching);
        Sequence::new(TogetherSteps::new(Arc::clone(&matching.model), matching, self.answered))
    }
}

impl Prepared for ChangeMatching {
    type Output = Many;
    type Refused = Refusal;
    type Program = Sequence<TogetherSteps<Arc<Matching>>>;

    fn program(&self, _: &Arc<App>) -> Self::Program {
        self.sequence()
    }

    async fn run(self, app: &App) -> Result<Many, Refusal> {
        app.store.write(self.sequence()).await?
    }
}

/// The rows that were found.
pub struct Matching {
    model: Arc<Model>,
    entity: EntityId,
    check: Find,
    write: Write,
    keys: Vec<Vec<Bind>>,
}

impl Rows for Arc<Matching> {
    fn count(&self) -> usize {
        self.keys.len()
    }

    fn check(&self, at: usize) -> Option<FindRun> {
        Some(self.check.run(self.keys[at].clone()))
    }

    fn write(&self, at: usize, _: &[Option<Vec<Bind>>]) -> Write {
        let mut write = self.write.clone();
        write.set_key(self.keys[at].clone());
        write
    }

    fn refused(&self, at: usize, refusal: Refusal) -> Refusal {
        let key = plan::key_text(self.model.entity(self.entity), &self.keys[at]);
        Refusal::OfRow { key, refusal: Box::new(refusal) }
    }

    fn counts(&self, _: usize) -> bool {
        true
    }

    fn shown(&self, saved: Vec<Saved>) -> Vec<Saved> {
        saved
    }
}
