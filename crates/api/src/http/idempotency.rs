//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

use app::idempotency::Key;
use http::header::HeaderName;
use http::{HeaderMap, StatusCode};

use super::Problem;

/// `Idempotency-Key`
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `Idempotency-Replayed`: the answer was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Reads the key, if there is one: a string in quotes, as the draft has it, or as it is, as most
/// clients send it.
///
/// # Errors
/// When there are several, or one that cannot be a key: guessing could write twice.
pub fn key(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail);
    if values.next().is_some() {
        return Err(wrong("`Idempotency-Key` is sent only once".to_owned()));
    }
    let text = value.to_str().unwrap_or_default().trim();
    let text = match text.strip_prefix('"') {
        Some(rest) => quoted(rest).unwrap_or_default(),
        None => text.to_owned(),
    };
    match Key::new(&text) {
        Ok(key) => Ok(Some(key)),
        Err(error) => Err(wrong(format!("`Idempotency-Key`: {error}"))),
    }
}

/// Reads a string up to its closing quote (RFC 8941, section 4.2.5). Parameters may follow.
fn quoted(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => text.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            other => text.push(other),
        }
    }
    let behind = chars.as_str().trim_start();
    (behind.is_empty() || behind.starts_with(';')).then_some(text)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: Result<Option<&str>, &str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_str(line).expect("a header"));
        }
        let found = key(&headers).map_err(|problem| problem.code);
        let expected = expected.map(|key| key.map(|key| Key::new(key).expect("a key")));
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn keys_come_with_and_without_quotes() {
        check(&[], Ok(None));
        check(&["8e03978e-40d5"], Ok(Some("8e03978e-40d5")));
        check(&["\"8e03978e-40d5\""], Ok(Some("8e03978e-40d5")));
        check(&["\"a\\\"b\\\\c\""], Ok(Some("a\"b\\c")));
        check(&["\"a\";v=1"], Ok(Some("a")));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let refused = Err("invalid_header");
        for line in ["", "\"\"", "a b", "\"a", "\"a\"b", "\"a\\b\"", "\"", &"k".repeat(256)] {
            check(&[line], refused);
        }
        check(&["a", "a"], refused);
    }
}
