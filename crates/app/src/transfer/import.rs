//! Imports: rows out of CSV or NDJSON, created as they come.

use std::sync::Arc;

use expr::EntityId;
use futures_util::future::join_all;

use super::group::{self, Line, Work};
use super::row::{Row, Rows, Wanted};
use super::{By, Format, replacing};
use crate::application::App;
use crate::input::Body;
use crate::operations::{Precondition, PutWrite, TrustedPlans, Write, may_create};
use crate::refusal::Refusal;

/// Rows that are written at a time where each stands for itself. They share commits with the writes of
/// others, for whom there is room in the queue.
const ROWS_AT_A_TIME: usize = 128;

/// Rows that are written together where the first refusal ends the import.
const ROWS_TOGETHER: usize = 1000;

/// The values of rows that are written together, in bytes.
const BYTES_TOGETHER_MAX: usize = 16 * 1024 * 1024;

/// What a refused row means for the others.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// No row is kept. All are held until the last has come, so there is a bound on how many.
    Undo,
    /// Those before it are kept, up to the last of a thousand that were written together.
    Stop,
    /// The others are created; each row stands for itself.
    Skip,
}

/// What is to be imported, and how.
pub struct Import {
    /// Into what.
    pub entity: EntityId,
    /// The form of the rows.
    pub format: Format,
    /// Who imports.
    pub by: By,
    /// What a refused row means for the others.
    pub on_error: OnError,
    /// Which members of the rows are taken.
    pub wanted: Wanted,
    /// The unique key of rows that take the place of those that have it already, each as by a PUT. An
    /// operator only creates.
    pub replace: Option<Vec<String>>,
    /// The first line from which rows are taken.
    pub from_line: u64,
    /// Refused rows that are held with their reasons; all are counted.
    pub failures_max: usize,
}

/// What has come of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// Rows that were created.
    pub created: u64,
    /// Rows that took the place of others.
    pub replaced: u64,
    /// Rows that were refused.
    pub failed: u64,
    /// The first of them.
    pub failures: Vec<Failure>,
    /// The line of the last row that needs not be sent again.
    pub done_line: u64,
}

/// A row that was refused.
#[derive(Debug)]
pub struct Failure {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Why.
    pub refusal: Refusal,
}

/// Why an import did not come to its end.
#[derive(Debug)]
pub enum Ended<E> {
    /// The rows did not come.
    Source(E),
    /// It is refused as a whole, or the store failed.
    Refused(Refusal),
    /// Rows are refused.
    Rows,
}

/// Where the bytes come from.
pub trait Source: Send {
    /// A piece of them.
    type Piece: AsRef<[u8]> + Send;
    /// Why they do not come.
    type Error: Send;

    /// Returns the next piece; nothing at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Self::Piece>, Self::Error>> + Send;

    /// Is told what has come of it so far, and may take the failures.
    fn progress(&mut self, _: &mut Imported) {}
}

/// Imports rows. What has come of them is told however it ends.
pub async fn import<S: Source>(
    app: &Arc<App>,
    import: Import,
    source: &mut S,
) -> (Imported, Result<(), Ended<S::Error>>) {
    let mut done = Imported::default();
    let ended = match Run::new(app, import, &mut done) {
        Ok(mut run) => match app.imports.take() {
            Some(_slot) => run.all(source).await,
            None => {
                let max = app.imports.max();
                let refusal = Refusal::TooMany { what: "imports", max, bound: "imports_max" };
                Err(Ended::Refused(refusal))
            }
        },
        Err(refusal) => Err(Ended::Refused(refusal)),
    };
    (done, ended)
}

struct Run<'a> {
    app: &'a Arc<App>,
    import: Import,
    rows: Rows,
    plans: TrustedPlans,
    waiting: Vec<Line>,
    waiting_bytes: usize,
    /// Rows among them that need not be written to be refused.
    refusals: Vec<Failure>,
    last_line: u64,
    /// Rows so far, right or wrong.
    rows_seen: u64,
    done: &'a mut Imported,
}

impl<'a> Run<'a> {
    fn new(app: &'a Arc<App>, import: Import, done: &'a mut Imported) -> Result<Self, Refusal> {
        match (&import.by, &import.replace) {
            (_, Some(names)) => replacing::check(&app.model, import.entity, names)?,
            (By::Caller(caller), None) => may_create(app, caller, import.entity)?,
            (By::Operator, None) => {}
        }
        import.wanted.check(&app.model, import.entity)?;
        let row_bytes_max = app.config.limits.body_bytes_max;
        let rows = Rows::new(import.format, row_bytes_max, import.wanted.clone());
        let plans = TrustedPlans::default();
        Ok(Self {
            app,
            import,
            rows,
            plans,
            waiting: Vec::new(),
            waiting_bytes: 0,
            refusals: Vec::new(),
            last_line: 0,
            rows_seen: 0,
            done,
        })
    }

    async fn all<S: Source>(&mut self, source: &mut S) -> Result<(), Ended<S::Error>> {
        let (app, entity) = (Arc::clone(self.app), self.import.entity);
        loop {
            let piece = match source.next().await {
                Ok(piece) => piece,
                Err(error) => return Err(self.broken(Ended::Source(error)).await),
            };
            let Some(piece) = piece else { break };
            let mut input = piece.as_ref();
            while let Some(row) =
                self.rows.next(&app.model, entity, &mut input).map_err(Ended::Refused)?
            {
                self.row(row).await?;
            }
            source.progress(self.done);
        }
        if let Some(row) = self.rows.finish(&app.model, entity).map_err(Ended::Refused)? {
            self.row(row).await?;
        }
        if self.import.on_error == OnError::Undo && self.done.failed > 0 {
            return Err(Ended::Rows);
        }
        self.flush().await?;
        source.progress(self.done);
        Ok(())
    }

