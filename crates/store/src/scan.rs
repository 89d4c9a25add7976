//! Long reads: a few threads of their own, with a time limit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plan::Program;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use crate::connection;
use crate::error::Error;

/// Threads for long reads. They share the disk with everything else, so few are enough.
const THREADS: usize = 2;

/// Long reads that may wait; more would time out before their turn.
const QUEUE_MAX: usize = 64;

/// A read is given up after this long.
const TIME_MAX: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce(&Connection, &Limit) + Send>;

pub(crate) struct Scanners {
    queue: SyncSender<Job>,
}

/// When the running read must end; asked by the connection's progress handler.
struct Limit {
    until: Arc<Mutex<Option<Instant>>>,
    gone: Arc<AtomicBool>,
}

impl Scanners {
    pub(crate) fn start(path: &Path) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel::<Job>(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..THREADS {
            let (path, jobs) = (path.to_owned(), Arc::clone(&jobs));
            std::thread::Builder::new()
                .name(format!("scan-{number}"))
                .spawn(move || work(&path, &jobs))
                .map_err(|error| Error::Storage(error.to_string()))?;
        }
        Ok(Self { queue })
    }

    pub(crate) async fn run<P: Program>(&self, mut program: P) -> Result<P::Output, Error> {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |connection, limit| {
            if answer.is_closed() {
                return;
            }
            let started = Instant::now();
            limit.arm(started + TIME_MAX);
            let result = connection
                .execute_batch("BEGIN")
                .and_then(|()| crate::run::run(connection, &mut program));
            limit.disarm();
            let _ = connection.execute_batch("ROLLBACK");
            let elapsed = started.elapsed();
            tracing::warn!(duration_ms = elapsed.as_millis() as u64, "slow query");
            let _ = answer.send(match result {
                Ok(()) => Ok(program.finish().1),
                Err(error) => Err(match error.sqlite_error_code() {
                    Some(ErrorCode::OperationInterrupted) => Error::Timeout,
                    _ => error.into(),
                }),
            });
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Closed,
        })?;
        wait.await.map_err(|_| Error::Closed)?
    }
}

impl Limit {
    fn arm(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.gone.store(false, Ordering::Relaxed);
    }

    fn disarm(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn work(path: &PathBuf, jobs: &Mutex<Receiver<Job>>) {
    let mut open: Option<(Connection, Limit)> = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if open.is_none() {
            open = connect(path).ok();
        }
        if let Some((connection, limit)) = &open {
            job(connection, limit);
        }
    }
}

fn connect(path: &Path) -> Result<(Connection, Limit), Error> {
    let mut connection = connection::reader(path)?;
    let limit = Limit { until: Arc::new(Mutex::new(None)), gone: Arc::new(AtomicBool::new(false)) };
    let until = Arc::clone(&limit.until);
    connection.progress_handler(
        10_000,
        Some(move || {
            let until = *until.lock().unwrap_or_else(PoisonError::into_inner);
            until.is_some_and(|until| Instant::now() >= until)
        }),
    )?;
    Ok((connection, limit))
}
