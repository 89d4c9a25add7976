//! Puts a row where its address says: replaces the one that is there, or creates it.

use std::sync::Arc;

use expr::{Caller, EntityId};
use model::{ColumnId, Model};
use plan::find::{FindRun, FindShape};
use plan::write::{WriteOutput, WriteRun};
use plan::{AtomValues, Bind, Either, Sequence, Step, Steps, Verdict};

use super::find::Find;
use super::write::{Judge, Precondition, Saved, Write};
use crate::application::App;
use crate::input::{Address, Body};
use crate::refusal::{BadMember, Refusal};

/// What became of the row.
#[derive(Debug)]
pub enum Put {
    /// There was none that the caller may see.
    Created(Saved),
    /// It took the place of what was there.
    Replaced(Saved),
}

/// Replaces the row at an address, or creates it where the caller sees none.
///
/// A replacement sets every field that the caller may read and write: those that the body leaves
/// out to their defaults. A row that the caller may not see is never overwritten; creating beside
/// it violates the key, as any create with these values would.
///
/// # Errors
/// What is wrong with the body, the caller, or the row among the others; `Exists` and `Stale`
/// where the precondition does not hold.
pub async fn put(
    app: &App,
    caller: &Caller<'_>,
    entity: EntityId,
    address: Address,
    body: Body,
    precondition: Precondition,
) -> Result<Put, Refusal> {
    let existing = match &precondition {
        Precondition::None => Existing::Any,
        Precondition::Absent => Existing::Refused,
        Precondition::Exists | Precondition::Hashes(_) => Existing::Required,
    };
    let hashes = if existing == Existing::Required { precondition.hashes() } else { None };
    let (replacement, claimed) =
        Write::replace_at(app, caller, entity, body.clone(), &address.known, hashes)?;
    let shape = FindShape {
        entity,
        columns: address.columns().map(|(column, _)| *column).collect(),
        filter: None,
        filter_atoms: 0,
    };
    let steps = PutSteps {
        model: Arc::clone(&app.model),
        entity,
        existing,
        find: Find::new(app, caller, &shape, AtomValues::new(), 1)?,
        inputs: address.columns().map(|(_, bind)| bind.clone()).collect(),
        replacement,
        claimed,
        // Whether it matters that a row cannot be created is known when none was found.
        creation: Write::create_at(app, caller, entity, body, &address.known),
        state: State::Start,
    };
    app.store.write(Sequence::new(steps)).await?
}

/// What is to be done about a row that is there.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Existing {
    /// It is replaced; where there is none, one is created.
    Any,
    /// There must be one.
    Required,
    /// There must be none.
    Refused,
}

struct PutSteps {
    model: Arc<Model>,
    entity: EntityId,
    existing: Existing,
    find: Find,
    inputs: Vec<Bind>,
    replacement: Write,
    claimed: Vec<(ColumnId, Bind)>,
    creation: Result<Write, Refusal>,
    state: State,
}

enum State {
    Start,
    Found(Option<Vec<Bind>>),
    Replacing(Judge),
    Creating(Judge),
    /// There is nothing to be created with.
    NotCreated,
    End(Result<Put, Refusal>),
}

impl PutSteps {
    /// Returns the write to the row that was found, or to a new one.
    fn write(&mut self, found: Option<Vec<Bind>>) -> Result<WriteRun, State> {
        let refused = |refusal| State::End(Err(refusal));
        match (found, self.existing) {
            (Some(_), Existing::Refused) => Err(refused(Refusal::Exists)),
            (None, Existing::Required) => Err(refused(Refusal::Stale)),
            (Some(key), _) => {
                self.is_claimed(&key).map_err(refused)?;
                let mut replacement = self.replacement.clone();
                replacement.set_key(key);
                let (run, judge) = replacement.into_parts();
                self.state = State::Replacing(judge);
                Ok(run)
            }
            (None, _) => {
                let Ok(creation) = &self.creation else { return Err(State::NotCreated) };
                let (run, judge) = creation.clone().into_parts();
                self.state = State::Creating(judge);
                Ok(run)
            }
        }
    }

    /// The body may say the key of the row, and no other.
    fn is_claimed(&self, key: &[Bind]) -> Result<(), Refusal> {
        let entity = self.model.entity(self.entity);
        let of_row = |column: &ColumnId| {
            entity.key_columns.iter().position(|of| of == column).and_then(|place| key.get(place))
        };
        let mut bad = Vec::new();
        for (column, claim) in &self.claimed {
            if of_row(column) != Some(claim) {
                let name = &entity.field(entity.column(*column).field).name;
                let detail = format!("{name} is part of the key, and another one in this row");
                bad.push(BadMember::new(name, "mismatch", detail));
            }
        }
        if bad.is_empty() { Ok(()) } else { Err(Refusal::Body(bad)) }
    }
}

impl Steps for PutSteps {
    type Program = Either<FindRun, WriteRun>;
    type Output = Result<Put, Refusal>;

    fn next(&mut self) -> Step<Self::Program> {
        match std::mem::replace(&mut self.state, State::NotCreated) {
            State::Start => Step::Run(Either::Left(self.find.run(self.inputs.clone()))),
            State::Found(found) => match self.write(found) {
                Ok(run) => Step::Run(Either::Right(run)),
                Err(end) => {
                    self.state = end;
                    Step::End(Verdict::Rollback)
                }
            },
            end => {
                self.state = end;
                Step::End(Verdict::Commit)
            }
        }
    }

    fn done(&mut self, output: Either<Vec<Vec<Bind>>, WriteOutput>) {
        self.state = match (output, &self.state) {
            (Either::Left(keys), _) => State::Found(keys.into_iter().next()),
            (Either::Right(output), State::Replacing(judge)) => {
                State::End(judge.judge(&self.model, output).map(Put::Replaced))
            }
            (Either::Right(output), State::Creating(judge)) => {
                State::End(judge.judge(&self.model, output).map(Put::Created))
            }
            (Either::Right(_), _) => State::NotCreated,
        };
    }

    fn restart(&mut self) {
        self.state = State::Start;
    }

    fn finish(self, _: Verdict) -> Result<Put, Refusal> {
        match self.state {
            State::End(end) => end,
            // Only a refused creation leads here: every other end is said where it is met.
            _ => Err(self.creation.err().unwrap_or(Refusal::Stale)),
        }
    }
}
