//! Compresses answers for clients that accept it.

use std::io::Write;

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use super::Response;
use super::answer_body::AnswerBody;
use super::compress_stream::Packed;
use super::encoding::Coding;
use super::etag;

/// Smaller answers fit into one packet anyway.
const BYTES_MIN: usize = 1024;
/// Larger answers take milliseconds, so that they are compressed off the async workers.
const IN_PLACE_BYTES_MAX: usize = 64 * 1024;
/// Speed counts for answers made once.
const GZIP_LEVEL: u32 = 5;
const BROTLI_QUALITY: i32 = 4;
/// The window is as large as the answer, within these: memory and its clearing cost time.
const BROTLI_WINDOW_BITS: std::ops::RangeInclusive<u32> = 10..=22;

const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Compresses an answer's body if that is worth it, and says what the answer depends on.
pub(super) async fn compress(
    mut response: Response,
    coding: Option<Coding>,
    request: &Condition,
) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        not_modified(&mut response, coding, request);
        return response;
    }
    // What has no length yet is long.
    let length = response.body().length().map_or(usize::MAX, |length| length as usize);
    if length < BYTES_MIN || !is_compressible(response.headers()) {
        return response;
    }
    response.headers_mut().append(VARY, ACCEPT_ENCODING);
    let Some(coding) = coding else { return response };
    let (mut parts, body) = response.into_parts();
    let plain = match body {
        AnswerBody::Whole(body) => whole(body).await,
        AnswerBody::Stream(stream) => {
            parts.headers.insert(CONTENT_ENCODING, coding.header());
            mark_tag(&mut parts.headers, coding);
            let packed = Packed::new(stream, coding, GZIP_LEVEL, BROTLI_QUALITY);
            return Response::from_parts(parts, AnswerBody::Stream(Box::pin(packed)));
        }
    };
    let packed = if length > IN_PLACE_BYTES_MAX {
        let plain = plain.clone();
        // The request waits for it, so that shutdown does too.
        tokio::task::spawn_blocking(move || encode(coding, &plain)).await.ok().flatten()
    } else {
        encode(coding, &plain)
    };
    // Noise does not shrink; then the client is better off with the original.
    let Some(packed) = packed.filter(|packed| packed.len() < plain.len()) else {
        return Response::from_parts(parts, plain.into());
    };
    parts.headers.insert(CONTENT_ENCODING, coding.header());
    mark_tag(&mut parts.headers, coding);
    Response::from_parts(parts, Bytes::from(packed).into())
}

/// What a 304 has to know about its request: which representation the client holds.
#[derive(Debug, Default)]
pub(super) struct Condition {
    tags: HeaderMap,
}

impl Condition {
    /// Keeps `If-None-Match`, which is rare.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut tags = HeaderMap::new();
        for value in headers.get_all(http::header::IF_NONE_MATCH) {
            tags.append(http::header::IF_NONE_MATCH, value.clone());
        }
        Self { tags }
    }
}

/// A 304 repeats the tag of the representation that the client holds, compressed or not, or caches
/// would not find what to freshen (RFC 9111, section 4.3.4).
fn not_modified(response: &mut Response, coding: Option<Coding>, request: &Condition) {
    let headers = response.headers_mut();
    headers.append(VARY, ACCEPT_ENCODING);
    let Some(coding) = coding else { return };
    let opaque = headers
        .get(ETAG)
        .and_then(|tag| tag.to_str().ok())
        .and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    if opaque.is_some_and(|opaque| etag::names_exactly(&request.tags, opaque, coding)) {
        mark_tag(headers, coding);
    }
}

/// A compressed answer is another representation: its strong tag differs.
fn mark_tag(headers: &mut HeaderMap, coding: Coding) {
    let marked = headers.get(ETAG).and_then(|tag| {
        let opaque = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
        HeaderValue::from_str(&format!("\"{opaque}{}\"", coding.tag_suffix())).ok()
    });
    if let Some(tag) = marked {
        headers.insert(ETAG, tag);
    }
}

