//! Writes several rows in one transaction: all of them, or none.
//!
//! All are written before any is judged, so that a rule sees the rows as they will be: an order
//! with its lines, a team with its first member.

use std::sync::Arc;

use model::Model;
use plan::find::FindRun;
use plan::write::{WriteOutput, WriteRun};
use plan::{Bind, Either, Step, Steps, Verdict};

use super::judge::Judge;
use super::write::{Saved, Write};
use crate::refusal::Refusal;

/// The bytes of all rows that are answered; they are held until all are written.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The rows to be written.
pub trait Rows: Send + 'static {
    /// Returns how many there are.
    fn count(&self) -> usize;

    /// Returns what finds out whether a row is still to be written; `None` where it is.
    fn check(&self, at: usize) -> Option<FindRun>;

    /// Returns why a row is refused that its check has not found; `None` where it is left alone.
    fn missing(&self, _: usize) -> Option<Refusal> {
        None
    }

    /// Returns a row's write. `keys` are those of the rows before it.
    fn write(&self, at: usize, keys: &[Option<Vec<Bind>>]) -> Write;

    /// Says of which row a refusal is.
    fn refused(&self, at: usize, refusal: Refusal) -> Refusal;

    /// Returns whether a row counts.
    fn counts(&self, at: usize) -> bool;

    /// Puts the rows that were written into the form of the answer.
    fn shown(&self, saved: Vec<Saved>) -> Vec<Saved>;
}

/// Rows that were written together.
#[derive(Debug)]
pub struct Many {
    /// How many, without those nested in others.
    pub count: usize,
    /// What has become of them, in their order; empty where nobody asked.
    pub saved: Vec<Saved>,
}

/// Writes rows together.
pub struct TogetherSteps<R> {
    model: Arc<Model>,
    rows: R,
    /// Whether the rows are answered.
    answered: bool,
    turn: Turn,
    judge: Option<Judge>,
    /// The keys of the rows so far; `None` for those that were not to be written any more.
    keys: Vec<Option<Vec<Bind>>>,
    saved: Vec<Saved>,
    bytes: usize,
    failure: Option<Refusal>,
}

#[derive(Copy, Clone)]
enum Turn {
    Check(usize),
    Write(usize),
    Judge(usize),
}

impl<R: Rows> TogetherSteps<R> {
    /// Starts with the first row.
    pub(crate) fn new(model: Arc<Model>, rows: R, answered: bool) -> Self {
        Self {
            model,
            rows,
            answered,
            turn: Turn::Check(0),
            judge: None,
            keys: Vec::new(),
            saved: Vec::new(),
            bytes: 0,
            failure: None,
        }
    }

    fn run(&mut self, (run, judge): (WriteRun, Judge)) -> Step<Either<FindRun, WriteRun>> {
        self.judge = Some(judge);
        Step::Run(Either::Right(run))
    }

    fn keep(&mut self, saved: Saved) {
        if self.answered {
            self.bytes += saved.row.as_ref().map_or(0, |row| row.json.len());
            self.saved.push(saved);
        }
        if self.bytes > ANSWER_BYTES_MAX {
            self.failure = Some(Refusal::AnswerTooLarge {
                bytes_max: ANSWER_BYTES_MAX as u64,
                bound: "rows written together",
            });
        }
    }
}

impl<R: Rows> Steps for TogetherSteps<R> {
    type Program = Either<FindRun, WriteRun>;
    type Output = Result<Many, Refusal>;

    fn next(&mut self) -> Step<Self::Program> {
        if self.failure.is_some() {
            return Step::End(Verdict::Rollback);
        }
        loop {
            match self.turn {
                Turn::Check(at) if at == self.rows.count() => self.turn = Turn::Judge(0),
                Turn::Check(at) => match self.rows.check(at) {
                    Some(find) => return Step::Run(Either::Left(find)),
                    None => self.turn = Turn::Write(at),
                },
                Turn::Write(at) => {
                    let write = self.rows.write(at, &self.keys);
                    return self.run(write.writing());
                }
                Turn::Judge(at) if at == self.rows.count() => return Step::End(Verdict::Commit),
                Turn::Judge(at) => {
                    let Some(Some(key)) = self.keys.get(at).cloned() else {
                        self.turn = Turn::Judge(at + 1);
                        continue;
                    };
                    let write = self.rows.write(at, &self.keys);
                    if write.deletes() {
                        // Nothing is left to be judged.
                        self.turn = Turn::Judge(at + 1);
                        continue;
                    }
                    return self.run(write.judging(key));
                }
            }
        }
    }

    fn done(&mut self, output: Either<Vec<Vec<Bind>>, WriteOutput>) {
        match (self.turn, output) {
            (Turn::Check(at), Either::Left(found)) if found.is_empty() => {
                self.failure = self.rows.missing(at).map(|refusal| self.rows.refused(at, refusal));
                self.keys.push(None);
                self.turn = Turn::Check(at + 1);
            }
            (Turn::Check(at), _) => self.turn = Turn::Write(at),
            (Turn::Write(at) | Turn::Judge(at), Either::Right(output)) => {
                let Some(judge) = self.judge.take() else { return };
                match (judge.judge(&self.model, output), self.turn) {
                    (Err(refusal), _) => self.failure = Some(self.rows.refused(at, refusal)),
                    (Ok(saved), Turn::Judge(_)) => {
                        self.keep(saved);
                        self.turn = Turn::Judge(at + 1);
                    }
                    (Ok(saved), _) => {
                        self.keys.push(Some(saved.key.clone()));
                        if judge.deletes() {
                            self.keep(saved);
                        }
                        self.turn = Turn::Check(at + 1);
                    }
                }
            }
            (_, Either::Left(_)) => {}
        }
    }

    fn restart(&mut self) {
        self.turn = Turn::Check(0);
        self.judge = None;
        self.keys.clear();
        self.saved.clear();
        self.bytes = 0;
        self.failure = None;
    }

    fn finish(self, _: Verdict) -> Result<Many, Refusal> {
        if let Some(refusal) = self.failure {
            return Err(refusal);
        }
        let written = self.keys.iter().enumerate().filter(|(_, key)| key.is_some());
        let count = written.filter(|(at, _)| self.rows.counts(*at)).count();
        Ok(Many { count, saved: self.rows.shown(self.saved) })
    }
}
