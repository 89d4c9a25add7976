//! Callers: whose bearer token is believed, and what it says about its holder.
//!
//! A token is a JWT (RFC 7519) signed with one of the configured keys and verified by `ring` (ADR
//! 0004). The key decides the algorithm, never the token. Accounts, which issue tokens, are another
//! feature.

mod base64url;
mod cache;
mod claims;
mod development;
mod error;
mod jwk;
mod key;
mod keyring;
mod spki;
mod token;

use std::sync::Arc;

use expr::Timestamp;

pub use development::DevKey;
pub use error::TokenError;
pub use key::{Key, KeyError};
pub use keyring::Keyring;

use claims::Validity;

/// A verified caller. A clone costs no allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The claims of the token, an object: `user` in rules.
    pub claims: Arc<serde_json::Value>,
    /// Who it is: the claim `sub`.
    pub id: Arc<str>,
    validity: Validity,
}

impl Caller {
    /// Returns when the token stops being valid, but for the leeway between clocks.
    pub fn expires_at(&self) -> Timestamp {
        self.validity.expires_at
    }
}

#[cfg(test)]
mod tests;
