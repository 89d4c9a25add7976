//! What a connection is doing, and when it has done nothing for too long.
//!
//! The hot path only counts; a watchdog looks at the counts a few times a minute. That replaces a
//! timer for each request, and sees more: silence before the first request, a head that trickles
//! in, an answer that nobody reads.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// The counts of one connection, and what it is asked to do.
#[derive(Debug, Default)]
pub(super) struct Activity {
    read: AtomicU64,
    /// What had been read when the last request ended: more is the beginning of a head.
    read_at_rest: AtomicU64,
    written: AtomicU64,
    started: AtomicU64,
    running: AtomicU32,
    is_http2: AtomicBool,
    wish: AtomicU8,
    waker: AtomicWaker,
}

/// What a connection is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Wish {
    Serve = 0,
    /// Finish the requests under way, take no more.
    Drain = 1,
    /// Close at once.
    Close = 2,
}

impl Activity {
    /// Counts a request until the guard is dropped.
    pub(super) fn request(&self, version: http::Version) -> Running<'_> {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        if version == http::Version::HTTP_2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        Running(self)
    }

    /// Asks the connection for something, from another task.
    pub(super) fn wish(&self, wish: Wish) {
        self.wish.fetch_max(wish as u8, Ordering::Release);
        self.waker.wake();
    }

    /// Returns what is asked, and sees to it that the task wakes when that changes.
    pub(super) fn wished(&self, cx: &Context<'_>) -> Wish {
        self.waker.register(cx.waker());
        match self.wish.load(Ordering::Acquire) {
            0 => Wish::Serve,
            1 => Wish::Drain,
            _ => Wish::Close,
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            read: self.read.load(Ordering::Relaxed),
            read_at_rest: self.read_at_rest.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
            started: self.started.load(Ordering::Relaxed),
            running: self.running.load(Ordering::Relaxed),
            is_http2: self.is_http2.load(Ordering::Relaxed),
        }
    }
}

/// A request under way.
pub(super) struct Running<'a>(&'a Activity);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.read_at_rest.store(self.0.read.load(Ordering::Relaxed), Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    read: u64,
    read_at_rest: u64,
    written: u64,
    started: u64,
    running: u32,
    is_http2: bool,
}

/// What the watchdog thinks of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Nothing happens: it may go, politely.
    Idle,
    /// It is being held for nothing.
    Stuck,
}

/// Compares the counts from look to look.
#[derive(Debug)]
pub(super) struct Watchdog {
    last: Counts,
    quiet_looks: u32,
    head_looks: u32,
    quiet_looks_max: u32,
}

/// Looks within the time of a head: it is closed between once and one and a half times that.
const LOOKS_PER_HEAD: u32 = 2;
/// What an idle connection has for closing politely.
const CLOSING_LOOKS: u32 = 2;

impl Watchdog {
    pub(super) fn new(head_timeout: Duration, idle_timeout: Duration) -> Self {
        let look = Self::interval(head_timeout).as_secs_f64();
        let quiet_looks_max = (idle_timeout.as_secs_f64() / look).ceil().max(1.0) as u32;
        Self { last: Counts::default(), quiet_looks: 0, head_looks: 0, quiet_looks_max }
    }

    /// How often to look.
    pub(super) fn interval(head_timeout: Duration) -> Duration {
        (head_timeout / LOOKS_PER_HEAD).max(Duration::from_millis(1))
    }

    pub(super) fn look(&mut self, now: Counts) -> Verdict {
        let last = std::mem::replace(&mut self.last, now);
        if now.running > 0 || now.started != last.started || now.written != last.written {
            self.quiet_looks = 0;
            self.head_looks = 0;
            return Verdict::Fine;
        }
        self.quiet_looks += 1;
        // HTTP/2 peers send frames that are no requests, such as settings and pings.
        let in_head = now.started == 0 || (now.read > now.read_at_rest && !now.is_http2);
        self.head_looks = if in_head { self.head_looks + 1 } else { 0 };
        if self.head_looks > LOOKS_PER_HEAD
            || self.quiet_looks > self.quiet_looks_max + CLOSING_LOOKS
        {
            Verdict::Stuck
        } else if self.quiet_looks > self.quiet_looks_max {
            Verdict::Idle
        } else {
            Verdict::Fine
        }
    }
}

