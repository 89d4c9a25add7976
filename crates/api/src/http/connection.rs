//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::activity::{Activity, Counted, Verdict, Watchdog, Wish};
use super::client::Origin;
use super::listener::{Accepted, Speaks};
use super::shell::{Handler, Shell};
use super::socket::Transport;
use super::tls::Tls;

/// The most requests at a time on an HTTP/2 connection.
const HTTP2_STREAMS_MAX: u32 = 128;
/// Streams that a client has opened and reset before they were looked at; one more ends the
/// connection. (CVE-2023-44487, rapid reset)
const HTTP2_RESETS_PENDING_MAX: usize = 20;
/// Streams that had to be reset here because the client broke the rules; one more ends the
/// connection. (CVE-2025-8671, made you reset)
const HTTP2_RESETS_LOCAL_MAX: usize = 100;
/// What a client may send ahead of being read: of one body, and of all bodies of a connection.
const HTTP2_STREAM_WINDOW: u32 = 256 * 1024;
const HTTP2_CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What waits to be sent on each stream.
const HTTP2_SEND_BYTES_MAX: usize = 256 * 1024;
/// The least buffer that hyper takes.
const BUFFER_BYTES_MIN: usize = 8 * 1024;
/// Heads up to twice the bound are read, so that they get an answer that names it.
const HEAD_SLACK: usize = 2;

/// Runs HTTP/2 streams where shutdown sees them.
#[derive(Clone)]
pub(super) struct Tracked {
    pub(super) tasks: TaskTracker,
    /// Cancelled when the time for draining is over.
    pub(super) abort: CancellationToken,
}

impl<F> Executor<F> for Tracked
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        self.tasks.spawn(self.abort.clone().run_until_cancelled_owned(future));
    }
}

/// How connections are set up.
pub(super) type Builder = auto::Builder<Tracked>;

/// Sets up HTTP/1.1 and HTTP/2 by prior knowledge.
pub(super) fn builder(executor: Tracked, head_bytes_max: usize) -> Builder {
    let mut builder = auto::Builder::new(executor);
    let buffer = (head_bytes_max * HEAD_SLACK).max(BUFFER_BYTES_MIN);
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper takes up to 100 headers and answers more with 431. The watchdog sees to the time of
        // a head, without a timer for each request.
        .header_read_timeout(None)
        .max_buf_size(buffer)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_pending_accept_reset_streams(HTTP2_RESETS_PENDING_MAX)
        .max_local_error_reset_streams(HTTP2_RESETS_LOCAL_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .max_send_buf_size(HTTP2_SEND_BYTES_MAX)
        .max_header_list_size(u32::try_from(buffer).unwrap_or(u32::MAX));
    builder
}

/// What one connection and its requests share.
pub(super) struct Connection<H> {
    pub(super) shell: Arc<Shell<H>>,
    pub(super) activity: Arc<Activity>,
    pub(super) origin: Origin,
}

/// Serves a connection until it ends, is told to, or does nothing for too long.
pub(super) async fn run<H: Handler>(
    accepted: Accepted,
    builder: Arc<Builder>,
    connection: Connection<H>,
) {
    let activity = Arc::clone(&connection.activity);
    let counted = Counted::new(accepted.socket, Arc::clone(&activity));
    let transport = match accepted.speaks {
        Speaks::Http | Speaks::Redirect(_) => Transport::Left(counted),
        Speaks::Https(tls) => match shake_hands(&tls, counted, &activity).await {
            Some(stream) => Transport::Right(stream),
            None => return,
        },
    };
    let (head_timeout, idle_timeout) =
        (connection.shell.settings.head_timeout, connection.shell.settings.idle_timeout);
    // One counter of its own: cores do not fight over the server's.
    let connection = Arc::new(connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let connection = Arc::clone(&connection);
        async move {
            let _running = connection.activity.request(request.version());
            Ok::<_, Infallible>(connection.shell.respond(request, connection.origin).await)
        }
    });
    let mut http = pin!(builder.serve_connection(TokioIo::new(transport), service));

    let interval = Watchdog::interval(head_timeout);
    let mut watchdog = Watchdog::new(head_timeout, idle_timeout);
    let mut look = pin!(sleep_until(Instant::now() + interval));
    let mut draining = false;
    poll_fn(|cx| {
        loop {
            // How it ended is between hyper and the client; nobody here could act on it.
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut wish = activity.wished(cx);
            if wish != Wish::Close && is_due(look.as_mut(), cx) {
                look.as_mut().reset(Instant::now() + interval);
                wish = match watchdog.look(activity.counts()) {
                    Verdict::Fine => wish,
                    Verdict::Idle => Wish::Drain,
                    Verdict::Stuck => Wish::Close,
                };
                // The timer has to be polled to wake the task again.
                if is_due(look.as_mut(), cx) {
                    cx.waker().wake_by_ref();
                }
            }
            match wish {
                Wish::Close => return Poll::Ready(()),
                Wish::Drain if !draining => {
                    draining = true;
                    http.as_mut().graceful_shutdown();
                    // It may be over at once.
                }
                _ => return Poll::Pending,
            }
        }
    })
    .await;
}

/// Polls a timer.
///
/// Whoever sends faster than is read uses up what tokio lets a task do in one turn, turn by turn. A
/// timer that had to share in that would never be due.
fn is_due(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> bool {
    pin!(unconstrained(timer)).poll(cx).is_ready()
}

/// What TLS runs over: the bytes are counted as they travel.
type Stream = Counted<Arc<Activity>>;

/// Shakes hands, unless it fails or the server stops meanwhile.
async fn shake_hands(
    tls: &Tls,
    stream: Stream,
    activity: &Activity,
) -> Option<Box<TlsStream<Stream>>> {
    let stopped = poll_fn(|cx| match activity.wished(cx) {
        Wish::Serve => Poll::Pending,
        Wish::Drain | Wish::Close => Poll::Ready(()),
    });
    tokio::select! {
        biased;
        () = stopped => None,
        shaken = tls.accept(stream) => match shaken {
            Ok(stream) => Some(Box::new(stream)),
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::coop::consume_budget;
    use tokio::time::sleep;

    use super::*;

    /// Seen with a client that floods the connection with frames of HTTP/2 that mean nothing.
    #[tokio::test]
    async fn timers_are_due_though_the_turn_is_used_up() {
        let mut timer = pin!(sleep(Duration::ZERO));
        timer.as_mut().await;
        poll_fn(|cx| {
            while pin!(consume_budget()).poll(cx).is_ready() {}
            assert!(timer.as_mut().poll(cx).is_pending(), "the turn is used up");
            assert!(is_due(timer.as_mut(), cx));
            Poll::Ready(())
        })
        .await;
    }
}
