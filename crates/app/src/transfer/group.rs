//! Rows of an import that are written in one transaction: all of them, or none.

use std::sync::Arc;

use plan::find::FindRun;
use plan::{Bind, Sequence, Step, Steps, Verdict};

use crate::application::App;
use crate::operations::{
    Many, Prepared, Put, PutSteps, PutWrite, Rows, Saved, TogetherSteps, Write,
};
use crate::refusal::Refusal;

/// A row, and the line on which it begins.
pub(super) struct Line<W = Work> {
    pub(super) line: u64,
    pub(super) work: W,
}

/// What is to be done about a row.
pub(super) enum Work {
    Create(Box<Write>),
    Put(PutWrite),
}

/// How many rows were written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) created: u64,
    pub(super) replaced: u64,
}

impl Work {
    /// Returns how many bytes it holds, more or less.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Create(write) => write.bytes(),
            Self::Put(put) => put.bytes(),
        }
    }

    /// Writes the row by itself, and says whether it is a new one.
    pub(super) async fn run(self, app: &App) -> Result<bool, Refusal> {
        match self {
            Self::Create(write) => write.run(app).await.map(|_| true),
            Self::Put(put) => put.run(app).await.map(|put| matches!(put, Put::Created(_))),
        }
    }
}

/// Writes rows together. The refusal of one is `OfLine`.
pub(super) async fn write(app: &App, lines: Vec<Line>) -> Result<Written, Refusal> {
    let (mut creates, mut puts) = (Vec::new(), Vec::new());
    // An import has rows of one kind.
    for Line { line, work } in lines {
        match work {
            Work::Create(work) => creates.push(Line { line, work }),
            Work::Put(work) => puts.push(Line { line, work }),
        }
    }
    if !puts.is_empty() {
        return app.store.write(Sequence::new(Puts::new(puts))).await?;
    }
    let steps = TogetherSteps::new(Arc::clone(&app.model), Creates(Arc::new(creates)), false);
    let many: Result<Many, Refusal> = app.store.write(Sequence::new(steps)).await?;
    Ok(Written { created: many?.count as u64, replaced: 0 })
}

fn of_line<W>(lines: &[Line<W>], at: usize, refusal: Refusal) -> Refusal {
    Refusal::OfLine { line: lines[at].line, refusal: Box::new(refusal) }
}

/// New rows: all are written before any is judged.
struct Creates(Arc<Vec<Line<Box<Write>>>>);

impl Rows for Creates {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn check(&self, _: usize) -> Option<FindRun> {
        None
    }

    fn write(&self, at: usize, _: &[Option<Vec<Bind>>]) -> Write {
        Write::clone(&self.0[at].work)
    }

    fn refused(&self, at: usize, refusal: Refusal) -> Refusal {
        of_line(&self.0, at, refusal)
    }

    fn counts(&self, _: usize) -> bool {
        true
    }

    fn shown(&self, _: Vec<Saved>) -> Vec<Saved> {
        Vec::new()
    }
}

/// Rows that may be there already: each is put, and judged, at its turn.
struct Puts {
    lines: Vec<Line<PutWrite>>,
    at: usize,
    written: Written,
    failure: Option<Refusal>,
}

impl Puts {
    fn new(lines: Vec<Line<PutWrite>>) -> Self {
        Self { lines, at: 0, written: Written::default(), failure: None }
    }
}

impl Steps for Puts {
    type Program = Sequence<PutSteps>;
    type Output = Result<Written, Refusal>;

    fn next(&mut self) -> Step<Self::Program> {
        match self.lines.get(self.at) {
            _ if self.failure.is_some() => Step::End(Verdict::Rollback),
            Some(line) => Step::Run(line.work.sequence()),
            None => Step::End(Verdict::Commit),
        }
    }

    fn done(&mut self, output: Result<Put, Refusal>) {
        match output {
            Ok(Put::Created(_)) => self.written.created += 1,
            Ok(Put::Replaced(_)) => self.written.replaced += 1,
            Err(refusal) => self.failure = Some(of_line(&self.lines, self.at, refusal)),
        }
        self.at += 1;
    }

    fn restart(&mut self) {
        *self = Self::new(std::mem::take(&mut self.lines));
    }

    fn finish(self, _: Verdict) -> Self::Output {
        self.failure.map_or(Ok(self.written), Err)
    }
}