/// A stream that counts what passes.
pub(super) struct Counted<A> {
    stream: Socket,
    activity: A,
}

impl<A> Counted<A> {
    pub(super) fn new(stream: Socket, activity: A) -> Self {
        Self { stream, activity }
    }
}

impl<A: AsRef<Activity> + Unpin> AsyncRead for Counted<A> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        add(&self.activity.as_ref().read, count);
        polled
    }
}

impl<A: AsRef<Activity> + Unpin> Counted<A> {
    fn wrote(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = polled {
            add(&self.activity.as_ref().written, count);
        }
        polled
    }
}

impl<A: AsRef<Activity> + Unpin> AsyncWrite for Counted<A> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buffer);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Only the connection's own task adds, so that a load and a store do.
fn add(counter: &AtomicU64, count: usize) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(count as u64);
    counter.store(sum, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks of 1 s, idle after 5.
    fn watchdog() -> Watchdog {
        Watchdog::new(Duration::from_secs(2), Duration::from_secs(5))
    }

    fn counts(read: u64, written: u64, started: u64, running: u32) -> Counts {
        Counts { read, read_at_rest: 100, written, started, running, is_http2: false }
    }

    fn verdicts(watchdog: &mut Watchdog, looks: impl IntoIterator<Item = Counts>) -> Vec<Verdict> {
        looks.into_iter().map(|counts| watchdog.look(counts)).collect()
    }

    use Verdict::{Fine, Idle, Stuck};

    #[test]
    fn silence_before_the_first_request_is_a_head_that_never_comes() {
        let looks = verdicts(&mut watchdog(), [Counts::default(); 3]);
        assert_eq!(looks, [Fine, Fine, Stuck]);
    }

    #[test]
    fn trickling_heads_are_cut_off() {
        let trickle = (1..=3).map(|read| counts(read, 0, 0, 0));
        assert_eq!(verdicts(&mut watchdog(), trickle), [Fine, Fine, Stuck]);
        // Also behind a first request.
        let mut watchdog = watchdog();
        assert_eq!(watchdog.look(counts(100, 50, 1, 0)), Fine);
        let trickle = (1..=3).map(|read| counts(100 + read, 50, 1, 0));
        assert_eq!(verdicts(&mut watchdog, trickle), [Fine, Fine, Stuck]);
    }

    #[test]
    fn running_requests_are_left_to_their_own_timeout() {
        let looks = verdicts(&mut watchdog(), [counts(100, 0, 1, 1); 50]);
        assert!(looks.iter().all(|verdict| *verdict == Fine));
    }

    #[test]
    fn idle_connections_close_politely_and_then_for_good() {
        let mut watchdog = watchdog();
        let looks = verdicts(&mut watchdog, [counts(100, 50, 1, 0); 9]);
        assert_eq!(looks, [Fine, Fine, Fine, Fine, Fine, Fine, Idle, Idle, Stuck]);
    }

    #[test]
    fn answers_that_are_being_read_are_activity() {
        let reading = (0..50).map(|written| counts(100, written, 1, 0));
        let looks = verdicts(&mut watchdog(), reading);
        assert!(looks.iter().all(|verdict| *verdict == Fine));
    }

    #[test]
    fn frames_without_requests_are_no_head_in_http2() {
        let frames = (0..7).map(|read| Counts { is_http2: true, ..counts(100 + read, 50, 1, 0) });
        let looks = verdicts(&mut watchdog(), frames);
        assert_eq!(looks, [Fine, Fine, Fine, Fine, Fine, Fine, Idle]);
    }

    #[test]
    fn wishes_only_grow() {
        let activity = Activity::default();
        activity.wish(Wish::Close);
        activity.wish(Wish::Drain);
        let waker = std::task::Waker::noop();
        assert_eq!(activity.wished(&Context::from_waker(waker)), Wish::Close);
    }
}
