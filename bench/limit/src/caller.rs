//! Who calls: verifies the bearer token of each request.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Failure, State};

/// The size of the buffer that a token's parts are decoded into.
const PART_BYTES_MAX: usize = 1024;

/// Verifies HS256 tokens.
pub(crate) struct Verifier {
    key: hmac::Key,
}

/// The caller of a request.
pub(crate) struct Caller {
    /// The token's subject.
    pub(crate) id: Uuid,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    exp: i64,
    #[serde(default)]
    nbf: i64,
}

impl Verifier {
    /// Takes the secret.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// Returns the caller that a token speaks for.
    fn verify(&self, token: &str) -> Option<Caller> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let mut buffer = [0; PART_BYTES_MAX];
        let header: Header<'_> = serde_json::from_slice(decode(header, &mut buffer)?).ok()?;
        if header.alg != "HS256" {
            return None;
        }
        let signature = decode(signature, &mut buffer)?;
        hmac::verify(&self.key, signed.as_bytes(), signature).ok()?;
        let claims: Claims = serde_json::from_slice(decode(claims, &mut buffer)?).ok()?;
        let now = now_micros() / 1_000_000;
        (claims.nbf <= now && now < claims.exp).then_some(Caller { id: claims.sub })
    }
}

fn decode<'b>(part: &str, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let length = URL_SAFE_NO_PAD.decode_slice(part, buffer).ok()?;
    Some(&buffer[..length])
}

/// Returns the time in microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the limit has no clock to inject")]
pub(crate) fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl FromRequestParts<State> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|token| state.tokens.verify(token))
            .ok_or(Failure::Unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str, secret: &[u8]) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn accepted(header: &str, claims: &str, secret: &[u8]) -> bool {
        Verifier::new(b"right").verify(&token(header, claims, secret)).is_some()
    }

    #[test]
    fn only_a_current_token_of_the_key_and_algorithm_is_accepted() {
        let hs256 = r#"{"alg":"HS256","typ":"JWT"}"#;
        let claims = r#"{"sub":"01890000-0000-7000-8000-000000000001","exp":99999999999}"#;
        let expired = r#"{"sub":"01890000-0000-7000-8000-000000000001","exp":1}"#;
        assert!(accepted(hs256, claims, b"right"));
        assert!(!accepted(hs256, claims, b"wrong"));
        assert!(!accepted(hs256, expired, b"right"));
        assert!(!accepted(r#"{"alg":"none"}"#, claims, b"right"));
        assert!(Verifier::new(b"right").verify("x").is_none());
    }
}
