//! Runs a batch, operation by operation.

use std::sync::Arc;

use plan::read::{ReadOutput, ReadRun};
use plan::write::{WriteOutput, WriteRun};
use plan::{Either, Sequence, Step, Steps, Verdict};
use serde_json::Value as Json;

use super::super::judge::Judge;
use super::super::put::{Put, PutSteps};
use super::super::read::row_of;
use super::{Action, Failure, Failures, Operations, Outcome, Turn, bad_path, made, reference};
use crate::refusal::{BadMember, Refusal};

/// The bytes of all results together; they are held until the batch is answered.
const RESULT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A batch in progress.
pub struct BatchRun {
    batch: Arc<Operations>,
    outcomes: Vec<Outcome>,
    bytes: usize,
    /// Results that were referred to, as JSON; by operation.
    results: Vec<Option<Json>>,
    /// Who judges the write that runs.
    judge: Option<Judge>,
    failure: Option<Failure>,
    /// The bytes that references may still stand for.
    referred_bytes_left: u64,
}

impl BatchRun {
    pub(super) fn new(batch: Arc<Operations>) -> Self {
        // What references stand for is sent once and written many times: it is bounded like a body.
        let referred_bytes_left = batch.app.config.limits.body_bytes_max;
        Self {
            referred_bytes_left,
            batch,
            outcomes: Vec::new(),
            bytes: 0,
            results: Vec::new(),
            judge: None,
            failure: None,
        }
    }

    fn fail(&mut self, refusal: Refusal) {
        self.failure = Some(Failure { at: Some(self.outcomes.len()), refusal });
    }

    /// Makes the operation whose turn it is.
    fn made(&mut self, turn: &Turn) -> Result<Turn, Refusal> {
        match turn {
            Turn::Late(action) => {
                let action = self.resolved(action.clone())?;
                made(&self.batch.app, &self.batch.caller, action)
            }
            ready => Ok(ready.clone()),
        }
    }

    /// Replaces an operation's references by what they refer to.
    fn resolved(&mut self, mut action: Action) -> Result<Action, Refusal> {
        let app = Arc::clone(&self.batch.app);
        let mut bad = Vec::new();
        if let Some((entity, body)) = action.body() {
            reference::replace(&app.model, entity, body, &mut |pointer, text| {
                self.find(text)
                    .map_err(|detail| {
                        let pointer = pointer.to_owned();
                        bad.push(BadMember { pointer, code: "reference", detail });
                    })
                    .ok()
            });
        }
        if !bad.is_empty() {
            return Err(Refusal::Body(bad));
        }
        if let (entity, Some(key)) = action.key() {
            key.replace(app.model.entity(entity), &mut |text| match self
                .find(text)
                .map_err(bad_path)?
            {
                Json::String(text) => Ok(text),
                other @ (Json::Number(_) | Json::Bool(_)) => Ok(other.to_string()),
                _ => Err(bad_path(format!("`{text}` is not a value that can be a key"))),
            })?;
        }
        Ok(action)
    }

    /// Finds what a reference refers to.
    fn find(&mut self, text: &str) -> Result<Json, String> {
        let batch = Arc::clone(&self.batch);
        let reference = reference::parse(text, &batch.names)?;
        let nothing = || format!("there is no `{text}` in the result of that operation");
        let outcome = self.outcomes.get(reference.operation).ok_or_else(nothing)?;
        let Some(member) = reference.member else {
            return match outcome {
                Outcome::Saved(saved)
                | Outcome::Put(Put::Created(saved) | Put::Replaced(saved))
                    if !saved.key.is_empty() =>
                {
                    let entity = batch.app.model.entity(saved.entity);
                    Ok(Json::String(plan::reference_text(entity, &saved.key)))
                }
                _ => Err(format!("`{text}` has written no row; name a member of its result")),
            };
        };
        if self.results.len() <= reference.operation {
            self.results.resize_with(reference.operation + 1, || None);
        }
        let result =
            self.results[reference.operation].get_or_insert_with(|| shown(&batch, outcome));
        let found = reference::follow(result, member).ok_or_else(nothing)?;
        let bytes = reference::bytes_of(found);
        if bytes > self.referred_bytes_left {
            let max = batch.app.config.limits.body_bytes_max;
            return Err(format!(
                "the references of a batch stand for at most {max} bytes ([limits] body_bytes_max)"
            ));
        }
        self.referred_bytes_left -= bytes;
        Ok(found.clone())
    }
}

