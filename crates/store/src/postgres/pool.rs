//! Connections: some that all reads share, and some for one transaction at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Config;

use super::connection::Connection;
use crate::error::Error;

/// After a failure nobody tries to connect again for this long: whoever asks meanwhile is told at once.
const PAUSE: Duration = Duration::from_millis(200);

/// Opens connections, and pauses when that fails.
pub(super) struct Opener {
    config: Config,
    failed_at: Mutex<Option<Instant>>,
}

impl Opener {
    pub(super) fn new(config: Config) -> Self {
        Self { config, failed_at: Mutex::new(None) }
    }

    async fn open(&self) -> Result<Connection, Error> {
        let failed_at = *self.failed_at();
        if failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(Error::Unavailable);
        }
        let opened = Connection::open(&self.config).await;
        *self.failed_at() = opened.is_err().then(Instant::now);
        opened
    }

    fn failed_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections over which statements of all callers go in turn.
pub(super) struct Shared {
    slots: Vec<Slot>,
    next: AtomicUsize,
}

#[derive(Default)]
struct Slot {
    connection: RwLock<Option<Arc<Connection>>>,
    /// Held while a connection is opened: one for all who wait for it.
    opening: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(super) fn new(count: usize) -> Self {
        let slots = std::iter::repeat_with(Slot::default).take(count.max(1)).collect();
        Self { slots, next: AtomicUsize::new(0) }
    }

    /// Returns a connection, opening it where it is not or no longer there.
    pub(super) async fn get(&self, opener: &Opener) -> Result<Arc<Connection>, Error> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let slot = &self.slots[number];
        if let Some(connection) = slot.open() {
            return Ok(connection);
        }
        let _opening = slot.opening.lock().await;
        if let Some(connection) = slot.open() {
            return Ok(connection);
        }
        let connection = Arc::new(opener.open().await?);
        slot.set(Some(Arc::clone(&connection)));
        Ok(connection)
    }

    pub(super) fn close(&self) {
        self.slots.iter().for_each(|slot| slot.set(None));
    }
}

impl Slot {
    fn open(&self) -> Option<Arc<Connection>> {
        let connection = self.connection.read().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().filter(|connection| !connection.is_closed()).cloned()
    }

    fn set(&self, connection: Option<Arc<Connection>>) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

/// Transactions that may run or wait for a connection; more are refused at once, so that clients can
/// back off.
const TRANSACTIONS_MAX: usize = 1024;

/// Connections that one transaction has to itself.
pub(super) struct Exclusive {
    places: Semaphore,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// A connection of `Exclusive`. It goes back only by `keep`: one that was left in the middle of a
/// transaction, or with answers still to come, is closed.
pub(super) struct Taken<'p> {
    connection: Connection,
    pool: &'p Exclusive,
    _permits: [SemaphorePermit<'p>; 2],
}

impl Exclusive {
    pub(super) fn new(count: usize) -> Self {
        Self {
            places: Semaphore::new(TRANSACTIONS_MAX),
            permits: Semaphore::new(count.max(1)),
            idle: Mutex::default(),
        }
    }

    /// Waits for a connection.
    pub(super) async fn take(&self, opener: &Opener) -> Result<Taken<'_>, Error> {
        let place = self.places.try_acquire().map_err(|_| Error::Overloaded)?;
        let permit = self.permits.acquire().await.map_err(|_| Error::Closed)?;
        let idle = std::iter::from_fn(|| self.idle().pop()).find(|idle| !idle.is_closed());
        let connection = match idle {
            Some(connection) => connection,
            None => opener.open().await?,
        };
        Ok(Taken { connection, pool: self, _permits: [place, permit] })
    }

    pub(super) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// Gives it back.
    pub(super) fn keep(self) {
        let Self { connection, pool, _permits } = self;
        if !pool.permits.is_closed() {
            pool.idle().push(connection);
        }
    }
}

impl std::ops::Deref for Taken<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
