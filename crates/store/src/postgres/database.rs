//! A PostgreSQL database: reads and writes.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use plan::{Program, Verdict};
use rustc_hash::FxHashSet;
use tokio_postgres::Config;

use super::connection::{Connection, feed};
use super::constraint::{self, UniqueKeys};
use super::pool::{Exclusive, Opener, Shared};
use crate::error::Error;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// First statements of reads that are known to have more; forgotten when there are too many.
const SEVERAL_MAX: usize = 10_000;
/// How often a write is run that the server cannot put into an order with others.
const ATTEMPTS_MAX: u32 = 30;
/// From this attempt on, those that failed go one after another.
const ATTEMPTS_TOGETHER: u32 = 3;
/// Between two attempts, at most this long and each time as much more.
const PAUSE_STEP: Duration = Duration::from_millis(2);
/// Whatever the server's settings, answers look alike.
const SESSION: &str =
    "-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c extra_float_digits=1";

/// How a database is reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// `postgres://user:password@host:port/database`
    pub url: String,
    /// Connections that reads of one statement share. More than there are cores bring nothing.
    pub shared_connections: usize,
    /// Connections for transactions; whoever needs one more waits.
    pub exclusive_connections: usize,
    /// A statement is given up after this long.
    pub statement_time_max: Duration,
}

impl Options {
    /// Four shared connections, eight exclusive ones, ten seconds for a statement.
    pub fn new(url: String) -> Self {
        Self {
            url,
            shared_connections: 4,
            exclusive_connections: 8,
            statement_time_max: Duration::from_secs(10),
        }
    }
}

/// A database. Clones share it.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    opener: Opener,
    shared: Shared,
    exclusive: Exclusive,
    keys: UniqueKeys,
    turn: tokio::sync::Mutex<()>,
    several: RwLock<FxHashSet<Arc<str>>>,
}

impl Database {
    /// Reads where the database is. Connections are opened when they are needed.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let mut config: Config = options.url.parse()?;
        let timeout = options.statement_time_max.as_millis();
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .application_name("mainstay")
            .options(format!("{SESSION} -c statement_timeout={timeout}"));
        Ok(Self(Arc::new(Inner {
            opener: Opener::new(config),
            shared: Shared::new(options.shared_connections),
            exclusive: Exclusive::new(options.exclusive_connections),
            keys: UniqueKeys::default(),
            turn: tokio::sync::Mutex::default(),
            several: RwLock::default(),
        })))
    }

    /// Runs a read. All of its statements see the same snapshot, which holds every write acknowledged
    /// before.
    ///
    /// A statement alone is a snapshot, and shares a connection. Of more than one the first is asked
    /// for again in a transaction; from the second time on they go there at once.
    ///
    /// # Errors
    /// When it takes too long, or the database fails or cannot be reached.
    pub async fn read<P: Program>(&self, program: P) -> Result<P::Output, Error> {
        // Boxed once: futures of every layer above would move it each time they move.
        let mut program = Box::new(program);
        let Some(first) = program.next() else { return Ok(program.finish()) };
        let sql = Arc::clone(first.sql);
        if !self.0.has_several(&sql) {
            let connection = self.0.shared.get(&self.0.opener).await?;
            let rows = connection.ask(first).await?;
            feed(rows, &mut *program).await?;
            if program.next().is_none() {
                return Ok(program.finish());
            }
            self.0.note_several(sql);
        }
        program.restart();
        self.snapshot(*program).await
    }

    async fn snapshot<P: Program>(&self, mut program: P) -> Result<P::Output, Error> {
        let connection = self.0.exclusive.take(&self.0.opener).await?;
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        while let Some(statement) = program.next() {
            let rows = connection.ask(statement).await?;
            feed(rows, &mut program).await?;
        }
        connection.execute("COMMIT").await?;
        connection.keep();
        Ok(program.finish())
    }

    /// Runs a write; when it returns, the write survives a power cut.
    ///
    /// It sees and leaves what it would if all writes ran one after another, as they do on SQLite. What
    /// the server cannot put into such an order is undone and run again.
    ///
    /// # Errors
    /// When it cannot be put into an order after many attempts, takes too long, or the database fails or
    /// cannot be reached. Nothing was written then, unless the connection was lost with the commit under
    /// way.
    pub async fn write<P: Program>(&self, program: P) -> Result<P::Output, Error> {
        let mut program = Box::new(program);
        let mut turn = None;
        for attempt in 0..ATTEMPTS_MAX {
            if attempt == ATTEMPTS_TOGETHER {
                turn = Some(self.0.turn.lock().await);
            }
            match self.attempt(&mut *program).await {
                Ok(()) => return Ok(program.finish()),
                Err(Error::Busy) => {}
                Err(error) => return Err(error),
            }
            program.restart();
            // Those who met must not meet again: each waits for another time, longer from time to time.
            let most = PAUSE_STEP.saturating_mul(attempt + 1).as_micros() as u64;
            let pause = RandomState::new().hash_one(attempt) % most;
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
        drop(turn);
        Err(Error::Busy)
    }

    /// Runs a write once.
    async fn attempt<P: Program>(&self, program: &mut P) -> Result<(), Error> {
        let connection = self.0.exclusive.take(&self.0.opener).await?;
        let result = self.transact(&connection, program).await;
        match &result {
            Ok(()) => connection.keep(),
            Err(Error::Busy) if connection.execute("ROLLBACK").await.is_ok() => connection.keep(),
            // Whatever is left of it ends with the connection.
            Err(_) => {}
        }
        result
    }

    async fn transact<P: Program>(
        &self,
        connection: &Connection,
        program: &mut P,
    ) -> Result<(), Error> {
        // The first statement goes with the beginning; nothing waits for that alone.
        let (begun, mut more) = tokio::join!(
            biased;
            connection.execute("BEGIN ISOLATION LEVEL SERIALIZABLE"),
            self.step(connection, program),
        );
        begun?;
        while more? {
            more = self.step(connection, program).await;
        }
        let end = match program.verdict() {
            Verdict::Commit => "COMMIT",
            Verdict::Rollback => "ROLLBACK",
        };
        connection.execute(end).await
    }

    /// Runs the next statement; false where there is none any more.
    async fn step<P: Program>(
        &self,
        connection: &Connection,
        program: &mut P,
    ) -> Result<bool, Error> {
        let Some(statement) = program.next() else { return Ok(false) };
        let result = match connection.ask(statement).await {
            Ok(rows) => feed(rows, program).await,
            Err(error) => Err(error),
        };
        let Err(error) = result else { return Ok(true) };
        let Some(violated) = constraint::of(&error) else { return Err(error.into()) };
        let other = self.0.shared.get(&self.0.opener).await?;
        program.refused(self.0.keys.name(violated, &other).await?);
        match program.next() {
            None => Ok(false),
            Some(_) => Err(Error::Statement("a refused program goes on".to_owned())),
        }
    }

    /// Closes the connections. What runs is cut off.
    pub fn close(&self) {
        self.0.shared.close();
        self.0.exclusive.close();
    }
}

impl Inner {
    fn has_several(&self, sql: &Arc<str>) -> bool {
        self.several.read().unwrap_or_else(PoisonError::into_inner).contains(sql)
    }

    fn note_several(&self, sql: Arc<str>) {
        let mut several = self.several.write().unwrap_or_else(PoisonError::into_inner);
        if several.len() >= SEVERAL_MAX {
            several.clear();
        }
        several.insert(sql);
    }
}
