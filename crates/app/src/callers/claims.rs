//! What a token says: about its holder, and about where and when it may be used.

use expr::Timestamp;
use serde_json::{Map, Value};

use super::error::TokenError;

/// Seconds after the year 9999 cannot be written as a `DateTime`.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// The times between which a token is valid.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) expires_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
}

impl Validity {
    /// Reads `exp`, which must be there, and `nbf`.
    pub(super) fn of(claims: &Map<String, Value>) -> Result<Self, TokenError> {
        let expires_at = claims.get("exp").ok_or(TokenError::NoExpiry)?;
        Ok(Self {
            expires_at: time(expires_at).ok_or(TokenError::NoExpiry)?,
            not_before: match claims.get("nbf") {
                None => None,
                Some(nbf) => Some(time(nbf).ok_or(TokenError::Time)?),
            },
        })
    }

    /// Holds the times against the clock.
    #[inline]
    pub(super) fn check(self, now: Timestamp, leeway_micros: i64) -> Result<(), TokenError> {
        if now.0 >= self.expires_at.0.saturating_add(leeway_micros) {
            return Err(TokenError::Expired);
        }
        match self.not_before {
            Some(from) if now.0 < from.0.saturating_sub(leeway_micros) => Err(TokenError::NotYet),
            _ => Ok(()),
        }
    }
}

/// Checks `iss` where one is expected.
pub(super) fn check_issuer(
    claims: &Map<String, Value>,
    expected: Option<&str>,
) -> Result<(), TokenError> {
    match expected {
        Some(_) if claims.get("iss").and_then(Value::as_str) != expected => Err(TokenError::Issuer),
        _ => Ok(()),
    }
}

/// Checks `aud`, a text or a list of them, where one is expected.
pub(super) fn check_audience(
    claims: &Map<String, Value>,
    expected: Option<&str>,
) -> Result<(), TokenError> {
    let Some(expected) = expected else { return Ok(()) };
    let meant = match claims.get("aud") {
        Some(Value::String(one)) => one == expected,
        // A list with anything else than texts is not one of RFC 7519.
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.iter().any(|one| one == expected)
        }
        _ => false,
    };
    if meant { Ok(()) } else { Err(TokenError::Audience) }
}

/// Returns `sub`, which must be there.
pub(super) fn subject(claims: &Map<String, Value>) -> Result<&str, TokenError> {
    match claims.get("sub").and_then(Value::as_str) {
        Some(subject) if !subject.is_empty() => Ok(subject),
        _ => Err(TokenError::NoSubject),
    }
}

/// Reads a NumericDate (RFC 7519, section 2): seconds, perhaps with a fraction.
fn time(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_f64()?;
    if !(-SECONDS_MAX..=SECONDS_MAX).contains(&seconds) {
        return None;
    }
    match value.as_i64() {
        Some(seconds) => Some(Timestamp(seconds * 1_000_000)),
        // In bounds, so that the product is far from the limits of i64.
        None => Some(Timestamp((seconds * 1e6) as i64)),
    }
}
