//! The three parts of a token (RFC 7515, section 3.1), before any of it is believed.

use model::config::Algorithm;

use super::base64url;
use super::error::TokenError;
use crate::strict_json::{self, StrictJsonError};

/// Longer tokens are refused unread; proxies refuse headers of this size.
pub(super) const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// A token taken apart.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// What the signature is about: header and claims as they came.
    pub(super) signed: &'t str,
    pub(super) claims: &'t str,
    pub(super) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart and reads its header.
    pub(super) fn parse(text: &'t str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed);
        };
        let (algorithm, kid) = read_header(header)?;
        Ok(Self {
            algorithm,
            kid,
            signed: &text[..header.len() + 1 + claims.len()],
            claims,
            signature: base64url::decode(signature).ok_or(TokenError::Malformed)?,
        })
    }
}

fn read_header(text: &str) -> Result<(Algorithm, Option<String>), TokenError> {
    let bytes = base64url::decode(text).ok_or(TokenError::Malformed)?;
    let header = strict_json::parse_object(&bytes).map_err(TokenError::from)?;
    // No extension is supported, so that whatever is critical is not understood.
    if header.contains_key("crit") {
        return Err(TokenError::Critical);
    }
    match header.get("typ") {
        None => {}
        Some(typ) if typ.as_str().is_some_and(is_access_token) => {}
        Some(_) => return Err(TokenError::WrongType),
    }
    let algorithm = header.get("alg").and_then(|alg| alg.as_str()).and_then(Algorithm::named);
    let kid = match header.get("kid") {
        None => None,
        Some(serde_json::Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err(TokenError::Malformed),
    };
    Ok((algorithm.ok_or(TokenError::Algorithm)?, kid))
}

/// Tokens made for another purpose by the same issuer are refused (RFC 8725, section 3.11).
fn is_access_token(typ: &str) -> bool {
    let typ = match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt")
}

impl From<StrictJsonError> for TokenError {
    fn from(error: StrictJsonError) -> Self {
        match error {
            StrictJsonError::Repeated => Self::Repeated,
            StrictJsonError::Syntax | StrictJsonError::NotAnObject => Self::Malformed,
        }
    }
}
