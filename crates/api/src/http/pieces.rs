//! Bodies that are read while they arrive, because they may be larger than memory should hold.

use std::time::Duration;

use app::transfer::{Format, Source};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, EXPECT, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use model::config::LimitsConfig;
use tokio::time::{Instant, timeout};

use super::{Problem, body};

/// What rows come as.
const FORMATS: [(&str, Format); 3] = [
    ("text/csv", Format::Csv),
    ("application/x-ndjson", Format::Ndjson),
    ("application/ndjson", Format::Ndjson),
];

/// `Accept-Post` (Linked Data Platform, section 7.1)
pub const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// What it says.
pub const POSTS: &str = "application/json, text/csv, application/x-ndjson";

/// Returns the form of a body of rows; nothing where it is something else.
///
/// # Errors
/// 415 where it is one that cannot be read: in another character set, or without a line of names.
pub fn format(headers: &HeaderMap) -> Result<Option<Format>, Problem> {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let named = FORMATS.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
    let Some((_, format)) = named else { return Ok(None) };
    let fits = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            let charset = value.trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii")
        }
        Some((name, value)) if name.eq_ignore_ascii_case("header") => {
            !value.trim_matches('"').eq_ignore_ascii_case("absent")
        }
        _ => true,
    };
    if parts.all(fits) {
        return Ok(Some(*format));
    }
    let detail = "send CSV and NDJSON in UTF-8, CSV with a line of names";
    let mut problem =
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail);
    problem.headers.push((ACCEPT, HeaderValue::from_static(POSTS)));
    problem.headers.push((ACCEPT_POST, HeaderValue::from_static(POSTS)));
    Err(problem)
}

/// A body on its way in.
pub struct Pieces {
    body: Incoming,
    bytes_left: u64,
    bytes_max: u64,
    /// Whether the client waits to be told that it may send.
    is_awaited: bool,
    /// How long the body says it is.
    announced: Option<u64>,
    /// How long the next piece may take.
    piece_time: Duration,
    /// How long all of it may take.
    time: Duration,
    until: Instant,
}

impl Pieces {
    /// Bounds a body as an import.
    pub fn new(headers: &HeaderMap, body: Incoming, limits: &LimitsConfig) -> Self {
        Self {
            body,
            is_awaited: headers.contains_key(EXPECT),
            announced: body::announced(headers),
            bytes_left: limits.import_bytes_max,
            bytes_max: limits.import_bytes_max,
            piece_time: limits.body_timeout,
            time: limits.import_timeout,
            until: Instant::now() + limits.import_timeout,
        }
    }

    /// Reads some of what is left, so that the client reads the answer instead of meeting a closed
    /// connection.
    pub async fn discard(mut self) {
        // Whoever asks before sending is told not to; reading would tell it to go on.
        if !self.is_awaited {
            body::discard(&mut self.body).await;
        }
    }

    fn too_large(&self) -> Problem {
        let max = self.bytes_max;
        let detail = format!("an import has at most {max} bytes ([limits] import_bytes_max)");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    fn too_slow(&self) -> Problem {
        let is_over = Instant::now() >= self.until;
        let detail = match is_over {
            true => {
                let seconds = self.time.as_secs_f32();
                format!("an import takes at most {seconds} s ([limits] import_timeout)")
            }
            false => {
                let seconds = self.piece_time.as_secs_f32();
                format!("nothing of the body arrived for {seconds} s ([limits] body_timeout)")
            }
        };
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    }
}

impl Source for Pieces {
    type Piece = Bytes;
    type Error = Problem;

    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        // Before any row is written, and before a client that asks first is told to go on.
        if self.announced.take().is_some_and(|bytes| bytes > self.bytes_max) {
            return Err(self.too_large());
        }
        self.is_awaited = false;
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let frame = timeout(self.piece_time.min(left), self.body.frame()).await;
            let frame = match frame.map_err(|_| self.too_slow())? {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return Err(body::incomplete()),
            };
            // Trailers mean nothing here.
            let Ok(bytes) = frame.into_data() else { continue };
            match self.bytes_left.checked_sub(bytes.len() as u64) {
                Some(left) => self.bytes_left = left,
                None => return Err(self.too_large()),
            }
            return Ok(Some(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_two_forms() {
        let check = |kind: &'static str, expected: Result<Option<Format>, u16>| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            let found = format(&headers).map_err(|problem| problem.status.as_u16());
            assert_eq!(found, expected, "{kind}");
        };
        check("text/csv", Ok(Some(Format::Csv)));
        check("Text/CSV; charset=\"UTF-8\"; header=present", Ok(Some(Format::Csv)));
        check("application/x-ndjson", Ok(Some(Format::Ndjson)));
        check("application/ndjson;charset=utf-8", Ok(Some(Format::Ndjson)));
        check("application/json", Ok(None));
        check("text/csvx", Ok(None));
        check("", Ok(None));
        check("text/csv; charset=latin1", Err(415));
        check("text/csv; header=absent", Err(415));
        assert!(format(&HeaderMap::new()).is_ok_and(|format| format.is_none()));
    }
}