fn is_compressible(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if headers.contains_key(CONTENT_ENCODING)
        || text(CACHE_CONTROL).is_some_and(|value| value.contains("no-transform"))
    {
        return false;
    }
    let Some(kind) = text(CONTENT_TYPE) else { return false };
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim_end();
    // Events have to leave one by one.
    (kind.starts_with("text/") && kind != "text/event-stream")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json"
                | "application/x-ndjson"
                | "application/javascript"
                | "application/xml"
                | "application/wasm"
                | "image/svg+xml"
        )
}

/// A whole body is there at once.
async fn whole(body: http_body_util::Full<Bytes>) -> Bytes {
    match http_body_util::BodyExt::collect(body).await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    }
}

/// Compresses; nothing where that fails, which memory cannot.
fn encode(coding: Coding, plain: &[u8]) -> Option<Vec<u8>> {
    // JSON shrinks to a third or less.
    let mut packed = Vec::with_capacity(plain.len() / 3);
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(packed, Compression::new(GZIP_LEVEL));
            encoder.write_all(plain).ok()?;
            packed = encoder.finish().ok()?;
        }
        Coding::Brotli => {
            let bits = plain.len().next_power_of_two().trailing_zeros();
            let window = bits.clamp(*BROTLI_WINDOW_BITS.start(), *BROTLI_WINDOW_BITS.end());
            let parameters = BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: window as i32,
                size_hint: plain.len(),
                ..BrotliEncoderParams::default()
            };
            brotli::BrotliCompress(&mut &plain[..], &mut packed, &parameters).ok()?;
        }
    }
    Some(packed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    async fn bytes(body: AnswerBody) -> Bytes {
        http_body_util::BodyExt::collect(body).await.expect("a body").to_bytes()
    }

    fn json(length: usize) -> Response {
        let mut body = String::from("[");
        let mut number = 0_u64;
        while body.len() < length - 1 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            body.push_str(&format!("{{\"id\":{number},\"name\":\"a name\"}},"));
        }
        body.truncate(length - 1);
        body.push(']');
        answer("application/json", body.into_bytes())
    }

    fn answer(kind: &'static str, body: Vec<u8>) -> Response {
        let mut response = Response::new(Bytes::from(body).into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(ETAG, HeaderValue::from_static("\"abc\""));
        response
    }

    async fn run(response: Response, coding: Option<Coding>) -> (Option<String>, HeaderMap, Bytes) {
        let (parts, body) = compress(response, coding, &Condition::default()).await.into_parts();
        let name = parts.headers.get(CONTENT_ENCODING);
        let name = name.map(|name| name.to_str().expect("ASCII").to_owned());
        (name, parts.headers, bytes(body).await)
    }

    fn unpack(coding: Coding, packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain),
            Coding::Brotli => brotli::Decompressor::new(packed, 4096).read_to_end(&mut plain),
        }
        .expect("what was packed can be unpacked");
        plain
    }

    #[tokio::test]
    async fn large_and_small_answers_unpack_to_themselves() {
        for coding in Coding::ALL {
            for length in [BYTES_MIN, 5000, IN_PLACE_BYTES_MAX, IN_PLACE_BYTES_MAX + 1, 400_000] {
                let plain = bytes(json(length).into_body()).await;
                assert_eq!(plain.len(), length);
                let (name, headers, packed) = run(json(length), Some(coding)).await;
                assert_eq!(name.as_deref(), Some(coding.name()));
                assert!(packed.len() < plain.len() / 2);
                assert_eq!(unpack(coding, &packed), plain);
                assert_eq!(headers[ETAG], format!("\"abc{}\"", coding.tag_suffix()));
                assert_eq!(headers[VARY], "accept-encoding");
            }
        }
    }

    #[tokio::test]
    async fn small_and_packed_answers_are_left_alone() {
        let check = async |response: Response, vary: bool| {
            let (parts, body) = response.into_parts();
            let before = bytes(body).await;
            let response = Response::from_parts(parts, before.clone().into());
            let (name, headers, after) = run(response, Some(Coding::Gzip)).await;
            assert_eq!((name, after), (None, before));
            assert_eq!(headers[ETAG], "\"abc\"");
            assert_eq!(headers.contains_key(VARY), vary);
        };
        check(json(BYTES_MIN - 1), false).await;
        check(answer("image/png", vec![b'a'; 5000]), false).await;
        check(answer("text/event-stream", vec![b'a'; 5000]), false).await;
        let mut done = json(5000);
        done.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-transform"));
        check(done, false).await;
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(5000)
        .collect();
        check(answer("text/plain", noise), true).await;

        let (name, headers, _) = run(json(5000), None).await;
        assert_eq!((name, headers[VARY].as_bytes()), (None, &b"accept-encoding"[..]));
    }

    #[tokio::test]
    async fn kinds_with_parameters_are_known_and_weak_tags_kept() {
        for kind in ["text/html; charset=utf-8", "application/problem+json", "image/svg+xml"] {
            let mut response = answer(kind, vec![b'a'; 5000]);
            response.headers_mut().insert(ETAG, HeaderValue::from_static("W/\"abc\""));
            let (name, headers, _) = run(response, Some(Coding::Gzip)).await;
            assert_eq!(name.as_deref(), Some("gzip"), "{kind}");
            assert_eq!(headers[ETAG], "W/\"abc\"");
        }
    }

    #[tokio::test]
    async fn unchanged_answers_repeat_the_tag_the_client_holds() {
        let check = async |sent: &'static str, coding: Option<Coding>, expected: &str| {
            let mut request = HeaderMap::new();
            request.insert(http::header::IF_NONE_MATCH, HeaderValue::from_static(sent));
            let mut response = answer("application/json", Vec::new());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            let answer = compress(response, coding, &Condition::of(&request)).await;
            assert_eq!(answer.headers()[ETAG], expected, "{sent} {coding:?}");
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        };
        check("\"abc-br\"", Some(Coding::Brotli), "\"abc-br\"").await;
        check("\"x\", \"abc-br\"", Some(Coding::Brotli), "\"abc-br\"").await;
        check("\"abc\"", Some(Coding::Brotli), "\"abc\"").await;
        check("\"abc-br\"", Some(Coding::Gzip), "\"abc\"").await;
        check("\"abc-br\"", None, "\"abc\"").await;
        check("*", Some(Coding::Gzip), "\"abc\"").await;
    }

    /// Pieces, and behind them the end or a break.
    struct Pieces(Vec<&'static [u8]>, bool);

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = super::super::answer_body::Broken;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(match self.0.pop() {
                Some(piece) => Some(Ok(hyper::body::Frame::data(Bytes::from_static(piece)))),
                None if std::mem::take(&mut self.1) => Some(Err(super::super::answer_body::Broken)),
                None => None,
            })
        }
    }

    #[tokio::test]
    async fn streams_are_compressed_as_they_come() {
        let noise: &'static [u8] = b"0123456789,abcdefgh\r\n";
        for coding in Coding::ALL {
            let pieces = |breaks| {
                let body = AnswerBody::Stream(Box::pin(Pieces(vec![noise; 5000], breaks)));
                let mut response = Response::new(body);
                let kind = HeaderValue::from_static("text/csv; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            };
            let (name, headers, packed) = run(pieces(false), Some(coding)).await;
            assert_eq!(name.as_deref(), Some(coding.name()));
            assert_eq!(headers[VARY], "accept-encoding");
            assert!(packed.len() < 5000);
            assert_eq!(unpack(coding, &packed), noise.repeat(5000));

            let broken = compress(pieces(true), Some(coding), &Condition::default()).await;
            assert!(http_body_util::BodyExt::collect(broken.into_body()).await.is_err());
        }
    }
}
