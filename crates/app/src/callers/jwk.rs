//! Keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037).

use serde_json::{Map, Value};

use super::base64url;
use super::key::{KEYS_MAX, Key, KeyError};
use super::spki::PublicKeyInfo;
use crate::strict_json;

/// Reads a JWK set.
pub(super) fn read_set(text: &str) -> Result<Vec<Key>, KeyError> {
    let set = strict_json::parse_object(text.as_bytes());
    let Some(Value::Array(jwks)) = set.ok().and_then(|mut set| set.remove("keys")) else {
        return Err(KeyError::NotJwks);
    };
    if jwks.len() > KEYS_MAX {
        return Err(KeyError::TooMany);
    }
    let mut keys = Vec::new();
    for jwk in &jwks {
        keys.extend(read(jwk.as_object().ok_or(KeyError::NotJwks)?)?);
    }
    Ok(keys)
}

/// Reads a public key; nothing where it is not for signatures of a supported algorithm, which a
/// set may well hold.
fn read(jwk: &Map<String, Value>) -> Result<Option<Key>, KeyError> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if jwk.contains_key("d") || text("kty") == Some("oct") {
        return Err(KeyError::Private);
    }
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return Ok(None);
    }
    if let Some(Value::Array(operations)) = jwk.get("key_ops")
        && !operations.iter().any(|operation| operation == "verify")
    {
        return Ok(None);
    }
    let fits = |name: &str| text("alg").is_none_or(|alg| alg == name);
    let info = match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) if fits("EdDSA") => {
            PublicKeyInfo::Ed25519(exactly(jwk, "x", 32)?)
        }
        (Some("EC"), Some("P-256")) if fits("ES256") => {
            PublicKeyInfo::P256([vec![4], exactly(jwk, "x", 32)?, exactly(jwk, "y", 32)?].concat())
        }
        // RS384, PS256 and others share the key type.
        (Some("RSA"), _) if fits("RS256") => {
            PublicKeyInfo::Rsa { n: bytes(jwk, "n")?, e: bytes(jwk, "e")? }
        }
        _ => return Ok(None),
    };
    Key::from_info(text("kid").map(str::to_owned), info).map(Some)
}

/// Reads a member in base64url.
pub(super) fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    jwk.get(name).and_then(Value::as_str).and_then(base64url::decode).ok_or(KeyError::Member(name))
}

fn exactly(
    jwk: &Map<String, Value>,
    name: &'static str,
    length: usize,
) -> Result<Vec<u8>, KeyError> {
    bytes(jwk, name).and_then(|bytes| {
        if bytes.len() == length { Ok(bytes) } else { Err(KeyError::Member(name)) }
    })
}
