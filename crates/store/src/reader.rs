//! Reads in place: a connection for each thread, its snapshot kept open across requests.
//!
//! Opening a snapshot costs three times as much as reading a row. A slot keeps its own as long as
//! nothing was committed since, and for a few milliseconds at most, so that checkpoints can run.

use std::cell::Cell as StdCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use plan::Program;
use rusqlite::{Connection, ErrorCode};

use crate::connection;
use crate::error::Error;

/// A snapshot is closed after this long; until then the log behind it cannot be folded back.
const SNAPSHOT_AGE_MAX: Duration = Duration::from_millis(5);

/// Between two looks at the budget, in instructions of SQLite's machine.
const BUDGET_STEP: i32 = 1000;

/// A read of more instructions than this (about a millisecond) goes on elsewhere.
const BUDGET_MAX: u64 = 50_000;

/// How a read in place ended.
pub(crate) enum Outcome<P: Program> {
    Done(P::Output),
    /// The budget is used up; run it where it may take longer.
    TooLong(Box<P>),
}

pub(crate) struct Readers {
    path: PathBuf,
    commits: Arc<AtomicU64>,
    slots: Arc<Slots>,
}

pub(crate) struct Slots {
    slots: Vec<Mutex<Option<Slot>>>,
    /// Whether a snapshot may be open, so that the janitor has work.
    open: AtomicBool,
    janitor: Mutex<Option<std::thread::Thread>>,
    closed: AtomicBool,
}

struct Slot {
    connection: Connection,
    /// The budget left, shared with the connection's progress handler.
    budget: Arc<AtomicU64>,
    /// The commit before which the open snapshot was taken, and when.
    snapshot: Option<(u64, Instant)>,
}

static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static THREAD: StdCell<usize> = const { StdCell::new(usize::MAX) };
}

fn thread_number() -> usize {
    THREAD.with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT_THREAD.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}

impl Readers {
    pub(crate) fn new(path: PathBuf, commits: Arc<AtomicU64>, slots: Arc<Slots>) -> Self {
        Self { path, commits, slots }
    }

    pub(crate) fn run<P: Program>(&self, mut program: Box<P>) -> Result<Outcome<P>, Error> {
        if self.slots.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        let count = self.slots.slots.len();
        let mut guard = self.slots.lock(thread_number() % count);
        if guard.is_none() {
            *guard = Some(Slot::open(&self.path)?);
        }
        let slot = guard.as_mut().expect("it was just filled");
        slot.refresh(&self.commits)?;
        slot.budget.store(BUDGET_MAX / BUDGET_STEP as u64, Ordering::Relaxed);
        let result = crate::run::run(&slot.connection, &mut *program);
        if let Err(error) = result {
            slot.end();
            return match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => Ok(Outcome::TooLong(program)),
                _ => Err(error.into()),
            };
        }
        drop(guard);
        self.wake_janitor();
        Ok(Outcome::Done(program.finish()))
    }

    fn wake_janitor(&self) {
        if self.slots.open.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut janitor = self.slots.janitor.lock().unwrap_or_else(PoisonError::into_inner);
        match &*janitor {
            Some(thread) => thread.unpark(),
            None => {
                let slots = Arc::downgrade(&self.slots);
                let thread = std::thread::Builder::new()
                    .name("snapshot-janitor".to_owned())
                    .spawn(move || tidy(&slots));
                *janitor = thread.ok().map(|handle| handle.thread().clone());
            }
        }
    }

    pub(crate) fn close(&self) {
        self.slots.closed.store(true, Ordering::Release);
        for index in 0..self.slots.slots.len() {
            *self.slots.lock(index) = None;
        }
    }
}

impl Slots {
    pub(crate) fn new() -> Self {
        // More threads than cores may read: tests, and the blocking pool.
        let count = std::thread::available_parallelism().map_or(4, usize::from) * 2 + 2;
        Self {
            slots: (0..count).map(|_| Mutex::new(None)).collect(),
            open: AtomicBool::new(false),
            janitor: Mutex::new(None),
            closed: AtomicBool::new(false),
        }
    }

    /// Closes the snapshots of all slots that no read is using.
    pub(crate) fn end_idle(&self) {
        for slot in &self.slots {
            if let Ok(mut slot) = slot.try_lock()
                && let Some(slot) = slot.as_mut()
            {
                slot.end();
            }
        }
    }

    fn lock(&self, index: usize) -> MutexGuard<'_, Option<Slot>> {
        self.slots[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn open(path: &std::path::Path) -> Result<Self, Error> {
        let mut connection = connection::reader(path)?;
        let budget = Arc::new(AtomicU64::new(u64::MAX));
        let left = Arc::clone(&budget);
        connection.progress_handler(
            BUDGET_STEP,
            Some(move || {
                let steps = left.load(Ordering::Relaxed);
                left.store(steps.saturating_sub(1), Ordering::Relaxed);
                steps == 0
            }),
        )?;
        Ok(Self { connection, budget, snapshot: None })
    }

    /// Makes the snapshot one that holds every acknowledged write.
    fn refresh(&mut self, commits: &AtomicU64) -> Result<(), Error> {
        // Read before the snapshot is taken: a commit in between only makes the snapshot newer than
        // it is believed to be.
        let now = commits.load(Ordering::Acquire);
        match self.snapshot {
            Some((taken, at)) if taken == now && at.elapsed() < SNAPSHOT_AGE_MAX => return Ok(()),
            Some(_) => self.end(),
            None => {}
        }
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        self.snapshot = Some((now, Instant::now()));
        Ok(())
    }

    fn end(&mut self) {
        if self.snapshot.take().is_some() {
            // A failed end leaves the transaction open; the next BEGIN would say so. A connection
            // in that state is of no use, and a fresh one costs little.
            let _ = self.connection.execute_batch("COMMIT");
        }
    }
}

/// Closes snapshots that have grown old, until the store is gone.
fn tidy(slots: &Weak<Slots>) {
    loop {
        std::thread::park_timeout(SNAPSHOT_AGE_MAX);
        let Some(slots) = slots.upgrade() else { return };
        slots.open.store(false, Ordering::Release);
        let mut any = false;
        for index in 0..slots.slots.len() {
            let Ok(mut slot) = slots.slots[index].try_lock() else {
                any = true;
                continue;
            };
            if let Some(slot) = slot.as_mut() {
                match slot.snapshot {
                    Some((_, at)) if at.elapsed() >= SNAPSHOT_AGE_MAX => slot.end(),
                    Some(_) => any = true,
                    None => {}
                }
            }
        }
        if any {
            slots.open.store(true, Ordering::Release);
        } else if !slots.open.load(Ordering::Acquire) {
            drop(slots);
            std::thread::park_timeout(Duration::from_secs(1));
        }
    }
}
