//! Exports: all rows of a list, in one snapshot and in pieces, however many they are.
//!
//! The rows are those of the list, by the same plan: filters, rules, tenant and fields. A thread of
//! the store reads them and waits while nobody takes the pieces.

use std::sync::Arc;
use std::time::Duration;

use plan::read::{Cursor, Lines, Outlet, PageShape, ReadOutput, ReadRun, STREAM_PIECE_BYTES};
use plan::{Sequence, Step, Steps, Verdict};
use store::Stop;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{By, Format};
use crate::application::App;
use crate::operations::{Read, page_of};
use crate::query::{ReadBounds, Ready};
use crate::refusal::Refusal;

/// Pieces that are read ahead of the client.
const PIECES_AHEAD: usize = 4;

/// Rows that are read together where each has embedded rows: what is held of an export.
const ROWS_TOGETHER: u32 = 200;

/// How long an export may take.
#[derive(Copy, Clone, Debug)]
pub struct Times {
    /// All of it.
    pub all: Duration,
    /// Waiting for somebody to take what is there.
    pub stall: Duration,
}

impl Times {
    /// As long as it takes: whoever waits can end it.
    pub const UNBOUNDED: Self = Self { all: YEARS, stall: YEARS };
}

/// Longer than anything.
const YEARS: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// An export under way. Dropping it ends it.
pub struct Export {
    first: Option<Piece>,
    pieces: mpsc::Receiver<Piece>,
    stop: Stop,
}

enum Piece {
    Bytes(Vec<u8>),
    /// All rows have been handed over.
    End,
    Failed(store::Error),
}

impl App {
    /// Returns the bounds of exports: those of reads, with as many rows as there are.
    pub fn export_bounds(&self) -> ReadBounds {
        let all = u32::MAX - 1;
        ReadBounds { page_default: all, page_max: all, ..self.read_bounds() }
    }

    /// Returns how long exports may take.
    pub fn export_times(&self) -> Times {
        let limits = &self.config.limits;
        Times { all: limits.export_timeout, stall: limits.export_stall_timeout }
    }
}

/// Starts an export. It returns when the first rows are there, so that what fails before is refused.
///
/// # Errors
/// A wrong parameter, too many exports at a time, or the store's failure.
pub async fn export(
    app: &Arc<App>,
    by: By,
    ready: Ready,
    format: Format,
    times: Times,
) -> Result<Export, Refusal> {
    let read = prepare(app, &by, &ready)?;
    let slot = app.exports.take().ok_or(Refusal::TooMany {
        what: "exports",
        max: app.exports.max(),
        bound: "exports_max",
    })?;
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    let (runtime, stop) = (Handle::current(), Stop::default());
    let channel = Channel {
        pieces: sender.clone(),
        runtime: runtime.clone(),
        stall: times.stall,
        stop: stop.clone(),
    };
    let told_to_stop = stop.clone();
    let done = move |result: Result<Channel, store::Error>| {
        let piece = match result {
            // Whoever waits for more learns that nothing comes.
            _ if told_to_stop.is_set() => None,
            Ok(_) => Some(Piece::End),
            Err(error) => {
                tracing::warn!(%error, "an export broke off");
                Some(Piece::Failed(error))
            }
        };
        if let Some(piece) = piece {
            let _ = runtime.block_on(async { timeout(times.stall, sender.send(piece)).await });
        }
        drop(slot);
    };
    let lines = if format == Format::Csv { Lines::Csv } else { Lines::Json };
    if read.is_flat() {
        app.store.stream(read.stream(lines, channel), times.all, stop.clone(), done)?;
    } else {
        let rows_left = ready.limit;
        let app = Arc::clone(app);
        let store = app.store.clone();
        let pages = Pages { app, by, ready, rows_left, channel, is_over: false };
        store.stream(Sequence::new(pages), times.all, stop.clone(), done)?;
    }
    let mut export = Export { first: None, pieces, stop };
    match export.receive().await {
        Piece::Failed(error) => Err(error.into()),
        first => {
            export.first = Some(first);
            Ok(export)
        }
    }
}

/// Looks whether an export could start, and starts none.
///
/// # Errors
/// A wrong parameter, or that no row is open to the caller.
pub fn check(app: &App, by: &By, ready: &Ready) -> Result<(), Refusal> {
    prepare(app, by, ready).map(|_| ())
}

fn prepare(app: &App, by: &By, ready: &Ready) -> Result<Read, Refusal> {
    match by {
        By::Caller(caller) => Read::list(app, caller, ready.clone(), b""),
        By::Operator => Read::trusted(app, ready.clone()),
    }
}

impl Export {
    /// Returns the next piece; nothing behind the last row.
    ///
    /// # Errors
    /// When the export broke off: what came so far is not all of it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, store::Error> {
        let piece = match self.first.take() {
            Some(first) => first,
            None => self.receive().await,
        };
        match piece {
            Piece::Bytes(bytes) => Ok(Some(bytes)),
            Piece::End => Ok(None),
            Piece::Failed(error) => Err(error),
        }
    }

    async fn receive(&mut self) -> Piece {
        self.pieces.recv().await.unwrap_or(Piece::Failed(store::Error::Closed))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        self.stop.set();
    }
}

/// Where the thread puts the pieces.
struct Channel {
    pieces: mpsc::Sender<Piece>,
    runtime: Handle,
    /// How long it waits for the client to take one.
    stall: Duration,
    stop: Stop,
}

impl Outlet for Channel {
    fn take(&mut self, bytes: &mut Vec<u8>) {
        if self.stop.is_set() {
            bytes.clear();
        }
        if bytes.is_empty() {
            return;
        }
        let piece = std::mem::replace(bytes, Vec::with_capacity(STREAM_PIECE_BYTES * 2));
        let send = async { timeout(self.stall, self.pieces.send(Piece::Bytes(piece))).await };
        let sent = self.runtime.block_on(send);
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => self.stop.set(),
            Err(_) => {
                tracing::warn!("an export's client takes nothing; it is cut off");
                self.stop.set();
            }
        }
    }
}

/// Reads rows that embed others, some at a time, in one snapshot.
struct Pages {
    app: Arc<App>,
    by: By,
    ready: Ready,
    rows_left: u32,
    channel: Channel,
    is_over: bool,
}

impl Steps for Pages {
    type Program = ReadRun;
    type Output = Channel;

    fn next(&mut self) -> Step<ReadRun> {
        if self.is_over || self.rows_left == 0 || self.channel.stop.is_set() {
            return Step::End(Verdict::Commit);
        }
        self.ready.limit = self.rows_left.min(ROWS_TOGETHER);
        match prepare(&self.app, &self.by, &self.ready) {
            Ok(read) => Step::Run(read.lines()),
            // What could start goes on; a client must not take it for complete if not.
            Err(_) => {
                self.channel.stop.set();
                Step::End(Verdict::Rollback)
            }
        }
    }

    fn done(&mut self, output: ReadOutput) {
        let mut page = page_of(output);
        self.channel.take(&mut page.json);
        let next = page.next.as_deref().and_then(|cursor| Cursor::read(cursor).ok());
        let Some(cursor) = next else {
            self.is_over = true;
            return;
        };
        self.rows_left -= self.ready.limit;
        self.ready.offset = 0;
        self.ready.shape.page = PageShape::After(cursor.nulls());
        self.ready.cursor = Some(cursor);
    }

    /// What has left cannot be taken back: a stream runs where nothing starts it again.
    fn restart(&mut self) {}

    fn finish(self, _: Verdict) -> Channel {
        self.channel
    }
}
