//! What makes two requests the same.

use expr::Caller;
use model::config::AuthConfig;
use plan::idempotency::Identity;
use ring::digest::{Context, SHA256};
use serde_json::Value as Json;

/// The longest key. A UUID has 36 characters; Stripe allows as many.
const KEY_BYTES_MAX: usize = 255;

/// A key that a client made up for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

/// Why a text cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to {KEY_BYTES_MAX} characters, all of them visible ASCII")]
pub struct KeyError;

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// When it is empty, too long, or not visible ASCII.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let fits = !text.is_empty()
            && text.len() <= KEY_BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(KeyError) }
    }
}

/// Identifies a request: the same caller, operation (`POST /api/v1/orders`) and key are one
/// request, which must come with the same content.
///
/// A caller is who the token speaks of, acting for their tenant, whatever else it says: a token that
/// was renewed between two tries is the same caller. Those without a token are one caller, nobody.
pub fn identity(
    auth: &AuthConfig,
    caller: &Caller<'_>,
    operation: &str,
    key: &Key,
    content: &[&[u8]],
) -> Identity {
    let claim = |name: &str| {
        let claims = caller.user.as_ref()?;
        Some(claims.get(name).map_or_else(String::new, Json::to_string))
    };
    let scope = match (claim("iss"), claim("sub"), claim(&auth.tenant_claim)) {
        (Some(issuer), Some(subject), Some(tenant)) => hash(&[
            b"caller",
            issuer.as_bytes(),
            subject.as_bytes(),
            tenant.as_bytes(),
            operation.as_bytes(),
            key.0.as_bytes(),
        ]),
        _ => hash(&[b"nobody", operation.as_bytes(), key.0.as_bytes()]),
    };
    Identity { scope, fingerprint: hash(content) }
}

/// Hashes parts so that no part can run into its neighbour.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expr::Timestamp;
    use serde_json::json;

    use super::*;

    fn caller(user: Option<Json>) -> Caller<'static> {
        Caller { user: user.map(Arc::new), now: Timestamp(0), input: &[], request: None }
    }

    fn scope(user: Option<Json>, operation: &str, key: &str) -> [u8; 32] {
        identity(
            &AuthConfig::default(),
            &caller(user),
            operation,
            &Key::new(key).expect("a key"),
            &[],
        )
        .scope
    }

    #[test]
    fn callers_operations_and_keys_tell_requests_apart() {
        let ann = || Some(json!({ "sub": "ann", "iss": "a" }));
        let one = scope(ann(), "POST /a", "k");
        assert_eq!(one, scope(Some(json!({ "iss": "a", "sub": "ann", "exp": 1 })), "POST /a", "k"));
        for other in [
            scope(Some(json!({ "sub": "bob", "iss": "a" })), "POST /a", "k"),
            scope(Some(json!({ "sub": "ann", "iss": "b" })), "POST /a", "k"),
            scope(Some(json!({ "sub": "ann" })), "POST /a", "k"),
            scope(Some(json!({ "sub": "ann", "iss": "a", "org": "o" })), "POST /a", "k"),
            scope(None, "POST /a", "k"),
            scope(ann(), "POST /b", "k"),
            scope(ann(), "PATCH /a", "k"),
            scope(ann(), "POST /a", "K"),
            scope(ann(), "POST /ak", "k"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn content_is_hashed_part_by_part() {
        let of = |content: &[&[u8]]| {
            let key = Key::new("k").expect("a key");
            identity(&AuthConfig::default(), &caller(None), "POST /", &key, content).fingerprint
        };
        assert_eq!(of(&[b"ab", b"c"]), of(&[b"ab", b"c"]));
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_ne!(of(&[b""]), of(&[]));
    }

    #[test]
    fn keys_are_visible_and_bounded() {
        for good in ["k", "8e03978e-40d5-43e8-bc93-6894a57f9324", &"k".repeat(255)] {
            assert!(Key::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\tb", "ä", "a\0", &"k".repeat(256)] {
            assert!(Key::new(bad).is_err(), "{bad:?}");
        }
    }
}
