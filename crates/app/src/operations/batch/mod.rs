//! Several operations in one transaction: all of them happen, or none.
//!
//! They run in order, and later ones see what earlier ones wrote and may refer to what those
//! answered. What does not refer to anything is read, judged and planned before the transaction, so
//! that the writer is not kept waiting for it.

mod key;
mod reference;
mod run;

use std::collections::HashMap;
use std::sync::Arc;

use expr::{Caller, EntityId};
use plan::Sequence;
use plan::read::{Page, RowBody};

use super::prepared::Prepared;
use super::put::{Put, PutWrite};
use super::read::Read;
use super::write::{Patch, Precondition, Saved, Write};
use crate::application::App;
use crate::input::{Address, Body};
use crate::query::{Ready, ReadyAggregate};
use crate::refusal::{BadMember, BadParameter, Refusal};

pub use key::Key;
pub use run::BatchRun;

/// One operation of a batch.
#[derive(Debug)]
pub struct Operation {
    /// What later operations call its result.
    pub id: Option<String>,
    /// What it does.
    pub action: Action,
}

/// What an operation of a batch does. Bodies and keys may refer to earlier results.
#[derive(Debug, Clone)]
pub enum Action {
    /// Creates a row.
    Create {
        /// Of what.
        entity: EntityId,
        /// Its fields.
        body: Body,
    },
    /// Changes a row.
    Update {
        /// Of what.
        entity: EntityId,
        /// Which.
        key: Key,
        /// The fields that change.
        patch: Patch,
        /// What the caller believes of the row.
        precondition: Precondition,
    },
    /// Replaces or creates a row.
    Put {
        /// Of what.
        entity: EntityId,
        /// Where.
        place: Place,
        /// Its fields.
        body: Body,
        /// What the caller believes of the row.
        precondition: Precondition,
    },
    /// Deletes a row.
    Delete {
        /// Of what.
        entity: EntityId,
        /// Which.
        key: Key,
        /// What the caller believes of the row.
        precondition: Precondition,
    },
    /// Reads a row.
    Get {
        /// What is shown of it.
        ready: Ready,
        /// Which.
        key: Key,
    },
    /// Counts, sums and compares rows in groups.
    Aggregate {
        /// Which rows, and what is computed of them.
        ready: ReadyAggregate,
        /// What the page is written behind.
        prefix: &'static [u8],
    },
    /// Reads a page.
    List {
        /// Which rows, and what is shown of them.
        ready: Ready,
        /// What the page is written behind.
        prefix: &'static [u8],
    },
}

/// The address of a put.
#[derive(Debug, Clone)]
pub enum Place {
    /// The row's key.
    Key(Key),
    /// The fields of a unique key.
    Unique(Address),
}

/// What an operation came to.
#[derive(Debug)]
pub enum Outcome {
    /// A row was written.
    Saved(Saved),
    /// A row was put.
    Put(Put),
    /// A row was read.
    Row(RowBody),
    /// A page was read.
    Page(Page),
}

/// Why a batch was refused; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}")]
pub struct Failure {
    /// The operation, counted from 0; `None` where it was none of them.
    pub at: Option<usize>,
    /// What is wrong.
    pub refusal: Refusal,
}

/// All that is known to be wrong with a batch: more than one only where it is clear beforehand.
#[derive(Debug)]
pub struct Failures(pub Vec<Failure>);

impl From<Refusal> for Failures {
    fn from(refusal: Refusal) -> Self {
        Self(vec![Failure { at: None, refusal }])
    }
}

/// A batch ready to run. Clones share it.
#[derive(Clone)]
pub struct Batch(Arc<Operations>);

struct Operations {
    app: Arc<App>,
    caller: Caller<'static>,
    turns: Vec<Turn>,
    names: HashMap<String, usize>,
}

/// An operation that waits for its turn.
#[derive(Clone)]
enum Turn {
    Write(Write),
    Put(PutWrite),
    Read(Read),
    /// It refers to an earlier result, and is read and planned when that is there.
    Late(Action),
}

impl Batch {
    /// Prepares operations.
    ///
    /// # Errors
    /// Every operation of which it is clear beforehand that it must be refused.
    pub fn prepare(
        app: &Arc<App>,
        caller: Caller<'static>,
        operations: Vec<Operation>,
    ) -> Result<Self, Failures> {
        let mut turns = Vec::with_capacity(operations.len());
        let mut names = HashMap::new();
        let mut failures = Vec::new();
        for (at, Operation { id, action }) in operations.into_iter().enumerate() {
            let turn = match id.as_ref().filter(|id| names.contains_key(*id)) {
                Some(id) => Err(Refusal::Parameters(vec![BadParameter {
                    name: "id".to_owned(),
                    code: "repeated",
                    detail: format!("an earlier operation is called `{id}` already"),
                }])),
                None => turn(app, &caller, &names, action),
            };
            match turn {
                Ok(turn) => turns.push(turn),
                Err(refusal) => failures.push(Failure { at: Some(at), refusal }),
            }
            if let Some(id) = id {
                names.entry(id).or_insert(at);
            }
        }
        if failures.is_empty() {
            Ok(Self(Arc::new(Operations { app: Arc::clone(app), caller, turns, names })))
        } else {
            Err(Failures(failures))
        }
    }

