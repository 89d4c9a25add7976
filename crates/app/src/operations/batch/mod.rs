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
use super::read::Read;
use super::write::{Patch, Precondition, Saved, Write};
use crate::application::App;
use crate::input::Body;
use crate::query::Ready;
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
    /// Reads a page.
    List {
        /// Which rows, and what is shown of them.
        ready: Ready,
        /// What the page is written behind.
        prefix: &'static [u8],
    },
}

/// What an operation came to.
#[derive(Debug)]
pub enum Outcome {
    /// A row was written.
    Saved(Saved),
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
            matches!(turn, Turn::Read(_) | Turn::Late(Action::Get { .. } | Action::List { .. }))
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
    app: &App,
    caller: &Caller<'_>,
    names: &HashMap<String, usize>,
    mut action: Action,
) -> Result<Turn, Refusal> {
    let mut bad = Vec::new();
    let mut is_late = false;
    if let Action::Create { entity, body }
    | Action::Update { entity, patch: Patch { body, .. }, .. } = &mut action
    {
        reference::replace(&app.model, *entity, body, &mut |pointer, text| {
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
    if let Some(key) = action.key() {
        for text in key.references() {
            is_late = true;
            reference::parse(text, names).map_err(bad_path)?;
        }
    }
    if is_late { Ok(Turn::Late(action)) } else { made(app, caller, action) }
}

/// Reads and plans an operation whose references are all replaced.
fn made(app: &App, caller: &Caller<'_>, action: Action) -> Result<Turn, Refusal> {
    Ok(match action {
        Action::Create { entity, body } => Turn::Write(Write::create(app, caller, entity, body)?),
        Action::Update { entity, key, patch, precondition } => {
            let key = key.known()?;
            Turn::Write(Write::update(app, caller, entity, key, patch, precondition)?)
        }
        Action::Delete { entity, key, precondition } => {
            Turn::Write(Write::delete(app, caller, entity, key.known()?, precondition))
        }
        Action::Get { ready, key } => {
            Turn::Read(Read::get(app, caller, &ready.shape, key.known()?)?)
        }
        Action::List { ready, prefix } => Turn::Read(Read::list(app, caller, ready, prefix)?),
    })
}

impl Action {
    fn key(&self) -> Option<&Key> {
        match self {
            Self::Update { key, .. } | Self::Delete { key, .. } | Self::Get { key, .. } => {
                Some(key)
            }
            Self::Create { .. } | Self::List { .. } => None,
        }
    }
}

/// A reference in a path that cannot be followed.
fn bad_path(detail: String) -> Refusal {
    Refusal::Parameters(vec![BadParameter { name: "path".to_owned(), code: "reference", detail }])
}
