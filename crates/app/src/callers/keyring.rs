//! Verifies tokens against a set of keys.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use expr::Timestamp;
use model::config::Algorithm;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustc_hash::FxBuildHasher;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::Caller;
use super::key::Key;

/// Longer tokens do not fit into what proxies let through as headers.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Verified tokens kept. Checking a signature costs more than reading a row.
const VERIFIED_MAX: usize = 10_000;

/// Why a token is refused. Nothing in it is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than 8 KiB.
    #[error("the token is too long")]
    TooLong,
    /// It is no JWT.
    #[error("the token is malformed")]
    Malformed,
    /// No key verifies it.
    #[error("the token is signed by no known key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    WrongSignature,
    /// `exp` has passed, or there is none.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iss` is another.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// `aud` does not name this application.
    #[error("the token is for another audience")]
    WrongAudience,
    /// There is no `sub`.
    #[error("the token has no subject")]
    NoSubject,
}

type Verified = Cache<Box<str>, Caller, UnitWeighter, FxBuildHasher>;

/// The keys of an application, and what its tokens must say.
pub struct Keyring {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway_s: i64,
    verified: Verified,
}

impl Keyring {
    /// Collects keys. Where an issuer or audience is given, tokens must name it.
    pub fn new(
        keys: Vec<Key>,
        issuer: Option<String>,
        audience: Option<String>,
        leeway: Duration,
    ) -> Self {
        let verified = Cache::with(
            VERIFIED_MAX,
            VERIFIED_MAX as u64,
            UnitWeighter,
            FxBuildHasher,
            DefaultLifecycle::default(),
        );
        let leeway_s = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
        Self { keys, issuer, audience, leeway_s, verified }
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// The first reason for which it is refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        let now_s = now.0.div_euclid(1_000_000);
        if let Some(caller) = self.verified.get(token) {
            self.check_time(&caller, now_s)?;
            return Ok(caller);
        }
        let caller = self.verify_anew(token)?;
        self.check_time(&caller, now_s)?;
        self.verified.insert(token.into(), caller.clone());
        Ok(caller)
    }

    fn check_time(&self, caller: &Caller, now_s: i64) -> Result<(), TokenError> {
        if now_s >= caller.expires.saturating_add(self.leeway_s) {
            return Err(TokenError::Expired);
        }
        if now_s < caller.not_before.saturating_sub(self.leeway_s) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }

    fn verify_anew(&self, token: &str) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let header = object(header)?;
        let key = self.key(&header)?;
        if !key.verifies(message.as_bytes(), &decode(signature)?) {
            return Err(TokenError::WrongSignature);
        }
        let claims = object(payload)?;
        self.caller(claims)
    }

    /// Finds the key the header means. The algorithm is the key's; the header may only agree.
    fn key(&self, header: &Map<String, Json>) -> Result<&Key, TokenError> {
        // Extensions that must be understood are not (RFC 7515 section 4.1.11).
        if header.contains_key("crit") {
            return Err(TokenError::Malformed);
        }
        let algorithm = header
            .get("alg")
            .and_then(Json::as_str)
            .and_then(Algorithm::named)
            .ok_or(TokenError::UnknownKey)?;
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        match header.get("kid") {
            Some(kid) => {
                let kid = kid.as_str().ok_or(TokenError::Malformed)?;
                fitting.find(|key| key.kid.as_deref() == Some(kid)).ok_or(TokenError::UnknownKey)
            }
            // Without a name only the one key of the algorithm can be meant.
            None => match (fitting.next(), fitting.next()) {
                (Some(key), None) => Ok(key),
                _ => Err(TokenError::UnknownKey),
            },
        }
    }

    fn caller(&self, claims: Map<String, Json>) -> Result<Caller, TokenError> {
        let expires = seconds(&claims, "exp")?.ok_or(TokenError::Expired)?;
        let not_before = seconds(&claims, "nbf")?.unwrap_or(i64::MIN);
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Json::as_str) != Some(issuer)
        {
            return Err(TokenError::WrongIssuer);
        }
        if let Some(audience) = &self.audience {
            let named = match claims.get("aud") {
                Some(Json::String(one)) => one == audience,
                Some(Json::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
                _ => false,
            };
            if !named {
                return Err(TokenError::WrongAudience);
            }
        }
        if !claims.get("sub").is_some_and(|sub| sub.as_str().is_some_and(|sub| !sub.is_empty())) {
            return Err(TokenError::NoSubject);
        }
        Ok(Caller { claims: Arc::new(Json::Object(claims)), not_before, expires })
    }
}

/// Reads a NumericDate.
fn seconds(claims: &Map<String, Json>, name: &str) -> Result<Option<i64>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Number(number)) => match number.as_i64() {
            Some(seconds) => Ok(Some(seconds)),
            None => {
                number.as_f64().map(|seconds| Some(seconds as i64)).ok_or(TokenError::Malformed)
            }
        },
        Some(_) => Err(TokenError::Malformed),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Json>, TokenError> {
    let Distinct(members) =
        serde_json::from_slice(&decode(part)?).map_err(|_| TokenError::Malformed)?;
    Ok(members)
}

/// An object without duplicate members, of which different readers might take different ones.
struct Distinct(Map<String, Json>);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Distinct;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut seen = HashSet::new();
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom("a repeated claim"));
            }
            members.insert(name, value);
        }
        Ok(Distinct(members))
    }
}
