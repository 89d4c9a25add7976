//! Puts a row where its address says: replaces the one that is there, or creates it.

use std::sync::Arc;

use expr::{Caller, EntityId};
use model::ColumnId;
use plan::find::{FindRun, FindShape};
use plan::write::{WriteOutput, WriteRun};
use plan::{AtomValues, Bind, Either, Sequence, Step, Steps, Verdict};

use super::find::Find;
use super::judge::Judge;
use super::prepared::Prepared;
use super::write::{Given, Precondition, Saved, Write};
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

/// A put ready to run. Clones share it.
///
/// A replacement sets every field that the caller may read and write: those that the body leaves
/// out to their defaults. A row that the caller may not see is never overwritten; creating beside
/// it violates the key, as any create with these values would.
#[derive(Clone)]
pub struct PutWrite(Arc<Parts>);

struct Parts {
    app: Arc<App>,
    caller: Caller<'static>,
    entity: EntityId,
    address: Address,
    existing: Existing,
    find: Find,
    replacement: Write,
    claimed: Vec<(ColumnId, Bind)>,
    /// Creates the row; or the body with which it cannot be created. Whether that matters is known
    /// when no row was found.
    creation: Result<Write, Body>,
}

impl PutWrite {
    /// Prepares to replace the row at an address, or to create it where the caller sees none.
    ///
    /// # Errors
    /// What is wrong with the body or the caller. Running it, `Exists` and `Stale` where the
    /// precondition does not hold.
    pub fn prepare(
        app: &Arc<App>,
        caller: Caller<'static>,
        entity: EntityId,
        address: Address,
        body: Body,
        precondition: Precondition,
    ) -> Result<Self, Refusal> {
        let existing = match &precondition {
            Precondition::None => Existing::Any,
            Precondition::Absent => Existing::Refused,
            Precondition::Exists | Precondition::Hashes(_) => Existing::Required,
        };
        let hashes = if existing == Existing::Required { precondition.hashes() } else { None };
        let (replacement, claimed) =
            Write::replace_at(app, &caller, entity, body.clone(), &address.known, hashes)?;
        let shape = FindShape {
            entity,
            columns: address.columns().map(|(column, _)| *column).collect(),
            filter: None,
            filter_atoms: 0,
        };
        let find = Find::new(app, &caller, &shape, AtomValues::new(), 1)?;
        let given = Given { known: address.known.clone(), ..Given::default() };
        let creation = Write::create_at(app, &caller, entity, body.clone(), &given);
        Ok(Self(Arc::new(Parts {
            app: Arc::clone(app),
            caller,
            entity,
            address,
            existing,
            find,
            replacement,
            claimed,
            creation: creation.map_err(|_| body),
        })))
    }

    /// Returns how many bytes it holds, more or less.
    pub(crate) fn bytes(&self) -> usize {
        let Parts { replacement, creation, .. } = &*self.0;
        replacement.bytes() + creation.as_ref().map_or(0, Write::bytes)
    }

    /// Returns the program.
    pub(crate) fn sequence(&self) -> Sequence<PutSteps> {
        Sequence::new(PutSteps { parts: Arc::clone(&self.0), state: State::Start })
    }
}

impl Prepared for PutWrite {
    type Output = Put;
    type Refused = Refusal;
    type Program = Sequence<PutSteps>;

    fn program(&self, _: &Arc<App>) -> Self::Program {
        self.sequence()
    }

    async fn run(self, app: &App) -> Result<Put, Refusal> {
        app.store.write(self.sequence()).await?
    }
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

/// A put in progress.
pub struct PutSteps {
    parts: Arc<Parts>,
    state: State,
}

enum State {
    Start,
    Found(Option<Vec<Bind>>),
    Replacing(Judge),
    Creating(Judge),
    End(Result<Put, Refusal>),
}

impl PutSteps {
    /// Returns the write to the row that was found, or to a new one.
    fn write(&mut self, found: Option<Vec<Bind>>) -> Result<WriteRun, Refusal> {
        let parts = Arc::clone(&self.parts);
        let (write, state): (Write, fn(Judge) -> State) = match (found, parts.existing) {
            (Some(_), Existing::Refused) => return Err(Refusal::Exists),
            (None, Existing::Required) => return Err(Refusal::Stale),
            (Some(key), _) => {
                parts.is_claimed(&key)?;
                let mut replacement = parts.replacement.clone();
                replacement.set_key(key);
                (replacement, State::Replacing)
            }
            (None, _) => (parts.creation()?, State::Creating),
        };
        let (run, judge) = write.into_parts();
        self.state = state(judge);
        Ok(run)
    }
}

impl Parts {
    /// Returns the creation, or says again why there is none.
    fn creation(&self) -> Result<Write, Refusal> {
        match &self.creation {
            Ok(write) => Ok(write.clone()),
            Err(body) => {
                let given = Given { known: self.address.known.clone(), ..Given::default() };
                Write::create_at(&self.app, &self.caller, self.entity, body.clone(), &given)
            }
        }
    }

    /// The body may say the key of the row, and no other.
    fn is_claimed(&self, key: &[Bind]) -> Result<(), Refusal> {
        let entity = self.app.model.entity(self.entity);
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
        match &mut self.state {
            State::Start => {
                let inputs = self.parts.address.columns().map(|(_, bind)| bind.clone()).collect();
                Step::Run(Either::Left(self.parts.find.run(inputs)))
            }
            State::Found(found) => {
                let found = found.take();
                match self.write(found) {
                    Ok(run) => Step::Run(Either::Right(run)),
                    Err(refusal) => {
                        self.state = State::End(Err(refusal));
                        Step::End(Verdict::Rollback)
                    }
                }
            }
            State::Replacing(_) | State::Creating(_) | State::End(_) => Step::End(Verdict::Commit),
        }
    }

    fn done(&mut self, output: Either<Vec<Vec<Bind>>, WriteOutput>) {
        let model = &self.parts.app.model;
        self.state = match (output, &self.state) {
            (Either::Left(keys), _) => State::Found(keys.into_iter().next()),
            (Either::Right(output), State::Replacing(judge)) => {
                State::End(judge.judge(model, output).map(Put::Replaced))
            }
            (Either::Right(output), State::Creating(judge)) => {
                State::End(judge.judge(model, output).map(Put::Created))
            }
            (Either::Right(_), _) => unreachable!("a write was chosen before it ran"),
        };
    }

    fn restart(&mut self) {
        self.state = State::Start;
    }

    fn finish(self, _: Verdict) -> Result<Put, Refusal> {
        match self.state {
            State::End(end) => end,
            _ => unreachable!("a sequence that is finished has come to its end"),
        }
    }
}
