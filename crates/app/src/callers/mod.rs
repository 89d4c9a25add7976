//! Callers: who sends a request, proven by a signed token.
//!
//! Access tokens are JWTs (RFC 7519) verified by `ring` (ADR 0004). A key has one algorithm, so a
//! token cannot choose how it is checked.

mod development;
mod jwk;
mod key;
mod keyring;
mod spki;

use std::sync::Arc;

pub use development::DevKey;
pub use key::{Key, KeyError};
pub use keyring::{Keyring, TokenError};

/// A verified caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's claims.
    pub claims: Arc<serde_json::Value>,
    /// From when on it is valid, in seconds since 1970.
    not_before: i64,
    /// Until when it is valid, in seconds since 1970.
    expires: i64,
}
