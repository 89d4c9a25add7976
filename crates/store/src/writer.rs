//! One writer, group commit: what is queued is written in one transaction, each write in a
//! savepoint of its own, and acknowledged when the commit is on disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use plan::{Program, Verdict};
use rusqlite::{Connection, ErrorCode, Statement};
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoints;
use crate::connection;
use crate::error::Error;
use crate::reader::Slots;
use crate::reading_budget::ReadingBudget;
use crate::written_by;

/// Writes that may wait; more are refused at once, so that clients can back off.
const QUEUE_MAX: usize = 1024;

/// Writes in one commit; more raise latency without throughput.
const BATCH_MAX: usize = 256;

pub(crate) struct Writer {
    queue: SyncSender<Job>,
}

enum Job {
    Write(Box<dyn Write>),
    Exclusive(Exclusive),
    Close(oneshot::Sender<()>),
}

/// Runs with the writer's connection, and returns what tells the caller that it is done.
type Exclusive = Box<dyn FnOnce(&mut Connection) -> Box<dyn FnOnce()> + Send>;

/// A program on its way through the writer.
trait Write: Send {
    /// Runs it; true keeps its changes.
    fn run(&mut self, connection: &Connection, reads: &ReadingBudget) -> rusqlite::Result<bool>;
    /// Answers the caller.
    fn answer(self: Box<Self>, result: Result<(), Error>);
    /// Whether the caller has gone.
    fn is_abandoned(&self) -> bool;
}

struct Running<P: Program> {
    program: Option<P>,
    output: Option<P::Output>,
    answer: oneshot::Sender<Result<P::Output, Error>>,
}

impl<P: Program> Write for Running<P> {
    fn run(&mut self, connection: &Connection, reads: &ReadingBudget) -> rusqlite::Result<bool> {
        let Some(mut program) = self.program.take() else { return Ok(false) };
        reads.renew();
        let note = |_: &Arc<str>, statement: &Statement<'_>| reads.count(statement.readonly());
        crate::run::run_noting(connection, &mut program, note)?;
        let verdict = program.verdict();
        self.output = Some(program.finish());
        Ok(verdict == Verdict::Commit)
    }

    fn answer(self: Box<Self>, result: Result<(), Error>) {
        let Self { output, answer, .. } = *self;
        // A caller that has gone does not want to know.
        let _ = answer.send(result.and_then(|()| output.ok_or(Error::Panicked)));
    }

    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }
}

impl Writer {
    pub(crate) fn start(
        path: &Path,
        commits: Arc<AtomicU64>,
        slots: Arc<Slots>,
    ) -> Result<Self, Error> {
        let connection = connection::writer(path)?;
        crate::own_tables::create(&connection)?;
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || work(connection, &jobs, &commits, &slots))
            .map_err(|error| Error::Storage(error.to_string()))?;
        Ok(Self { queue })
    }

    pub(crate) fn run<P: Program>(
        &self,
        program: P,
    ) -> impl Future<Output = Result<P::Output, Error>> + Send {
        let (answer, wait) = oneshot::channel();
        let running = Box::new(Running { program: Some(program), output: None, answer });
        async move {
            self.send(Job::Write(running))?;
            wait.await.map_err(|_| Error::Closed)?
        }
    }

    /// Runs a closure with the writer's connection, outside any transaction.
    pub(crate) async fn exclusive<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, wait) = oneshot::channel();
        self.send(Job::Exclusive(Box::new(move |connection| {
            let result = job(connection);
            Box::new(move || {
                // A caller that has gone does not want to know.
                let _ = answer.send(result);
            })
        })))?;
        wait.await.map_err(|_| Error::Closed)
    }

    pub(crate) async fn close(&self) {
        let (answer, wait) = oneshot::channel();
        if self.send(Job::Close(answer)).is_ok() {
            let _ = wait.await;
        }
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Closed,
        })
    }
}

fn work(mut connection: Connection, jobs: &Receiver<Job>, commits: &AtomicU64, slots: &Slots) {
    let mut checkpoints = Checkpoints::start(&mut connection);
    let reads = ReadingBudget::start(&mut connection);
    let mut batch: Vec<Box<dyn Write>> = Vec::with_capacity(BATCH_MAX);
    while let Ok(first) = jobs.recv() {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Write(write) => batch.push(write),
                Job::Exclusive(run) => {
                    commit(&connection, &mut batch, commits, &reads);
                    let acknowledge = run(&mut connection);
                    // As with writes: a read after the answer must not meet the state before.
                    commits.fetch_add(1, Ordering::AcqRel);
                    acknowledge();
                }
                Job::Close(answer) => {
                    commit(&connection, &mut batch, commits, &reads);
                    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
                    drop(connection);
                    let _ = answer.send(());
                    return;
                }
            }
            next = if batch.len() < BATCH_MAX { jobs.try_recv().ok() } else { None };
        }
        commit(&connection, &mut batch, commits, &reads);
        checkpoints.run_if_due(&connection, slots);
    }
}

fn commit(
    connection: &Connection,
    batch: &mut Vec<Box<dyn Write>>,
    commits: &AtomicU64,
    reads: &ReadingBudget,
) {
    batch.retain(|write| !write.is_abandoned());
    if batch.is_empty() {
        return;
    }
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        for write in batch.drain(..) {
            write.answer(Err(if busy { Error::Busy } else { described(&error) }));
        }
        return;
    }
    let mut results: Vec<Result<(), Error>> = Vec::with_capacity(batch.len());
    for write in batch.iter_mut() {
        results.push(one(connection, write.as_mut(), reads));
    }
    let committed = execute(connection, "COMMIT");
    if let Err(error) = &committed {
        let _ = execute(connection, "ROLLBACK");
        tracing::error!(error = %error, "a commit failed");
    } else {
        commits.fetch_add(1, Ordering::AcqRel);
    }
    for (write, result) in batch.drain(..).zip(results) {
        write.answer(match &committed {
            Ok(()) => result,
            Err(error) => Err(described(error)),
        });
    }
}

/// Runs one write in a savepoint, so that its failure leaves the others of the batch alone.
fn one(connection: &Connection, write: &mut dyn Write, reads: &ReadingBudget) -> Result<(), Error> {
    execute(connection, "SAVEPOINT one")?;
    let run = catch_unwind(AssertUnwindSafe(|| write.run(connection, reads)));
    reads.count(false);
    written_by::forget();
    match run {
        Ok(Ok(true)) => {
            execute(connection, "RELEASE one")?;
            Ok(())
        }
        other => {
            execute(connection, "ROLLBACK TO one")?;
            execute(connection, "RELEASE one")?;
            match other {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(described(&error)),
                Err(_) => Err(Error::Panicked),
            }
        }
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn described(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly) => {
            Error::Storage(error.to_string())
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
        Some(ErrorCode::OperationInterrupted) => Error::Timeout,
        _ => Error::Storage(error.to_string()),
    }
}
