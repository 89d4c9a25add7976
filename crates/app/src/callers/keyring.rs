//! The keys that are believed, and from the text of a token to its holder.

use std::sync::Arc;
use std::time::Duration;

use expr::Timestamp;
use model::config::Algorithm;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use super::cache::TokenCache;
use super::claims::{self, Validity};
use super::error::TokenError;
use super::key::{KEYS_MAX, Key, KeyError};
use super::token::Token;
use super::{Caller, base64url};
use crate::strict_json;

/// The keys that are believed, what else a token has to say, and the tokens verified so far. It is
/// replaced as a whole when keys change, so that no token outlives its key.
pub struct Keyring {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway_micros: i64,
    verified: TokenCache,
}

impl Keyring {
    /// Collects keys. Where an issuer or an audience is given, tokens must name it; `leeway` is how
    /// far the clocks of issuer and server may differ.
    ///
    /// # Errors
    /// When two keys have one name, or there are too many.
    pub fn new(
        keys: Vec<Key>,
        issuer: Option<String>,
        audience: Option<String>,
        leeway: Duration,
    ) -> Result<Self, KeyError> {
        if keys.len() > KEYS_MAX {
            return Err(KeyError::TooMany);
        }
        for (index, key) in keys.iter().enumerate() {
            if let Some(kid) = key.kid()
                && keys[..index].iter().any(|other| other.kid() == Some(kid))
            {
                return Err(KeyError::Repeated(kid.to_owned()));
            }
        }
        let mut seed = [0; 8];
        SystemRandom::new().fill(&mut seed).map_err(|_| KeyError::Randomness)?;
        let leeway_micros = i64::try_from(leeway.as_micros()).unwrap_or(i64::MAX);
        let verified = TokenCache::new(u64::from_ne_bytes(seed));
        Ok(Self { keys, issuer, audience, leeway_micros, verified })
    }

    /// Verifies a token, the text behind `Bearer `.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        if let Some(caller) = self.verified.get(token) {
            caller.validity.check(now, self.leeway_micros)?;
            return Ok(caller);
        }
        let caller = self.verify_anew(token)?;
        caller.validity.check(now, self.leeway_micros)?;
        self.verified.insert(token, caller.clone());
        Ok(caller)
    }

    /// Checks everything but the time. Claims are looked at only once the signature is right.
    fn verify_anew(&self, text: &str) -> Result<Caller, TokenError> {
        let token = Token::parse(text)?;
        let key = self.key(token.kid.as_deref(), token.algorithm)?;
        key.verify(token.signed.as_bytes(), &token.signature)?;
        let claims = base64url::decode(token.claims).ok_or(TokenError::Malformed)?;
        let claims = strict_json::parse_object(&claims)?;
        let validity = Validity::of(&claims)?;
        claims::check_issuer(&claims, self.issuer.as_deref())?;
        claims::check_audience(&claims, self.audience.as_deref())?;
        let id = claims::subject(&claims)?.into();
        Ok(Caller { claims: Arc::new(Value::Object(claims)), id, validity })
    }

    /// Finds the key that a token means: the one it names, or, when it names none, the only one of
    /// its algorithm. The token can only agree with the key's algorithm, never choose.
    fn key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, TokenError> {
        if let Some(kid) = kid {
            let named = self.keys.iter().find(|key| key.kid() == Some(kid));
            return match named {
                None => Err(TokenError::UnknownKey),
                Some(key) if key.algorithm() != algorithm => Err(TokenError::AlgorithmOfKey),
                Some(key) => Ok(key),
            };
        }
        let mut fitting = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(TokenError::UnknownKey),
        }
    }

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.verified.len()
    }
}

/// Shows how many keys there are, and none of them.
impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys).finish_non_exhaustive()
    }
}
