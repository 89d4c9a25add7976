//! Keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

use super::key::{Key, KeyError};

/// Reads a JWK set.
pub(super) fn read_set(text: &str) -> Result<Vec<Key>, KeyError> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| KeyError::NotJwks(error.to_string()))?;
    let keys = json["keys"]
        .as_array()
        .ok_or_else(|| KeyError::NotJwks("there is no list `keys`".to_owned()))?;
    let read: Result<Vec<Option<Key>>, KeyError> = keys.iter().map(read).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// Reads one key; nothing where it is not for signatures that are understood here.
pub(super) fn read(jwk: &Json) -> Result<Option<Key>, KeyError> {
    if jwk["use"].as_str().is_some_and(|usage| usage != "sig") {
        return Ok(None);
    }
    let kid = jwk["kid"].as_str();
    let algorithm = jwk["alg"].as_str();
    let fits = |name: &str| algorithm.is_none_or(|found| found == name);
    let key = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("OKP"), Some("Ed25519")) if fits("EdDSA") => Key::ed25519(kid, &bytes(jwk, "x")?)?,
        (Some("EC"), Some("P-256")) if fits("ES256") => {
            let point = [vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat();
            Key::p256(kid, point)?
        }
        (Some("RSA"), _) if fits("RS256") => Key::rsa(kid, bytes(jwk, "n")?, bytes(jwk, "e")?)?,
        // A shared secret does not belong into a published set, and is taken from no file.
        _ => return Ok(None),
    };
    Ok(Some(key))
}

fn bytes(jwk: &Json, member: &str) -> Result<Vec<u8>, KeyError> {
    jwk[member]
        .as_str()
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or_else(|| KeyError::NotJwks(format!("a key has no `{member}` in base64url")))
}