    /// Writes what has come, where each row stands for itself.
    async fn broken<E>(&mut self, ended: Ended<E>) -> Ended<E> {
        match self.import.on_error {
            OnError::Skip => self.flush().await.err().unwrap_or(ended),
            OnError::Undo | OnError::Stop => ended,
        }
    }

    async fn row<E>(&mut self, row: Row) -> Result<(), Ended<E>> {
        if row.line < self.import.from_line {
            return Ok(());
        }
        self.last_line = row.line;
        self.rows_seen += 1;
        let max = self.app.config.limits.import_rows_max;
        if self.import.on_error == OnError::Undo && self.rows_seen > max {
            return Err(Ended::Refused(Refusal::TooManyRows { max }));
        }
        match row.body.and_then(|body| self.prepare(body)) {
            Ok(work) => self.wait(row.line, work).await,
            Err(refusal) if self.import.on_error == OnError::Skip => {
                self.refusals.push(Failure { line: row.line, refusal });
                self.flush_if_full().await
            }
            Err(refusal) => self.refused(row.line, refusal),
        }
    }

    fn prepare(&mut self, body: Body) -> Result<Work, Refusal> {
        let (app, entity) = (self.app, self.import.entity);
        let create = |write| Work::Create(Box::new(write));
        match (&self.import.by, &self.import.replace) {
            (By::Operator, _) => Write::trusted(app, entity, body, &mut self.plans).map(create),
            (By::Caller(caller), None) => Write::create(app, caller, entity, body).map(create),
            (By::Caller(caller), Some(names)) => {
                let address = replacing::address(&app.model, entity, names, &body)?;
                let (caller, precondition) = (caller.clone(), Precondition::None);
                PutWrite::prepare(app, caller, entity, address, body, precondition).map(Work::Put)
            }
        }
    }

    async fn wait<E>(&mut self, line: u64, work: Work) -> Result<(), Ended<E>> {
        let is_lost = self.import.on_error == OnError::Undo && self.done.failed > 0;
        if is_lost {
            // Only mistakes are still of interest.
            return Ok(());
        }
        self.waiting_bytes += work.bytes();
        self.waiting.push(Line { line, work });
        self.flush_if_full().await
    }

    /// Writes the rows that wait, where there are enough of them.
    async fn flush_if_full<E>(&mut self) -> Result<(), Ended<E>> {
        let rows = self.waiting.len() + self.refusals.len();
        let is_large = self.waiting_bytes > BYTES_TOGETHER_MAX;
        match self.import.on_error {
            OnError::Undo if is_large => {
                // Of this size.
                let max = (self.waiting.len() as u64).saturating_sub(1);
                Err(Ended::Refused(Refusal::TooManyRows { max }))
            }
            OnError::Undo => Ok(()),
            OnError::Stop if is_large || rows >= ROWS_TOGETHER => self.flush().await,
            OnError::Skip if is_large || rows >= ROWS_AT_A_TIME => self.flush().await,
            OnError::Stop | OnError::Skip => Ok(()),
        }
    }

    fn refused<E>(&mut self, line: u64, refusal: Refusal) -> Result<(), Ended<E>> {
        self.done.failed += 1;
        if self.done.failures.len() < self.import.failures_max {
            self.done.failures.push(Failure { line, refusal });
        }
        match self.import.on_error {
            OnError::Skip => Ok(()),
            OnError::Stop => Err(Ended::Rows),
            OnError::Undo => {
                self.waiting = Vec::new();
                let enough = self.done.failures.len() >= self.import.failures_max;
                if enough { Err(Ended::Rows) } else { Ok(()) }
            }
        }
    }

    /// Writes the rows that wait.
    async fn flush<E>(&mut self) -> Result<(), Ended<E>> {
        let lines = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        if self.import.on_error == OnError::Skip {
            self.each(lines).await?;
        } else if !lines.is_empty() {
            match group::write(self.app, lines).await {
                Ok(written) => {
                    self.done.created += written.created;
                    self.done.replaced += written.replaced;
                }
                Err(Refusal::OfLine { line, refusal }) => {
                    self.refused(line, *refusal)?;
                    return Err(Ended::Rows);
                }
                Err(refusal) => return Err(Ended::Refused(refusal)),
            }
        }
        self.done.done_line = self.last_line;
        Ok(())
    }

    /// Writes rows one by one, in their order. A failure of the store ends the import.
    async fn each<E>(&mut self, lines: Vec<Line>) -> Result<(), Ended<E>> {
        let app = Arc::clone(self.app);
        let written = join_all(lines.into_iter().map(|Line { line, work }| {
            let app = &app;
            async move { (line, work.run(app).await) }
        }));
        let mut broken = None;
        let mut failures = std::mem::take(&mut self.refusals);
        for (line, result) in written.await {
            match result {
                Ok(true) => self.done.created += 1,
                Ok(false) => self.done.replaced += 1,
                Err(Refusal::Store(error)) => {
                    broken.get_or_insert(error);
                    let refusal = Refusal::Store(store::Error::Closed);
                    failures.push(Failure { line, refusal });
                }
                Err(refusal) => failures.push(Failure { line, refusal }),
            }
        }
        failures.sort_by_key(|failure| failure.line);
        failures.into_iter().try_for_each(|failure| self.refused(failure.line, failure.refusal))?;
        match broken {
            Some(error) => Err(Ended::Refused(error.into())),
            None => Ok(()),
        }
    }
}
