//! Accepts connections and serves them until told to stop.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::activity::{Activity, Wish};
use super::connection::{self, Builder, Connection, Tracked};
use super::listener::{Accepted, Listener};
use super::shell::{Handler, Shell};

/// The pause when the system has no room for another connection: files run out, and only closing
/// others helps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut off because their requests took longer than the drain timeout.
    pub cut_off: usize,
}

/// Serves until cancelled, then lets the requests under way finish within the drain timeout.
/// Everything spawned has ended when it returns.
pub async fn serve<H: Handler>(
    listeners: Vec<Listener>,
    shell: Arc<Shell<H>>,
    stop: CancellationToken,
) -> Drained {
    let tracked = Tracked { tasks: TaskTracker::new(), abort: CancellationToken::new() };
    let builder = Arc::new(connection::builder(tracked.clone(), shell.settings.head_bytes_max));
    let open = Arc::new(Open::default());
    // Semaphores have a bound of their own, far above any number of files.
    let connections_max = shell.settings.connections_max.min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(connections_max));
    let mut doors = Doors { listeners, turn: 0 };
    while let Some((accepted, permit)) = next(&mut doors, &room, &stop).await {
        start(accepted, permit, &tracked.tasks, &builder, &shell, &open);
    }
    // The system refuses connections from here on.
    drop(doors);
    tracked.tasks.close();
    open.wish(Wish::Drain);
    if timeout(shell.settings.drain_timeout, tracked.tasks.wait()).await.is_ok() {
        return Drained { cut_off: 0 };
    }
    let cut_off = open.wish(Wish::Close);
    tracked.abort.cancel();
    tracked.tasks.wait().await;
    tracing::warn!(connections = cut_off, "requests outlasted the drain timeout and were cut off");
    Drained { cut_off }
}

/// Waits for room and a connection; `None` when it is time to stop.
async fn next(
    doors: &mut Doors,
    room: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(Accepted, OwnedSemaphorePermit)> {
    let accepted = async {
        let permit = Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match poll_fn(|cx| doors.poll_accept(cx)).await {
                Ok(accepted) => return (accepted, permit),
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections; trying again");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        accepted = accepted => Some(accepted),
    }
}

/// All listeners, each of which gets its turn.
struct Doors {
    listeners: Vec<Listener>,
    turn: usize,
}

impl Doors {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        let count = self.listeners.len();
        for _ in 0..count {
            self.turn = (self.turn + 1) % count;
            if let Poll::Ready(accepted) = self.listeners[self.turn].poll_accept(cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
}

/// Whether a connection was gone before it was accepted, which is no reason to wait.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn start<H: Handler>(
    accepted: Accepted,
    permit: OwnedSemaphorePermit,
    tasks: &TaskTracker,
    builder: &Arc<Builder>,
    shell: &Arc<Shell<H>>,
    open: &Arc<Open>,
) {
    let activity = Arc::new(Activity::default());
    let entry = Open::enter(open, &activity);
    let origin = shell.settings.trust.origin(accepted.peer, &accepted.speaks);
    let connection = Connection { shell: Arc::clone(shell), activity, origin };
    let builder = Arc::clone(builder);
    tasks.spawn(async move {
        connection::run(accepted, builder, connection).await;
        drop(entry);
        drop(permit);
    });
}

/// The open connections, so that they can be told to close. Touched when one opens or closes.
#[derive(Default)]
struct Open(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    next: u64,
    open: HashMap<u64, Arc<Activity>>,
}

/// A connection's place among the open ones, until dropped.
struct Entry {
    open: Arc<Open>,
    number: u64,
}

impl Open {
    fn enter(this: &Arc<Self>, activity: &Arc<Activity>) -> Entry {
        let mut entries = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = entries.next;
        entries.next += 1;
        entries.open.insert(number, Arc::clone(activity));
        Entry { open: Arc::clone(this), number }
    }

    /// Tells all connections something and returns how many there are.
    fn wish(&self, wish: Wish) -> usize {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for activity in entries.open.values() {
            activity.wish(wish);
        }
        entries.open.len()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut entries = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.open.remove(&self.number);
    }
}
