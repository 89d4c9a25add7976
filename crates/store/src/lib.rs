//! Databases: the only crate that knows a driver.
//!
//! SQLite: reads run in place on the calling thread inside a snapshot that is kept open across
//! requests, writes go through one writer thread that commits them in groups.

mod aggregates;
mod checkpoint;
mod connection;
mod error;
mod functions;
pub mod migrate;
mod own_tables;
pub mod postgres;
mod reader;
mod reading_budget;
mod ready;
mod run;
mod scan;
mod stream;
mod writer;
mod written_by;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use plan::Program;

pub use error::Error;
pub use stream::Stop;

use reader::{Outcome, Readers, Slots};
use ready::Probe;
use scan::Scanners;
use writer::Writer;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database file; its folder is created.
    pub path: PathBuf,
    /// A read is given up after this long.
    pub read_time_max: Duration,
}

impl Options {
    /// The settings for a database file: reads are given up after ten seconds.
    pub fn new(path: PathBuf) -> Self {
        Self { path, read_time_max: Duration::from_secs(10) }
    }
}

/// A database. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    options: Options,
    commits: Arc<AtomicU64>,
    /// Ends the streams.
    closing: Arc<AtomicBool>,
    readers: Readers,
    scanners: Scanners,
    writer: Writer,
}

impl Store {
    /// Opens or creates the database.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no database.
    pub fn open(options: Options) -> Result<Self, Error> {
        if let Some(folder) = options.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::Storage(error.to_string()))?;
        }
        let commits = Arc::new(AtomicU64::new(0));
        let slots = Arc::new(Slots::new());
        let writer = Writer::start(&options.path, Arc::clone(&commits), Arc::clone(&slots))?;
        let readers = Readers::new(options.path.clone(), Arc::clone(&commits), slots);
        let scanners = Scanners::start(&options.path, options.read_time_max)?;
        let closing = Arc::default();
        Ok(Self(Arc::new(Inner { options, commits, closing, readers, scanners, writer })))
    }

    /// Runs a read inside one snapshot that holds every write acknowledged before.
    ///
    /// # Errors
    /// When it takes too long, or the database fails.
    pub fn read<P: Program>(
        &self,
        program: P,
    ) -> impl Future<Output = Result<P::Output, Error>> + Send {
        // Boxed once: futures of every layer above would move it each time they move.
        let program = Box::new(program);
        async move {
            match self.0.readers.run(program)? {
                Outcome::Done(output) => Ok(output),
                Outcome::TooLong(mut program) => {
                    program.restart();
                    self.0.scanners.run(program).await
                }
            }
        }
    }

    /// Runs a write; when it returns, the write survives a power cut.
    ///
    /// # Errors
    /// When the queue is full, what it reads takes too long, or the database fails; then nothing was
    /// written.
    pub fn write<P: Program>(
        &self,
        program: P,
    ) -> impl Future<Output = Result<P::Output, Error>> + Send {
        self.0.writer.run(program)
    }

    /// Returns once the database has answered through the same queue as writes.
    ///
    /// # Errors
    /// When the queue is full, or the database fails.
    pub async fn ready(&self) -> Result<(), Error> {
        self.write(Probe::new()).await
    }

    /// Returns the number of commits published so far.
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Acquire)
    }

    /// Forgets snapshots, after a migration.
    pub fn schema_changed(&self) {
        self.0.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns where the database is.
    pub fn path(&self) -> &std::path::Path {
        &self.0.options.path
    }

    /// Waits for the writes under way and closes the writer.
    pub async fn close(&self) {
        self.0.closing.store(true, Ordering::Release);
        self.0.writer.close().await;
        self.0.readers.close();
    }
}

#[cfg(test)]
mod tests;
