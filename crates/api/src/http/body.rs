//! Request bodies, bounded.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use model::config::LimitsConfig;

use super::Problem;

/// Reads a JSON body.
///
/// # Errors
/// 415 for another content type, 413 where it is too large.
pub async fn read_json(
    headers: &HeaderMap,
    body: Incoming,
    limits: &LimitsConfig,
) -> Result<Bytes, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if kind != "application/json" && !kind.ends_with("+json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send JSON with `Content-Type: application/json`",
        ));
    }
    let max = usize::try_from(limits.body_bytes_max).unwrap_or(usize::MAX);
    match Limited::new(body, max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("a body has at most {max} bytes ([limits] body_bytes_max)"),
        )),
        Err(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "incomplete_body",
            "the body ended before its announced length",
        )),
    }
}
