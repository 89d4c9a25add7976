//! Request bodies, bounded in size and time.

use std::borrow::Cow;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use model::config::LimitsConfig;
use tokio::time::timeout;

use super::Problem;

/// A body that takes longer holds a connection for nothing. At the default bound of 1 MiB this asks
/// for 50 KiB a second.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
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
    let max = usize::try_from(limits.body_bytes_max).unwrap_or(usize::MAX);
    read(headers, body, max, BODY_TIMEOUT).await
}

/// Reads a body of at most so many bytes, within a time.
async fn read<B>(headers: &HeaderMap, body: B, max: usize, time: Duration) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut body = body;
    // hyper has refused lengths that are no numbers, or contradict each other.
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > max as u64) {
        // Whoever asks before sending is told not to; reading would tell it to go on.
        if !headers.contains_key(EXPECT) {
            discard(&mut body).await;
        }
        return Err(too_large(max));
    }
    match timeout(time, collect(&mut body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Broken::TooLarge)) => {
            discard(&mut body).await;
            Err(too_large(max))
        }
        Ok(Err(Broken::Incomplete)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "incomplete_body",
            "the body ended before its announced length",
        )),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!("the body did not arrive within {} s", time.as_secs()),
        )),
    }
}

enum Broken {
    TooLarge,
    Incomplete,
}

async fn collect<B>(body: &mut B, max: usize) -> Result<Bytes, Broken>
where
    B: Body<Data = Bytes> + Unpin,
{
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
            Some(all) => all.extend_from_slice(&data),
            None if first.is_empty() => first = data,
            None => {
                let expected = body.size_hint().lower().min(max as u64) as usize;
                let capacity = so_far + data.len() + expected.max(BUFFER_BYTES);
                let mut joined = BytesMut::with_capacity(capacity.min(max));
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                all = Some(joined);
            }
        }
    }
    Ok(all.map_or(first, BytesMut::freeze))
}

async fn discard<B>(body: &mut B)
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
        let read = read(&headers, body, 10, TIME).await;
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