    fn sequence(&self) -> Sequence<BatchRun> {
        Sequence::new(BatchRun::new(Arc::clone(&self.0)))
    }

    /// Returns whether it writes nothing, so that it need not wait for the writer.
    fn only_reads(&self) -> bool {
        self.0.turns.iter().all(|turn| {
            matches!(
                turn,
                Turn::Read(_)
                    | Turn::Late(
                        Action::Get { .. } | Action::List { .. } | Action::Aggregate { .. }
                    )
            )
        })
    }
}

impl Prepared for Batch {
    type Output = Vec<Outcome>;
    type Refused = Failures;
    type Program = Sequence<BatchRun>;

    fn program(&self, _: &Arc<App>) -> Self::Program {
        self.sequence()
    }

    async fn run(self, app: &App) -> Result<Vec<Outcome>, Failures> {
        let output = if self.only_reads() {
            app.store.read(self.sequence()).await
        } else {
            app.store.write(self.sequence()).await
        };
        output.map_err(Refusal::Store)?
    }
}

/// Makes what can be made of an operation beforehand.
fn turn(
    app: &Arc<App>,
    caller: &Caller<'static>,
    names: &HashMap<String, usize>,
    mut action: Action,
) -> Result<Turn, Refusal> {
    let mut bad = Vec::new();
    let mut is_late = false;
    if let Some((entity, body)) = action.body() {
        reference::replace(&app.model, entity, body, &mut |pointer, text| {
            is_late = true;
            if let Err(detail) = reference::parse(text, names) {
                bad.push(BadMember { pointer: pointer.to_owned(), code: "reference", detail });
            }
            None
        });
    }
    if !bad.is_empty() {
        return Err(Refusal::Body(bad));
    }
    if let (_, Some(key)) = action.key() {
        for text in key.references() {
            is_late = true;
            reference::parse(text, names).map_err(bad_path)?;
        }
    }
    if is_late { Ok(Turn::Late(action)) } else { made(app, caller, action) }
}

/// Reads and plans an operation whose references are all replaced.
fn made(app: &Arc<App>, caller: &Caller<'static>, action: Action) -> Result<Turn, Refusal> {
    let values = |entity: EntityId, key: &Key| key.values(app.model.entity(entity));
    Ok(match action {
        Action::Create { entity, body } => Turn::Write(Write::create(app, caller, entity, body)?),
        Action::Update { entity, key, patch, precondition } => {
            let key = values(entity, &key)?;
            Turn::Write(Write::update(app, caller, entity, key, patch, precondition)?)
        }
        Action::Delete { entity, key, precondition } => {
            let key = values(entity, &key)?;
            Turn::Write(Write::delete(app, caller, entity, key, precondition))
        }
        Action::Put { entity, place, body, precondition } => {
            let address = match place {
                Place::Key(key) => Address::of_key(&app.model, entity, key.text()),
                Place::Unique(address) => Some(address),
            };
            let address = address.ok_or(Refusal::NotFound)?;
            let caller = caller.clone();
            Turn::Put(PutWrite::prepare(app, caller, entity, address, body, precondition)?)
        }
        Action::Get { ready, key } => {
            let key = values(ready.shape.entity, &key)?;
            Turn::Read(Read::get(app, caller, ready, key)?)
        }
        Action::Aggregate { ready, prefix } => {
            Turn::Read(Read::aggregate(app, caller, ready, prefix)?)
        }
        Action::List { ready, prefix } => Turn::Read(Read::list(app, caller, ready, prefix)?),
    })
}

impl Action {
    /// Returns what it is about, and its key if that may have references.
    fn key(&mut self) -> (EntityId, Option<&mut Key>) {
        match self {
            Self::Update { entity, key, .. }
            | Self::Delete { entity, key, .. }
            | Self::Put { entity, place: Place::Key(key), .. } => (*entity, Some(key)),
            Self::Get { ready, key } => (ready.shape.entity, Some(key)),
            Self::List { ready, .. } => (ready.shape.entity, None),
            Self::Aggregate { ready, .. } => (ready.shape.entity, None),
            Self::Create { entity, .. } | Self::Put { entity, .. } => (*entity, None),
        }
    }

    /// Returns what it is about, and its body.
    fn body(&mut self) -> Option<(EntityId, &mut Body)> {
        match self {
            Self::Create { entity, body }
            | Self::Put { entity, body, .. }
            | Self::Update { entity, patch: Patch { body, .. }, .. } => Some((*entity, body)),
            Self::Delete { .. } | Self::Get { .. } | Self::List { .. } | Self::Aggregate { .. } => {
                None
            }
        }
    }
}

/// A reference in a path that cannot be followed.
fn bad_path(detail: String) -> Refusal {
    Refusal::Parameters(vec![BadParameter { name: "path".to_owned(), code: "reference", detail }])
}
