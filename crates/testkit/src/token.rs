//! Tokens as a login would give them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value as Json, json};

/// The HS256 secret of every test server.
pub const SECRET: &str = "a secret for tests only, 32+ bytes";

/// Signs claims; without `exp` they are valid for a century.
pub fn token(claims: &Json) -> String {
    let mut claims = claims.clone();
    if let Json::Object(members) = &mut claims {
        members.entry("exp").or_insert(json!(4_900_000_000_u64));
    }
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
