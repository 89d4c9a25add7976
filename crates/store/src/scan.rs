//! Long reads: a few threads of their own, with a time limit.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plan::Program;
use rusqlite::{Connection, ErrorCode, Statement};
use tokio::sync::oneshot;

use crate::connection;
use crate::error::Error;

/// Threads for long reads. They share the disk with everything else, so few are enough.
const THREADS: usize = 2;

/// Long reads that may wait; more would time out before their turn.
const QUEUE_MAX: usize = 64;

/// Between two looks at the clock, in instructions of SQLite's machine: some hundred microseconds.
const CLOCK_STEP: i32 = 10_000;

type Job = Box<dyn FnOnce(&Scanner) + Send>;

/// The threads for long reads.
pub(crate) struct Scanners {
    queue: SyncSender<Job>,
    time_max: Duration,
}

/// A thread's connection, and when the read on it must end.
struct Scanner {
    connection: Connection,
    until: Arc<Mutex<Option<Instant>>>,
}

impl Scanners {
    /// Starts the threads; they end when the store is dropped.
    pub(crate) fn start(path: &Path, time_max: Duration) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel::<Job>(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..THREADS {
            let (path, jobs) = (path.to_owned(), Arc::clone(&jobs));
            std::thread::Builder::new()
                .name(format!("scan-{number}"))
                .spawn(move || work(&path, &jobs))
                .map_err(|error| Error::Storage(error.to_string()))?;
        }
        Ok(Self { queue, time_max })
    }

    /// Runs a read from its start.
    pub(crate) async fn run<P: Program>(&self, program: Box<P>) -> Result<P::Output, Error> {
        let (answer, wait) = oneshot::channel();
        let time_max = self.time_max;
        let job: Job = Box::new(move |scanner| {
            // The caller may have gone while the read was waiting.
            if !answer.is_closed() {
                let _ = answer.send(scanner.read(*program, time_max));
            }
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Closed,
        })?;
        wait.await.map_err(|_| Error::Closed)?
    }
}

impl Scanner {
    fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = connection::reader(path)?;
        let until = Arc::new(Mutex::new(None));
        let deadline = Arc::clone(&until);
        connection.progress_handler(
            CLOCK_STEP,
            Some(move || {
                let deadline = *deadline.lock().unwrap_or_else(PoisonError::into_inner);
                deadline.is_some_and(|deadline| Instant::now() >= deadline)
            }),
        )?;
        Ok(Self { connection, until })
    }

    fn read<P: Program>(&self, mut program: P, time_max: Duration) -> Result<P::Output, Error> {
        let started = Instant::now();
        self.set_deadline(Some(started + time_max));
        let mut sql = None;
        let result = self.connection.execute_batch("BEGIN").and_then(|()| {
            let note = |text: &Arc<str>, _: &Statement<'_>| sql = Some(Arc::clone(text));
            crate::run::run_noting(&self.connection, &mut program, note)
        });
        self.set_deadline(None);
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(duration_ms, sql = sql.as_deref(), "slow query");
        let ended = self.connection.execute_batch("ROLLBACK");
        match result.and(ended) {
            Ok(()) => Ok(program.finish()),
            Err(error) => Err(match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => Error::Timeout,
                _ => error.into(),
            }),
        }
    }

    fn set_deadline(&self, deadline: Option<Instant>) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }
}

fn work(path: &Path, jobs: &Mutex<Receiver<Job>>) {
    // Opened when first needed: many applications never read long.
    let mut scanner = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if scanner.is_none() {
            scanner = match Scanner::open(path) {
                Ok(scanner) => Some(scanner),
                Err(error) => {
                    tracing::error!(error = %error, "a connection for long reads cannot be opened");
                    None
                }
            };
        }
        if let Some(scanner) = &scanner {
            job(scanner);
        }
    }
}
