//! Request bodies, bounded in size and time.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, RETRY_AFTER,
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use model::config::LimitsConfig;
use tokio::time::timeout;

use super::Problem;

/// What is read of a body that is too large, so that the client stops sending and reads the answer
/// instead of meeting a closed connection.
const DISCARD_BYTES_MAX: usize = 1024 * 1024;
/// How long that may take.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);
/// The first allocation for a body of unknown length.
const BUFFER_BYTES: usize = 4096;

/// The media type of a merge patch (RFC 7396).
const MERGE_PATCH: &str = "application/merge-patch+json";
/// `Accept-Patch` (RFC 5789)
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// What it says.
pub const PATCHES: &str = "application/json, application/merge-patch+json";

/// The two forms of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json`
    Json,
    /// `application/merge-patch+json`
    Merge,
}

/// Finds out which form of a patch the body is.
///
/// # Errors
/// 415 with `Accept-Patch` for any other, such as `application/json-patch+json`.
pub fn patch_type(headers: &HeaderMap) -> Result<PatchType, Problem> {
    match json_type(headers).as_deref() {
        Some("application/json") => Ok(PatchType::Json),
        Some(MERGE_PATCH) => Ok(PatchType::Merge),
        _ => {
            let mut problem = Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                format!("a change is sent as one of {PATCHES}, in UTF-8"),
            );
            problem.headers.push((ACCEPT_PATCH, HeaderValue::from_static(PATCHES)));
            Err(problem)
        }
    }
}

/// Reads a JSON body.
///
/// # Errors
/// 415 for another content type, 413 where it is too large, 408 where it does not arrive in time,
/// 400 where it ends early.
pub async fn read_json(
    headers: &HeaderMap,
    body: Incoming,
    limits: &LimitsConfig,
) -> Result<Bytes, Problem> {
    if json_type(headers).is_none() {
        return Err(not_json());
    }
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let bounds = Bounds {
        bytes: size(limits.body_bytes_max),
        bytes_held: size(limits.bodies_bytes_max),
        time: limits.body_timeout,
    };
    read(headers, body, &bounds).await
}

/// The bounds of a body.
struct Bounds {
    bytes: usize,
    /// Of all bodies together that come in pieces.
    bytes_held: usize,
    time: Duration,
}

/// Returns how long a body says it is. hyper has refused lengths that are no numbers, or contradict
/// each other.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body within its bounds.
async fn read<B>(headers: &HeaderMap, mut body: B, bounds: &Bounds) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (max, time) = (bounds.bytes, bounds.time);
    if announced(headers).is_some_and(|length| length > max as u64) {
        // Whoever asks before sending is told not to; reading would tell it to go on.
        if !headers.contains_key(EXPECT) {
            discard(&mut body).await;
        }
        return Err(too_large(max));
    }
    match timeout(time, collect(&mut body, bounds)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Broken::TooLarge)) => {
            discard(&mut body).await;
            Err(too_large(max))
        }
        Ok(Err(Broken::Incomplete)) => Err(incomplete()),
        Ok(Err(Broken::Crowded)) => {
            let detail = "too many bodies are arriving at once ([limits] bodies_bytes_max)";
            let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail);
            problem.headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
            Err(problem)
        }
        Err(_) => {
            let seconds = time.as_secs_f32();
            let detail =
                format!("the body did not arrive within {seconds} s ([limits] body_timeout)");
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail))
        }
    }
}

enum Broken {
    TooLarge,
    Incomplete,
    /// There is no room for it beside the others.
    Crowded,
}

/// The bytes of all bodies that are arriving in pieces: many slow ones must not fill the memory.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// One body's part of them, until dropped.
struct Held(usize);

impl Held {
    /// Takes as much as a body of this size needs.
    fn grow_to(&mut self, bytes: usize, max: usize) -> Result<(), Broken> {
        let more = bytes.saturating_sub(self.0);
        let others = HELD.fetch_add(more, Ordering::Relaxed);
        self.0 += more;
        if others.saturating_add(more) > max { Err(Broken::Crowded) } else { Ok(()) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

async fn collect<B>(body: &mut B, bounds: &Bounds) -> Result<Bytes, Broken>
where
    B: Body<Data = Bytes> + Unpin,
{
    let max = bounds.bytes;
    let mut held = Held(0);
    let mut first = Bytes::new();
    // Most bodies come in one piece, which is then not copied.
    let mut all: Option<BytesMut> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Broken::Incomplete)?;
        // Trailers mean nothing here.
        let Ok(data) = frame.into_data() else { continue };
        let so_far = all.as_ref().map_or(first.len(), BytesMut::len);
        if data.len() > max - so_far {
            return Err(Broken::TooLarge);
        }
        match &mut all {
            Some(all) => {
                held.grow_to(so_far + data.len(), bounds.bytes_held)?;
                all.extend_from_slice(&data);
            }
            None if first.is_empty() => first = data,
            None => {
                let expected = body.size_hint().lower().min(max as u64) as usize;
                let capacity = (so_far + data.len() + expected.max(BUFFER_BYTES)).min(max);
                held.grow_to(capacity, bounds.bytes_held)?;
                let mut joined = BytesMut::with_capacity(capacity);
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                all = Some(joined);
            }
        }
    }
    Ok(all.map_or(first, BytesMut::freeze))
}

/// Reads some of a body that nobody wants.
pub(super) async fn discard<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let read = async {
        let mut left = DISCARD_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // Whether it came to its end makes no difference to the answer.
    let _ = timeout(DISCARD_TIMEOUT, read).await;
}

/// Returns the body's media type where it is `application/json` or ends in `+json`, in UTF-8.
fn json_type(headers: &HeaderMap) -> Option<Cow<'static, str>> {
    let value = headers.get(CONTENT_TYPE)?;
    if value == "application/json" {
        return Some(Cow::Borrowed("application/json"));
    }
    let value = value.to_str().ok()?;
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_json = kind == "application/json"
        || kind.strip_prefix("application/").is_some_and(|kind| kind.ends_with("+json"));
    let fits = is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        });
    fits.then_some(Cow::Owned(kind))
}