/// Returns a result as its caller sees it: what they may not see cannot be referred to.
fn shown(batch: &Operations, outcome: &Outcome) -> Json {
    let parsed = |json: &[u8]| serde_json::from_slice(json).unwrap_or(Json::Null);
    match outcome {
        Outcome::Row(row) => parsed(&row.json),
        Outcome::Saved(saved) | Outcome::Put(Put::Created(saved) | Put::Replaced(saved)) => {
            match &saved.row {
                Some(row) => parsed(&row.json),
                None if saved.key.is_empty() => Json::Null,
                None => parsed(&plan::key_object(batch.app.model.entity(saved.entity), &saved.key)),
            }
        }
        // A page is written behind a prefix that leaves its object open.
        Outcome::Page(page) => parsed(&[page.json.as_slice(), b"}"].concat()),
    }
}

fn bytes_of(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Saved(saved) | Outcome::Put(Put::Created(saved) | Put::Replaced(saved)) => {
            saved.row.as_ref().map_or(0, |row| row.json.len())
        }
        Outcome::Row(row) => row.json.len(),
        Outcome::Page(page) => page.json.len(),
    }
}

impl Steps for BatchRun {
    type Program = Either<Either<WriteRun, ReadRun>, Sequence<PutSteps>>;
    type Output = Result<Vec<Outcome>, Failures>;

    fn next(&mut self) -> Step<Self::Program> {
        if self.failure.is_some() {
            return Step::End(Verdict::Rollback);
        }
        let batch = Arc::clone(&self.batch);
        let Some(turn) = batch.turns.get(self.outcomes.len()) else {
            return Step::End(Verdict::Commit);
        };
        match self.made(turn) {
            Ok(Turn::Write(write)) => {
                let (run, judge) = write.into_parts();
                self.judge = Some(judge);
                Step::Run(Either::Left(Either::Left(run)))
            }
            Ok(Turn::Read(read)) => Step::Run(Either::Left(Either::Right(read.run()))),
            Ok(Turn::Put(put)) => Step::Run(Either::Right(put.sequence())),
            Ok(Turn::Late(_)) => unreachable!("`made` leaves nothing for later"),
            Err(refusal) => {
                self.fail(refusal);
                Step::End(Verdict::Rollback)
            }
        }
    }

    fn done(&mut self, output: Either<Either<WriteOutput, ReadOutput>, Result<Put, Refusal>>) {
        let outcome = match output {
            Either::Left(Either::Left(output)) => match self.judge.take() {
                Some(judge) => judge.judge(&self.batch.app.model, output).map(Outcome::Saved),
                None => unreachable!("a write has a judge"),
            },
            Either::Left(Either::Right(ReadOutput::Many(page))) => Ok(Outcome::Page(page)),
            Either::Left(Either::Right(one)) => row_of(one).map(Outcome::Row),
            Either::Right(put) => put.map(Outcome::Put),
        };
        match outcome {
            Ok(outcome) => {
                self.bytes += bytes_of(&outcome);
                if self.bytes > RESULT_BYTES_MAX {
                    self.fail(Refusal::AnswerTooLarge {
                        bytes_max: RESULT_BYTES_MAX as u64,
                        bound: "the results of a batch",
                    });
                    return;
                }
                self.outcomes.push(outcome);
            }
            Err(refusal) => self.fail(refusal),
        }
    }

    fn restart(&mut self) {
        *self = Self::new(Arc::clone(&self.batch));
    }

    fn finish(self, _: Verdict) -> Self::Output {
        match self.failure {
            Some(failure) => Err(Failures(vec![failure])),
            None => Ok(self.outcomes),
        }
    }
}
