//! Reads whose rows leave as they come: each on a thread and a connection of its own, so that it
//! keeps no other read waiting however slowly its rows are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plan::Program;
use rusqlite::{Connection, ErrorCode};

use crate::connection;
use crate::error::Error;
use crate::{Inner, Store};

/// Between two looks at the clock, in instructions of SQLite's machine.
const CLOCK_STEP: i32 = 10_000;

/// Ends a stream from elsewhere. Clones end the same one.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the stream to end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was asked to.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Store {
    /// Runs a read in one snapshot, on a thread of its own, and tells `done` there how it ended. It is
    /// broken off when it has taken too long, is told to stop, or the store closes.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn stream<P: Program>(
        &self,
        program: P,
        time_max: Duration,
        stop: Stop,
        done: impl FnOnce(Result<P::Output, Error>) + Send + 'static,
    ) -> Result<(), Error> {
        let until = Instant::now() + time_max;
        // The thread reads only; whatever becomes of it when the process ends is no loss.
        let inner = Arc::clone(&self.0);
        std::thread::Builder::new()
            .name("stream".to_owned())
            .spawn(move || done(read(&inner, program, until, stop)))
            .map(|_| ())
            .map_err(|error| Error::Storage(error.to_string()))
    }
}

fn read<P: Program>(
    inner: &Arc<Inner>,
    mut program: P,
    until: Instant,
    stop: Stop,
) -> Result<P::Output, Error> {
    let mut connection = connection::streaming_reader(&inner.options.path)?;
    let closing = Arc::clone(&inner.closing);
    let is_over =
        move || stop.is_set() || closing.load(Ordering::Acquire) || Instant::now() >= until;
    connection.progress_handler(CLOCK_STEP, Some(is_over))?;
    run(&connection, &mut program).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => Error::Timeout,
        _ => error.into(),
    })?;
    Ok(program.finish())
}

fn run<P: Program>(connection: &Connection, program: &mut P) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    crate::run::run(connection, program)?;
    connection.execute_batch("ROLLBACK")
}