fn not_json() -> Problem {
    let mut problem = Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "send JSON in UTF-8 with `Content-Type: application/json`",
    );
    problem.headers.push((ACCEPT, HeaderValue::from_static("application/json")));
    problem
}

pub(super) fn incomplete() -> Problem {
    let detail = "the body ended before its announced length";
    Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", detail)
}

fn too_large(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("a body has at most {max} bytes ([limits] body_bytes_max)"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    /// Chunks, and after them the end or silence.
    struct Chunks {
        chunks: VecDeque<&'static [u8]>,
        ends: bool,
    }

    impl Body for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.chunks.pop_front() {
                Some(chunk) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk))))),
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    const TIME: Duration = Duration::from_secs(3);

    async fn check(
        chunks: &[&'static [u8]],
        length: Option<u64>,
        ends: bool,
        expected: Result<&[u8], &str>,
    ) {
        let mut headers = HeaderMap::new();
        if let Some(length) = length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let body = Chunks { chunks: chunks.iter().copied().collect(), ends };
        let bounds = Bounds { bytes: 10, bytes_held: 100, time: TIME };
        let read = read(&headers, body, &bounds).await;
        let found = read.as_ref().map(|bytes| &bytes[..]).map_err(|problem| problem.code);
        assert_eq!(found, expected, "{chunks:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_have_a_size() {
        check(&[], None, true, Ok(b"")).await;
        check(&[b"0123456789"], None, true, Ok(b"0123456789")).await;
        check(&[b"01", b"", b"2345", b"6789"], None, true, Ok(b"0123456789")).await;
        check(&[b"0123456789", b"a"], None, true, Err("body_too_large")).await;
        check(&[b"0123456789a"], None, true, Err("body_too_large")).await;
        check(&[b"0123456789"], Some(10), true, Ok(b"0123456789")).await;
        check(&[b"01"], Some(11), true, Err("body_too_large")).await;
        // A client that announces too much and sends nothing is answered all the same.
        check(&[], Some(11), false, Err("body_too_large")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_in_pieces_share_their_room() {
        let bounds = Bounds { bytes: 10, bytes_held: 15, time: TIME };
        let body = |chunks: &[&'static [u8]], ends| Chunks {
            chunks: chunks.iter().copied().collect(),
            ends,
        };
        let headers = HeaderMap::new();
        let mut slow = Box::pin(read(&headers, body(&[b"0", b"1"], false), &bounds));
        assert!(futures_util::poll!(&mut slow).is_pending());
        // Others have to be small, or come in one piece.
        let pieces = read(&headers, body(&[b"01234", b"56789"], true), &bounds).await;
        assert_eq!(pieces.expect_err("there is no room").code, "overloaded");
        let piece = read(&headers, body(&[b"0123456789"], true), &bounds).await;
        assert_eq!(piece.expect("it needs none"), &b"0123456789"[..]);
        drop(slow);
        let pieces = read(&headers, body(&[b"01234", b"56789"], true), &bounds).await;
        assert_eq!(pieces.expect("there is room"), &b"0123456789"[..]);
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_have_a_time() {
        let start = tokio::time::Instant::now();
        check(&[b"01"], Some(5), false, Err("body_timeout")).await;
        assert_eq!(start.elapsed(), TIME);
    }

    #[test]
    fn json_comes_under_several_names() {
        let check = |kind: Option<&'static str>, expected: bool| {
            let mut headers = HeaderMap::new();
            if let Some(kind) = kind {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            assert_eq!(json_type(&headers).is_some(), expected, "{kind:?}");
        };
        check(Some("application/json"), true);
        check(Some("Application/JSON; charset=UTF-8"), true);
        check(Some("application/json;charset=\"utf-8\""), true);
        check(Some("application/merge-patch+json"), true);
        check(Some("application/json; charset=latin1"), false);
        check(Some("text/json"), false);
        check(Some("application/jsonp"), false);
        check(Some("application/x-www-form-urlencoded"), false);
        check(Some("text/plain"), false);
        check(Some(""), false);
        check(None, false);
    }

    #[test]
    fn patches_come_in_two_forms() {
        let check = |kind: &'static str, expected: Result<PatchType, u16>| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            let found = patch_type(&headers).map_err(|problem| problem.status.as_u16());
            assert_eq!(found, expected, "{kind}");
        };
        check("application/json", Ok(PatchType::Json));
        check("APPLICATION/Merge-Patch+JSON; charset=utf-8", Ok(PatchType::Merge));
        check("application/json-patch+json", Err(415));
        check("application/merge-patch+json; charset=latin1", Err(415));
        check("text/plain", Err(415));
    }
}
